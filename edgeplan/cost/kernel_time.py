"""How long one kernel takes, and what it takes it for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import fsum
from typing import Literal

from edgeplan.capability.match import Facts, Truth, compile_row
from edgeplan.capability.rows import Row
from edgeplan.cost.families import key_of
from edgeplan.cost.kernels import Kernel
from edgeplan.cost.speeds import Penalty, Speed
from edgeplan.cost.unit_speed import UnitSpeed
from edgeplan.graph import Graph
from edgeplan.place.support import facts_of

__all__ = ["Bound", "Clock", "KernelTime", "PenaltyRows", "charged", "kernel_time", "penalty_rows"]

Bound = Literal["launch", "work", "traffic", "penalty"]
"""What most of a kernel's time goes to."""


@dataclass(frozen=True, slots=True)
class KernelTime:
    """A kernel with its time: `seconds` are its `launch`, what it is busy with work or traffic, and its `penalties`.

    `bound` is the largest of these. `aligned` are the MACs with channels rounded up, `weights` the part of the bytes
    `moved` that is weights.
    """

    unit: str
    family: str
    precision: str
    ops: tuple[int, ...]
    seconds: float
    launch: float
    bound: Bound
    busy_with: Literal["work", "traffic"]
    macs: int
    aligned: int
    moved: int
    weights: int
    penalties: Mapping[str, float] = field(default_factory=dict)

    @property
    def busy(self) -> float:
        """Seconds of work and traffic."""
        return max(self.seconds - self.launch - fsum(self.penalties.values()), 0.0)


def kernel_time(kernel: Kernel, at: UnitSpeed, penalties: Mapping[str, float] | None = None) -> KernelTime:
    """A kernel's time: a launch, and its work or its traffic, whichever is longer, and what is added to it."""
    speed, family = at.speed, kernel.family
    launch = kernel.launches * _rate(speed.launch, family) * 1e-6 * at.fixed
    work = kernel.aligned / (_rate(speed.gmacs, family) * 1e9 * at.work) if kernel.aligned else 0.0
    near = sum(v for v in kernel.values if v <= speed.near_bytes)
    far = sum(kernel.values) - near
    gbytes = speed.gbytes
    traffic = kernel.weights / gbytes["weights"] + far / _rate(gbytes, family) + near / gbytes.get("near", gbytes["*"])
    traffic /= 1e9 * at.traffic
    power = speed.overlap
    longer, shorter = (work, traffic) if work > traffic else (traffic, work)
    busy = longer * (1 + (shorter / longer) ** power) ** (1 / power) if longer else 0.0
    added = fsum(penalties.values()) if penalties else 0.0
    parts: dict[Bound, float] = {"launch": launch, "work": work, "traffic": traffic, "penalty": added}
    bound = max(parts, key=lambda p: parts[p])
    return KernelTime(
        kernel.unit,
        family,
        kernel.precision,
        tuple(kernel.ops),
        launch + busy + added,
        launch,
        bound,
        "work" if work > traffic else "traffic",
        kernel.macs,
        round(kernel.aligned),
        kernel.moved,
        kernel.weights,
        penalties or {},
    )


PenaltyRows = Mapping[str, Sequence[tuple[Penalty, Callable[[Facts], Truth]]]]
"""The penalties of a speed by the ops they speak of, each with the test of its condition."""


def penalty_rows(speed: Speed) -> PenaltyRows:
    """A speed's penalties, ready to be held against ops."""
    found: dict[str, list[tuple[Penalty, Callable[[Facts], Truth]]]] = {}
    for p in speed.penalty:
        holds = compile_row(Row(p.name, p.ops, speed.unit, "degrades", p.source, when=p.when, unless=p.unless))
        for label in p.ops:
            found.setdefault(label, []).append((p, holds))
    return found


def charged(graph: Graph, kernel: Kernel, rows: PenaltyRows) -> Iterator[tuple[Penalty, int]]:
    """The penalties of a kernel's ops, one at a time, each with the bytes that its op reads and writes."""
    for i in kernel.ops:
        op = graph.ops[i]
        speaking = rows.get(op.label)
        if speaking is None:
            continue
        facts = facts_of(graph, op)
        for penalty, holds in speaking:
            if holds(facts):
                yield penalty, sum(graph.values[n].bytes or 0 for n in (*op.inputs, *op.outputs))


def _rate(table: Mapping[str, float], family: str) -> float:
    return table[key_of(table, family)]


class Clock:
    """Times the kernels of a graph at the speeds in use; of kernels alike, of which a network has many, only one."""

    def __init__(self, graph: Graph, speeds: Sequence[Speed]) -> None:
        self._graph = graph
        self._alike: dict[tuple[object, ...], KernelTime] = {}
        self._rows = {id(speed): penalty_rows(speed) for speed in speeds}

    def time(self, kernel: Kernel, at: UnitSpeed) -> KernelTime:
        """The time of a kernel with its penalties."""
        penalties = self._penalties(kernel, at)
        if penalties is not None:
            return kernel_time(kernel, at, penalties)
        key = (
            kernel.unit, kernel.precision, kernel.family, kernel.launches, kernel.aligned, kernel.weights,
            *kernel.values,
        )  # fmt: skip
        one = self._alike.get(key)
        if one is None:
            self._alike[key] = one = kernel_time(kernel, at)
        return KernelTime(
            one.unit, one.family, one.precision, tuple(kernel.ops), one.seconds, one.launch, one.bound, one.busy_with,
            one.macs, one.aligned, one.moved, one.weights, one.penalties,
        )  # fmt: skip

    def _penalties(self, kernel: Kernel, at: UnitSpeed) -> Mapping[str, float] | None:
        """The penalties of a kernel by name; None where it has none."""
        rows = self._rows[id(at.speed)]
        if not rows:
            return None
        found: dict[str, float] = {}
        for penalty, moved in charged(self._graph, kernel, rows):
            found[penalty.name] = found.get(penalty.name, 0.0) + at.charge(penalty, 1, moved)
        return found or None
