"""What the tables of Core ML runs have in common: rows, the CPU beside the Neural Engine, how a fit is dressed."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isnan
from pathlib import Path

import msgspec
from scipy.stats import spearmanr

from benchmarks.latency.fit import Factors, Fitted
from benchmarks.latency.runs import Run
from benchmarks.latency.validation import Held, power_of, score, spread_of
from edgeplan.cost.speeds import ChipSpeed, Fit, Speed

__all__ = ["CPU", "UNFITTED", "Measured", "dressed", "rows"]

UNFITTED = Fit("", "", 0, 0, 0, 0, 0)
"""Stands in a speed until it was fitted."""

_FEW = 12
"""Of fewer runs, how far a chip's own lie says nothing: those on all chips but the base do."""

_FOLDER = Path(__file__).parent.parent / "measured"

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
    with (_FOLDER / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        found = [r for r in csv.DictReader(file) if r["use"] == unit and r["assume"] in assume]
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
        for r in found
    ]


def _rank(held: Sequence[Held]) -> float:
    """Of too few runs a device, that of all of them."""
    return float(spearmanr([h.loaded.run.seconds for h in held], [h.predicted for h in held]).statistic)


def dressed(
    fitted: Fitted,
    held: Sequence[Held],
    table: str,
    script: str,
    source: Mapping[str, str],
    base: str,
    unit: str,
    precision: tuple[str, ...],
    chips: Mapping[str, Measured],
) -> tuple[Speed, list[ChipSpeed]]:
    """The speed of a unit and its chips with their record; the spread is that of held-out runs on the base chip."""
    s = score(held)
    record = Fit(
        table,
        f"benchmarks/latency/tables/{script}.py",
        s.models,
        s.runs,
        round(s.error, 3),
        round(_rank(held) if isnan(s.rank) else s.rank, 3),
        round(s.covered, 3),
    )
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
            round(fitted.chips[chip].work, 3),
            round(fitted.chips[chip].traffic, 3),
            round(fitted.chips[chip].fixed, 3),
            round(power_of([(h, (low, high)) for h in (own[chip] if len(own[chip]) >= _FEW else others)]), 2),
            measured=True,
        )
        for chip, told in chips.items()
    ]
    unit_only = msgspec.structs.replace(
        speed, unit=(unit,), precision=precision, chips=(base,), spread=(low, high), fit=record, source=source
    )
    return unit_only, found
