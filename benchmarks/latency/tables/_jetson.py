"""What the tables of TensorRT runs on Jetson have in common: their rows, and the modules by their data sheets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.latency.dress import UNFITTED
from benchmarks.latency.fit import Factors, Fitted, Free, fit, free_factors
from benchmarks.latency.runs import Loaded, Run, measured
from edgeplan.cost.speeds import Align, Speed

__all__ = [
    "BASE",
    "MODULES",
    "Module",
    "factors",
    "free",
    "lane_of",
    "lanes",
    "rows",
    "train_on",
    "weights",
]

BASE = "jetson-agx-orin-64gb"
"""The module whose speeds are written down; all others are so many times as fast."""

_POINTWISE = ("activation", "arithmetic", "norm", "softmax", "reduction", "move", "cast", "resize", "gather")


@dataclass(frozen=True)
class Module:
    """A module in a power mode: multiply-accumulates a clock (float16, of one multiprocessor over 1024) times
    multiprocessors times clock in GHz; bandwidth of the memory in 10^9 B/s; clock in GHz.
    """

    work: float
    bandwidth: float
    clock: float


MODULES: Mapping[str, Module] = {
    BASE: Module(16 * 1.3, 204.8, 1.3),
    "jetson-agx-orin-32gb": Module(14 * 0.93, 204.8, 0.93),
    "jetson-orin-nx-16gb": Module(8 * 1.173, 102.4, 1.173),
    "jetson-orin-nx-16gb@918MHz": Module(8 * 0.918, 102.4, 0.918),
    "jetson-orin-nano-8gb": Module(8 * 1.02, 102.0, 1.02),
    "jetson-orin-nano-8gb@15W": Module(8 * 0.625, 68.0, 0.625),
    "jetson-xavier-nx": Module(6 * 0.5 * 1.1, 59.7, 1.1),
    "jetson-agx-xavier": Module(8 * 0.5 * 1.377, 136.5, 1.377),
    "jetson-agx-thor": Module(20 * 1.575, 273.0, 1.575),
}
"""At the highest clocks unless a mode stands behind the `@`; a Volta multiprocessor does half as much a clock."""

_APART = ("jetson-agx-thor", "jetson-xavier-nx", "jetson-agx-xavier")
"""Modules of another generation than Orin: each precision has factors of its own."""


def rows(
    precisions: Iterable[str] = ("float16", "float32", "int8"), leave: Sequence[str] = (), only: str = ""
) -> list[Run]:
    """The rows of `measured/tensorrt_jetson.csv` at some precisions, without the tables or modules to `leave`."""
    wanted = set(precisions)
    found = [r for r in measured("tensorrt_jetson") if r["precision"] in wanted]
    return [
        Run(
            r["table"],
            r["model"],
            r["file"],
            r["group"],
            r["device"],
            "tensorrt",
            float(r["ms"]) / 1e3,
            r["release"],
            precision="float16" if r["precision"] == "float16" else "",
            assume="w8a8" if r["precision"] == "int8" else "",
            scale=_scale(r["device"], r["mode"], r["precision"]),
        )
        for r in found
        if not {r["table"], r["device"]} & set(leave) and (not only or only in (r["table"], r["device"]))
    ]


def _scale(device: str, mode: str, precision: str) -> str:
    module = f"{device}@{mode}" if mode else device
    return f"{module}/{precision}" if device in _APART else module


def lane_of(run: Run) -> str:
    """The precision that a run was made at."""
    return "int8" if run.assume else run.precision or "float32"


def lanes() -> tuple[Speed, ...]:
    """Where the fits start: multiply-accumulates and bandwidth below the peaks of the data sheet, 5 us a launch.

    An engine fuses whatever is pointwise or moves data with the kernel that makes it. In INT8 `x * sigmoid(x)` stays a
    kernel of its own. Tensor cores work on tiles of 32 or 64 channels; the few channels of an image fill them together
    with the taps of the filter. Products with weights have a rate of their own
    in FP16: the three of an attention are one product there, and attention never stores its scores.
    """
    return (
        _lane("float16", {"*": 16_000, "linear": 16_000}, Align(32, 64, packed=8), gates=True),
        _lane("float32", {"*": 7_500}, Align(32, 64, packed=8), gates=True),
        _lane("int8", {"*": 30_000}, Align(64, 64, packed=8), gates=False),
    )


def _lane(precision: str, gmacs: Mapping[str, float], align: Align, gates: bool) -> Speed:
    return Speed(
        unit=("gpu",),
        precision=(precision,),
        chips=(BASE,),
        launch={"*": 8},
        gmacs=gmacs,
        gbytes={"*": 140, "weights": 160},
        spread=(0.8, 1.2),
        fit=UNFITTED,
        source={},
        floor=40,
        overlap=1.5,
        bits=16 if precision == "float16" else 0,
        align=align,
        fuses=_POINTWISE,
        gates=gates,
    )


def factors(module: str) -> Factors:
    """What the data sheets say of a module against the base: rates go with the peaks, launches with the clock."""
    mine, base = MODULES[module.split("/", maxsplit=1)[0]], MODULES[BASE]
    return Factors(mine.work / base.work, mine.bandwidth / base.bandwidth, base.clock / mine.clock)


def free(speeds: Sequence[Speed], chips: Iterable[str], sd: float = 0.3) -> list[Free]:
    """What may move, and how far."""
    found: list[Free] = []
    for i, speed in enumerate(speeds):
        found += [Free(f"{i}.floor", 0.7), Free(f"{i}.launch.*", 0.5)]
        found += (Free(f"{i}.gmacs.{k}", 0.2) for k in speed.gmacs)
        found += (Free(f"{i}.gbytes.{k}", 0.2 if k == "weights" else 0.25) for k in speed.gbytes)
    found += (factor for chip in chips for factor in free_factors(chip, sd, sd, sd))
    return found


def weights(runs: Sequence[Loaded]) -> list[float]:
    """Many runs of one architecture on one module count less each."""

    def of(loaded: Loaded) -> tuple[str, str, str]:
        return loaded.run.group, loaded.run.scale, lane_of(loaded.run)

    counts = Counter(map(of, runs))
    return [max(1.0, counts[of(loaded)] / 2) ** -0.5 for loaded in runs]


def train_on(runs: Sequence[Loaded], speeds: Sequence[Speed], scales: Iterable[str]) -> Fitted:
    """The figures of the lanes and the factors of all modules; a module without runs keeps those of its data sheet."""
    chips = {scale: factors(scale) for scale in scales if scale != BASE}
    return fit(runs, speeds, free(speeds, chips), chips, noise=0.1, weights=weights(runs))
