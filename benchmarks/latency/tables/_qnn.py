"""What the tables of QNN runs have in common: their rows, the form of the speeds, how precisions share figures."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import exp, log

import msgspec
import numpy as np

from benchmarks.latency.dress import UNFITTED, record, widened
from benchmarks.latency.fit import Factors, Fitted, Free, fit, free_factors, predict
from benchmarks.latency.runs import Loaded, Run, measured
from benchmarks.latency.tables._qnn_carried import carried
from benchmarks.latency.tables._qnn_penalties import ALIKE, penalties
from benchmarks.latency.validation import Held, spread_of
from edgeplan.capability.rows import load_backend
from edgeplan.cost.speeds import Align, ChipSpeed, Speed, all_speeds

__all__ = ["PRECISIONS", "Base", "dressed", "fitted", "part", "published", "rows", "speeds"]


@dataclass(frozen=True, slots=True)
class Base:
    """The chip that a set's figures are of, and roughly how it compares with the Snapdragon 8 Gen 3."""

    chip: str
    work: float = 1.0
    traffic: float = 1.0
    fixed: float = 1.0


PRECISIONS = ("float", "w8a8", "w8a16")

_ODD = log(4)
"""A run this far off before a fit says nothing of its like: the compiler stumbled, or an op has no family."""


def rows(table: str, devices: Collection[str], precisions: Collection[str] = PRECISIONS) -> list[Run]:
    """The rows of `measured/<table>.csv` on some devices, each with factors of its device's chip at its precision."""
    return [
        Run(
            "aihub",
            r["model"],
            r["file"],
            r["group"],
            r["device"],
            "qnn",
            float(r["ms"]) / 1e3,
            assume="" if r["precision"] == "float" else r["precision"],
            scale=f"{r['device']}/{r['precision']}",
        )
        for r in measured(table)
        if r["device"] in devices and r["precision"] in precisions
    ]


def part(run: Run) -> str:
    """The precision that a run is scored with."""
    return run.assume or "float"


def speeds(base: Base) -> tuple[Speed, ...]:
    """Where the fit starts, one speed a precision; what the vendor's runtime ran on the HTP counts as the HTP's."""
    launch = {"*": 0.8, "conv": 0.7, "pointwise": 0.9, "depthwise": 1.5}
    gbytes = {"*": 150.0, "weights": 65.0, "near": 250.0}
    floats = {
        "*": 4000.0, "conv": 6000.0, "pointwise": 5000.0, "depthwise": 400.0, "grouped": 4000.0, "deconv": 5000.0,
        "linear": 4000.0, "matmul": 2000.0, "recurrent": 400.0,
    }  # fmt: skip
    eight = {k: v * {"conv": 3.5, "pointwise": 3.0, "linear": 1.5}.get(k, 2.5) for k, v in floats.items()}
    sixteen = {k: v * 1.5 for k, v in floats.items()}
    kinds = (("float16", floats, 1.0, 2.0, 16), ("int8", eight, 0.5, 1.0, 0), ("int16", sixteen, 1.1, 1.0, 0))
    return tuple(
        Speed(
            unit=("htp", "cpu"),
            precision=(name,),
            chips=(base.chip,),
            launch={k: v * slower * base.fixed for k, v in launch.items()},
            gmacs={k: v * base.work for k, v in gmacs.items()},
            gbytes={k: v * base.traffic for k, v in gbytes.items()},
            spread=(0.8, 1.25),
            fit=UNFITTED,
            source={},
            floor=50 * base.fixed,
            overlap=4,
            bits=bits,
            near_bytes=2 << 20,
            align=Align(1, 32),
            fuses=("activation", "arithmetic"),
            penalty=tuple(
                msgspec.structs.replace(p, us=p.us / base.work, ns_per_kb=p.ns_per_kb / base.work)
                for p in penalties(stored, "traffic" if bits else "work")
            ),
        )
        for name, gmacs, slower, stored, bits in kinds
    )


def _free(given: Sequence[Speed]) -> Iterator[Free]:
    """A figure moves in all precisions alike; beside that, rates of work and the sum of launches in each of its own."""
    first = given[0]
    rest = range(1, len(given))
    yield Free("0.floor", 0.3, tuple(f"{i}.floor" for i in rest))
    for family in first.launch:
        yield Free(f"0.launch.{family}", 0.5, tuple(f"{i}.launch.{family}" for i in rest))
    for family in first.gmacs:
        yield Free(f"0.gmacs.{family}", 0.4, tuple(f"{i}.gmacs.{family}" for i in rest))
        for i in rest:
            yield Free(f"{i}.gmacs.{family}", 0.25)
    for key in first.gbytes:
        yield Free(f"0.gbytes.{key}", 0.3, tuple(f"{i}.gbytes.{key}" for i in rest))
    tied = {name for names in ALIKE.values() for name in names}
    for name in (p.name for p in first.penalty if p.name not in tied):
        alike = [f"{i}.penalty.{n}" for n in (name, *ALIKE.get(name, ())) for i in range(len(given))]
        yield Free(alike[0], 0.5, tuple(alike[1:]))
    for i in rest:
        launches = [f"{i}.launch.{family}" for family in first.launch]
        yield Free(launches[0], 0.3, (*launches[1:], f"{i}.floor"))


def fitted(loaded: Sequence[Loaded], base: Base) -> Fitted:
    """The figures of the base chip at every precision, on its own runs; then three factors a chip and precision.

    Figures of several chips fitted at once are a compromise of them all, and take fifty times as long.
    """
    given = speeds(base)
    mine = _alike([r for r in loaded if r.run.device == base.chip], given, {})
    found = fit(mine, given, list(_free(given)), noise=0.15)
    chips: dict[str, Factors] = {}
    for name, start in _starts(loaded, base).items():
        factors = free_factors(name, 0.4, 0.4, 0.4)
        theirs = _alike([r for r in loaded if r.run.scale == name], found.speeds, {name: start})
        chips[name] = fit(theirs, found.speeds, factors, {name: start}, noise=0.15).chips[name] if theirs else start
    return Fitted(found.speeds, chips)


def _alike(loaded: Sequence[Loaded], given: tuple[Speed, ...], chips: Mapping[str, Factors]) -> list[Loaded]:
    begun = predict(loaded, Fitted(given, chips)) if loaded else ()
    return [r for r, seconds in zip(loaded, begun, strict=True) if abs(log(r.run.seconds / seconds)) < _ODD]


def _starts(loaded: Sequence[Loaded], base: Base) -> Mapping[str, Factors]:
    """How much faster or slower a chip runs the networks that the base ran too, as the start of all its factors."""
    on_base = {(r.run.file, r.run.assume): r.run.seconds for r in loaded if r.run.device == base.chip}
    ratios: dict[str, list[float]] = {}
    for r in loaded:
        against = on_base.get((r.run.file, r.run.assume))
        if r.run.device != base.chip:
            ratios.setdefault(r.run.scale, []).extend([log(against / r.run.seconds)] if against else [])
    found = {name: exp(float(np.median(values))) if values else 1.0 for name, values in ratios.items()}
    return {name: Factors(faster, faster, 1 / faster) for name, faster in found.items()}


_MEASURED = {"aihub-latency": "models/*/perf.yaml: runtimes qnn_dlc and qnn_context_binary, primary unit NPU"}
_DOUBT = {"sort": 3.0, "recurrent": 2.0, "gather": 1.3, "attention": 1.5}
"""Few of the networks have such ops, and some of those take many times what is said of them."""
_FEW = 12


def dressed(fitted: Fitted, held: Sequence[Held], base: Base, module: str) -> tuple[list[Speed], list[ChipSpeed]]:
    """The base chip at each precision and every other chip, each with the spread of its own held-out runs."""
    found, chips = list[Speed](), list[ChipSpeed]()
    for precision, speed in zip(PRECISIONS, fitted.speeds, strict=True):
        mine = [h for h in held if part(h.loaded.run) == precision]
        if not mine:
            continue
        around, told = spread_of(mine), record(mine, "Qualcomm AI Hub 0.65.0", module)
        changes = {"unit": ("htp",), "spread": around, "fit": told, "source": _MEASURED, "doubt": _DOUBT}
        found.append(msgspec.structs.replace(speed, **changes))
        for device in sorted({h.loaded.run.device for h in mine} - {base.chip}):
            on = [h for h in mine if h.loaded.run.device == device]
            factors = fitted.chips[on[0].loaded.run.scale]
            chips.append(
                ChipSpeed(
                    chip=on[0].loaded.target.device.chip_id,
                    unit=("htp",),
                    like=base.chip,
                    why=f"fitted on {len(on)} networks at {precision} on it",
                    source=_MEASURED,
                    precision=speed.precision,
                    work=factors.work,
                    traffic=factors.traffic,
                    fixed=factors.fixed,
                    widen=widened(on, around, _FEW),
                    measured=True,
                )
            )
    return found, [*chips, *carried(chips, base.chip, [s.precision for s in found])]


def published(base: Base) -> Fitted:
    """What is published of a chip, and of the chips that are told in terms of it."""
    known = all_speeds(load_backend("qnn"))
    mine = [s for s in known.speed if base.chip in s.chips]
    names = {s.precision: p for p, s in zip(PRECISIONS, mine, strict=True)}
    factors = {f"{base.chip}/{p}": Factors() for p in PRECISIONS}
    for c in known.chip:
        if c.like == base.chip and c.precision in names:
            factors[f"{c.chip}/{names[c.precision]}"] = Factors(c.work, c.traffic, c.fixed)
    return Fitted(tuple(msgspec.structs.replace(s, unit=("htp", "cpu")) for s in mine), factors)
