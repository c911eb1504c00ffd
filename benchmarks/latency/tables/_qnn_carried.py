"""Chips whose HTP nobody measured, by the measured chip they are like: the same silicon, or the same generation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from edgeplan.cost.speeds import ChipSpeed

__all__ = ["CARRIED", "Carried", "carried"]


@dataclass(frozen=True, slots=True)
class Carried:
    """The chip stood for by, to what power its spread is raised, why; `integers` where the chip computes no float16."""

    like: str
    widen: float
    why: str
    source: Mapping[str, str]
    faster: float = 1.0
    integers: bool = False


def _same(like: str, row: str) -> Carried:
    return Carried(like, 1.0, "Qualcomm AI Hub has the same figures for both", {"aihub-latency": row})


def _silicon(like: str, widen: float, soc: str, integers: bool = False) -> Carried:
    return Carried(
        like, widen, f"the same {soc} to the compiler", {"aihub-chipsets": f"{soc} in both rows"}, 1.0, integers
    )


def _generation(like: str, widen: float, why: str, rows: str, faster: float = 1.0, integers: bool = True) -> Carried:
    return Carried(like, widen, why, {"aihub-chipsets": rows}, faster, integers)


CARRIED: Mapping[str, Carried] = {
    "snapdragon-xr2-gen-2": _same(
        "snapdragon-8-gen-1", "Snapdragon XR2 Gen 2 and Galaxy S22, equal to the microsecond"
    ),
    "dragonwing-q-7790": _same("snapdragon-7-gen-4", "Dragonwing Q-7790 and Snapdragon 7 Gen 4 QRD"),
    "dragonwing-iq-x7181": _same("snapdragon-x-elite", "Dragonwing IQ-X7181 and Snapdragon X Elite CRD"),
    "dragonwing-q-8750": _same("snapdragon-8-elite-for-galaxy", "Dragonwing Q-8750 and Galaxy S25"),
    "sa8650p": _same("sa8255p", "SA8650P ADP and SA8255P ADP"),
    "dragonwing-iq-x5121": _silicon("snapdragon-x-elite", 1.3, "soc_model 60"),
    "snapdragon-x-plus-8-core": _silicon("snapdragon-x-elite", 1.3, "soc_model 60"),
    "snapdragon-8-gen-2": _silicon("dragonwing-qcs8550", 1.1, "soc_model 43"),
    "snapdragon-8-elite": _silicon("snapdragon-8-elite-for-galaxy", 1.1, "soc_model 69"),
    "snapdragon-8-elite-gen-5": _silicon("snapdragon-8-elite-gen-5-for-galaxy", 1.1, "soc_model 87"),
    "snapdragon-8-plus-gen-1": _generation(
        "snapdragon-8-gen-1",
        1.4,
        "taken as a Snapdragon 8 Gen 1 at a higher clock",
        "v69, 8 MB of VTCM in both",
        1.1,
        False,
    ),
    "snapdragon-8-gen-5": _generation(
        "snapdragon-8-elite-gen-5-for-galaxy", 1.8, "the same generation with 8 MB of VTCM", "v81", 0.85, False
    ),
    "snapdragon-778g": _generation(
        "dragonwing-qcs6490", 1.3, "QCS6490 is its form for boards", "v68, 2 MB of VTCM in both"
    ),
    "snapdragon-888": _generation(
        "dragonwing-qcs6490", 2.2, "the same generation with twice the VTCM, taken as twice as fast", "v68", 2.0
    ),
    "snapdragon-8cx-gen-3": _generation("sa8295p", 2.0, "the same generation, half the VTCM", "v68", 0.9),
    "snapdragon-7-plus-gen-2": _generation(
        "snapdragon-8-gen-1", 2.0, "the same generation, half the VTCM", "v69", 0.75
    ),
    "snapdragon-7-plus-gen-3": _generation("snapdragon-7-gen-4", 2.0, "the same generation, 4 MB of VTCM", "v73", 1.2),
    "snapdragon-8s-gen-3": _generation("dragonwing-qcs8550", 2.0, "the same generation, a class below", "v73", 0.8),
    "snapdragon-8s-gen-4": _generation("dragonwing-qcs8550", 2.0, "the same generation, a class below", "v73", 0.9),
}
"""Nothing is said of the Snapdragon 7 Gen 1, 7 Gen 3, 7s Gen 2 and 7s Gen 3: with 2 MB of VTCM, one chip of their
generations is measured, and it is ten times slower than the next. Chips without float16 have integers alone."""


def carried(measured: Iterable[ChipSpeed], base: str, precisions: Sequence[tuple[str, ...]]) -> list[ChipSpeed]:
    """An entry for each chip that is like the base or one of its measured chips, and for each precision of that one."""
    own = [ChipSpeed(base, ("htp",), base, "", {}, precision) for precision in precisions]
    known = [*own, *measured]
    return [
        ChipSpeed(
            chip=chip,
            unit=like.unit,
            like=like.like,
            why=f"by {by.like}: {by.why}",
            source=by.source,
            precision=like.precision,
            work=like.work * by.faster,
            traffic=like.traffic * by.faster,
            fixed=like.fixed / by.faster,
            widen=like.widen * by.widen,
        )
        for chip, by in CARRIED.items()
        for like in known
        if like.chip == by.like and not (by.integers and "float16" in like.precision)
    ]
