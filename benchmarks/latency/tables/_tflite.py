"""What the tables of TensorFlow Lite runs have in common: how their rows become runs, and fits become figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import exp, hypot, log

import msgspec

from benchmarks.latency.dress import record, widened
from benchmarks.latency.fit import Factors, Fitted, Free, fit, free_factors
from benchmarks.latency.runs import Loaded, Run, measured
from benchmarks.latency.validation import Held, spread_of
from edgeplan.cost.speeds import ChipSpeed, Speed

__all__ = ["STRANGE", "Measured", "as_integers", "chips_of", "dressed", "runs_of", "trained"]

_NOISE = 0.2
"""The scatter of logarithms taken for granted: cross-validation does worse with less, few families being at hand."""

STRANGE = {"recurrent": 1.6, "sort": 1.6, "grouped": 1.4, "gather": 1.4, "deconv": 1.3, "resize": 1.2}
"""The doubt of families that hardly any network of these tables has."""

_FEW = 10
"""Of so few runs, a chip's own spread is no better than a guess: that of all chips counts as well."""

_LAB = 1.15
"""The same network on the same phone, timed by two laboratories or with two releases: a factor like this apart."""


def runs_of(tables: Sequence[str], unit: str, bits: int) -> list[Run]:
    """The rows of `measured/tflite_<table>.csv` of one unit and width.

    A network stored as integers (`_quant`) runs as it is, another one as though it were quantised.
    """
    return [
        _run(table, row, bits, unit)
        for table in tables
        for row in measured(f"tflite_{table}")
        if row["unit"] == unit and int(row["bits"]) == bits
    ]


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


def chips_of(loaded: Sequence[Loaded], base: str, start: Mapping[str, Factors]) -> dict[str, Factors]:
    """Where the factors of the chips of the runs start: as given, else like the base, which the speeds are of."""
    others = {r.target.device.chip_id for r in loaded} - {base}
    return {chip: start.get(chip, Factors()) for chip in sorted(others)}


def trained(
    loaded: Sequence[Loaded],
    speeds: Sequence[Speed],
    base: str,
    start: Mapping[str, Factors],
    fixed: float = 0.7,
    firm: Mapping[str, float] | None = None,
) -> Fitted:
    """A fit of all figures of the speeds and of three factors for each chip but the base.

    Rates are open within a factor of two or so; `fixed` is how far the factors of fixed times are expected to lie from
    where they start, `firm` says so of figures by name.
    """
    open_: dict[str, float] = {}
    for i, s in enumerate(speeds):
        open_ |= {f"{i}.gmacs.{k}": 0.7 for k in s.gmacs}
        open_ |= {f"{i}.gbytes.{k}": 0.5 if k == "weights" else 0.7 for k in s.gbytes}
        open_ |= {f"{i}.penalty.{p.name}": 0.5 for p in s.penalty}
        open_ |= {f"{i}.launch.{k}": 0.7 for k in s.launch}
        open_[f"{i}.floor"] = 0.5
    chips = chips_of(loaded, base, start)
    for chip in chips:
        open_ |= {factor.name: factor.sd for factor in free_factors(chip, 0.7, 0.7, fixed)}
    free = [Free(name, sd) for name, sd in (open_ | dict(firm or {})).items()]
    return fit(loaded, speeds, free, chips, noise=_NOISE)


class Measured(msgspec.Struct, frozen=True):
    """What was run on a chip whose factors are fitted, for its entry."""

    why: str
    source: Mapping[str, str]


def dressed(
    fitted: Fitted,
    held: Sequence[Held],
    table: str,
    module: str,
    source: Mapping[str, str],
    base: str,
    units: tuple[str, ...],
    chips: Mapping[str, Measured],
    spread: tuple[float, float] | None = None,
) -> tuple[list[Speed], list[ChipSpeed]]:
    """The fitted figures with their record.

    Of the units a network ran on, `units` are those that the figures are published for. The spread is that of the
    held-out runs on the chip the speeds are of, where there are enough, or as given; a table of another laboratory lies
    a little further off. `widen` of another chip is what its own runs ask for.
    """
    fit = record(held, table, module)
    mine = [h for h in held if h.loaded.target.device.chip_id == base]
    if len(mine) < _FEW:
        mine = list(held)
    low, high = _beside_lab(spread or spread_of(mine))
    changes = {"spread": (low, high), "fit": fit, "source": source}
    speeds = [
        msgspec.structs.replace(speed, unit=tuple(u for u in speed.unit if u in units), **changes)
        for speed in fitted.speeds
    ]
    found = []
    for chip, ran in chips.items():
        f = fitted.chips[chip]
        own = [h for h in held if h.loaded.target.device.chip_id == chip]
        found.append(
            ChipSpeed(
                chip,
                units,
                base,
                ran.why,
                ran.source,
                work=f.work,
                traffic=f.traffic,
                fixed=f.fixed,
                widen=widened(own, (low, high), _FEW),
                measured=True,
            )
        )
    return speeds, found


def _beside_lab(spread: tuple[float, float]) -> tuple[float, float]:
    """A range with the scatter between laboratories added to that between networks."""
    low, high = (hypot(log(end), log(_LAB)) for end in spread)
    return exp(-low), exp(high)


def as_integers(floats: Sequence[Speed], source: Mapping[str, str] | None = None) -> list[Speed]:
    """The GPU delegate computes integers as floats: the same figures with each byte counted twice."""
    return [
        msgspec.structs.replace(
            s,
            precision=("int8", "int16"),
            gbytes={k: v / 2 for k, v in s.gbytes.items()},
            bits=0,
            penalty=tuple(msgspec.structs.replace(p, ns_per_kb=2 * p.ns_per_kb) for p in s.penalty),
            note="The delegate computes integers as floats: the figures for floats, each byte counted twice.",
            source={**s.source, **(source or {})},
        )
        for s in floats
    ]
