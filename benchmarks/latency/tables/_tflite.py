"""What the tables of TensorFlow Lite runs have in common: how their rows become runs, and fits become figures."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from math import exp, hypot, log
from pathlib import Path

import msgspec

from benchmarks.latency.fit import Factors, Fitted, Free
from benchmarks.latency.runs import Run
from benchmarks.latency.validation import Held, power_of, score, spread_of
from edgeplan.cost.speeds import ChipSpeed, Fit, Speed
from edgeplan.devices import find_device

__all__ = ["NOISE", "STRANGE", "UNFITTED", "Measured", "chips_of", "dressed", "factors", "free_of", "runs_of"]

NOISE = 0.2
"""The scatter of logarithms taken for granted: cross-validation does worse with less, few families being at hand."""

UNFITTED = Fit("", "", 0, 0, 0, 0, 0)
"""Stands in a speed until it was fitted."""

STRANGE = {"recurrent": 1.6, "sort": 1.6, "grouped": 1.4, "gather": 1.4, "deconv": 1.3, "resize": 1.2}
"""The doubt of families that hardly any network of these tables has."""

_FOLDER = Path(__file__).parent.parent / "measured"

_FEW = 10
"""Of so few runs, a chip's own spread is no better than a guess: that of all chips counts as well."""

_LAB = 1.15
"""The same network on the same phone, timed by two laboratories or with two releases: a factor like this apart."""


def runs_of(tables: Sequence[str], unit: str, bits: int) -> list[Run]:
    """The rows of `measured/tflite_<table>.csv` of one unit and width.

    A network stored as integers (`_quant`) runs as it is, another one as though it were quantised.
    """
    found: list[Run] = []
    for table in tables:
        with (_FOLDER / f"tflite_{table}.csv").open(encoding="utf-8", newline="") as file:
            rows = [r for r in csv.DictReader(file) if r["unit"] == unit and int(r["bits"]) == bits]
        found += (_run(table, row, bits, unit) for row in rows)
    return found


def _run(table: str, row: Mapping[str, str], bits: int, unit: str) -> Run:
    return Run(
        table,
        row["model"],
        row["file"],
        row["group"],
        row["device"],
        "tflite",
        float(row["ms"]) / 1e3,
        assume="w8a8" if bits == 8 and not row["file"].endswith("_quant") else "",
        use=() if unit == "gpu" else (unit,),
    )


def chips_of(runs: Sequence[Run], base: str) -> list[str]:
    """The chips of the runs but the one the speeds are of."""
    return sorted({find_device(r.device).chip_id for r in runs} - {base})


def factors(chips: Sequence[str], given: Mapping[str, Factors]) -> dict[str, Factors]:
    """Where the factors of chips start: as given, else like the chip the speeds are of."""
    return {chip: given.get(chip, Factors()) for chip in chips}


def free_of(
    speeds: Sequence[Speed], chips: Sequence[str], fixed: float = 0.7, firm: Mapping[str, float] | None = None
) -> list[Free]:
    """Every figure of the speeds and three factors a chip. Rates are open within a factor of two or so; `fixed` is how
    far the factors of fixed times are expected to lie from where they start, `firm` says so of figures by name.
    """
    open_: dict[str, float] = {}
    for i, s in enumerate(speeds):
        open_ |= {f"{i}.gmacs.{k}": 0.7 for k in s.gmacs}
        open_ |= {f"{i}.gbytes.{k}": 0.5 if k == "weights" else 0.7 for k in s.gbytes}
        open_ |= {f"{i}.penalty.{p.name}": 0.5 for p in s.penalty}
        open_ |= {f"{i}.launch.{k}": 0.7 for k in s.launch}
        open_[f"{i}.floor"] = 0.5
    for chip in chips:
        open_ |= {f"chip.{chip}.work": 0.7, f"chip.{chip}.traffic": 0.7, f"chip.{chip}.fixed": fixed}
    return [Free(name, sd) for name, sd in (open_ | dict(firm or {})).items()]


class Measured(msgspec.Struct, frozen=True):
    """What was run on a chip whose factors are fitted, for its entry."""

    why: str
    source: Mapping[str, str]


def dressed(
    fitted: Fitted,
    held: Sequence[Held],
    table: str,
    script: str,
    source: Mapping[str, str],
    base: str,
    units: tuple[str, ...],
    chips: Mapping[str, Measured],
    spread: tuple[float, float] | None = None,
) -> tuple[list[Speed], list[ChipSpeed]]:
    """The fitted figures with their record.

    The spread is that of the held-out runs on the chip the speeds are of, where there are enough, or as given; a
    table of another laboratory lies a little further off. `widen` of another chip is what its own runs ask for.
    """
    s = score(held)
    figures = (round(x, 3) for x in (s.error, s.rank, s.covered))
    record = Fit(table, f"benchmarks/latency/tables/{script}.py", s.models, s.runs, *figures)
    mine = [h for h in held if h.loaded.target.device.chip_id == base]
    if len(mine) < _FEW:
        mine = list(held)
    low, high = _beside_lab(spread or spread_of(mine))
    speeds = [msgspec.structs.replace(speed, spread=(low, high), fit=record, source=source) for speed in fitted.speeds]
    found = []
    for chip, measured in chips.items():
        f = fitted.chips[chip]
        own = [h for h in held if h.loaded.target.device.chip_id == chip]
        widen = power_of([(h, (low, high)) for h in own])
        if len(own) < _FEW:
            widen = max(widen, 1.3)
        found.append(
            ChipSpeed(
                chip,
                units,
                base,
                measured.why,
                measured.source,
                work=f.work,
                traffic=f.traffic,
                fixed=f.fixed,
                widen=widen,
                measured=True,
            )
        )
    return speeds, found


def _beside_lab(spread: tuple[float, float]) -> tuple[float, float]:
    """A range with the scatter between laboratories added to that between networks."""
    low, high = (hypot(log(end), log(_LAB)) for end in spread)
    return exp(-low), exp(high)
