"""What the tables of Core ML runs have in common: rows, the CPU beside the Neural Engine, how a fit is dressed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from benchmarks.latency.dress import UNFITTED, record
from benchmarks.latency.fit import Factors, Fitted, Free, fit, free_factors
from benchmarks.latency.runs import Loaded, Run, measured
from benchmarks.latency.validation import Held, power_of, spread_of
from edgeplan.cost.speeds import ChipSpeed, Speed

__all__ = ["CPU", "Measured", "dressed", "rows", "trained", "with_attention"]

_FEW = 12
"""Of fewer runs, how far a chip's own lie says nothing: those on all chips but the base do."""

CPU = Speed(
    unit=("cpu",),
    precision=("float16", "float32"),
    chips=("a13",),
    launch={"*": 20},
    gmacs={"*": 170, "pointwise": 40, "depthwise": 3, "linear": 40},
    gbytes={"*": 20, "weights": 30},
    spread=(0.5, 2),
    fit=UNFITTED,
    source={},
    floor=400,
    overlap=1,
    fuses=("activation", "arithmetic"),
)
"""Where the fit of the CPU starts; in the tables of the Neural Engine, the few ops that it leaves take this much."""


@dataclass(frozen=True)
class Measured:
    """A chip whose factors are fitted: where they start, how far they may go, what to say of it."""

    start: Factors
    why: str
    source: Mapping[str, str]
    sd: tuple[float, float, float] = (0.12, 0.12, 0.3)
    """Of work, traffic and fixed times."""


def rows(table: str, unit: str = "", assume: Sequence[str] = ("",)) -> list[Run]:
    """The rows of `measured/<table>.csv` of a unit; a run on the CPU alone computes float32."""
    alone = unit == "cpu"
    return [
        Run(
            r["lab"],
            r["model"],
            r["file"],
            r["group"],
            r["device"],
            "coreml",
            float(r["ms"]) / 1e3,
            r["release"],
            precision="float32" if alone else "",
            assume=r["assume"],
            use=("cpu",) if alone else (),
        )
        for r in measured(table)
        if r["use"] == unit and r["assume"] in assume
    ]


def trained(
    loaded: Sequence[Loaded], speeds: Sequence[Speed], free: Sequence[Free], chips: Mapping[str, Measured], noise: float
) -> Fitted:
    """A fit of what is free of the speeds, and of three factors for each chip but the base."""
    factors = [factor for chip, told in chips.items() for factor in free_factors(chip, *told.sd)]
    return fit(loaded, speeds, [*free, *factors], {chip: told.start for chip, told in chips.items()}, noise=noise)


def with_attention(speed: Speed) -> Speed:
    """Attention as one op holds two products, which run as such."""
    return msgspec.structs.replace(speed, launch={**speed.launch, "attention": 2 * speed.launch["matmul"]})


def dressed(
    fitted: Fitted,
    held: Sequence[Held],
    table: str,
    module: str,
    source: Mapping[str, str],
    base: str,
    unit: str,
    precision: tuple[str, ...],
    chips: Mapping[str, Measured],
) -> tuple[Speed, list[ChipSpeed]]:
    """The speed of a unit and its chips with their record; the spread is that of held-out runs on the base chip."""
    speed = next(found for found in fitted.speeds if unit in found.unit)
    low, high = spread_of([h for h in held if h.loaded.target.device.chip_id == base])
    others = [h for h in held if h.loaded.target.device.chip_id != base]
    own = {chip: [h for h in others if h.loaded.target.device.chip_id == chip] for chip in chips}
    found = [
        ChipSpeed(
            chip,
            (unit,),
            base,
            told.why,
            told.source,
            precision,
            fitted.chips[chip].work,
            fitted.chips[chip].traffic,
            fitted.chips[chip].fixed,
            power_of([(h, (low, high)) for h in (own[chip] if len(own[chip]) >= _FEW else others)]),
            measured=True,
        )
        for chip, told in chips.items()
    ]
    told = record(held, table, module)
    changes = {"unit": (unit,), "precision": precision, "spread": (low, high), "fit": told, "source": source}
    return msgspec.structs.replace(speed, chips=(base,), **changes), found
