"""The kernels a runtime launches: each the op at its head, and the cheap ops that are fused into it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from edgeplan.cost.families import CONTRACTIONS, PARENT
from edgeplan.cost.flow import Flow
from edgeplan.cost.sizes import Sizes, reads_partly
from edgeplan.cost.speeds import Speed
from edgeplan.cost.unit_speed import Speeds
from edgeplan.graph import Graph, Op
from edgeplan.units import round_up

__all__ = ["Kernel", "kernels_of"]

_NO_KERNEL = 0, 0
_MOST_READERS, _LONGEST_CHAIN = 4, 8
"""How far is looked for the op in which the readers of a value end: activations written out are shorter."""
_QUANTIZES = frozenset({"QuantizeLinear", "quantize"})
"""Left in a graph they say what the op before them computes in, and run in its kernel."""


@dataclass(slots=True)
class Kernel:
    """Ops, by index, that run as one on a unit. Bytes are as the unit holds them.

    `macs` are as the graph says, `aligned` with channels rounded up to what the unit works on at a time. `values` are
    the sizes of what is read and written, weights apart; `launches` is how often it runs (a loop's body often).
    """

    unit: str
    family: str
    precision: str
    ops: list[int]
    macs: int = 0
    aligned: float = 0.0
    weights: int = 0
    values: list[int] = field(default_factory=list)
    launches: int = 1

    @property
    def moved(self) -> int:
        """Bytes read and written, weights included."""
        return self.weights + sum(self.values)


def kernels_of(flow: Flow, units: Sequence[str], speeds: Speeds) -> list[Kernel] | None:
    """The kernels of a lowered graph whose ops run on `units`; None while a size or a trip count is open.

    An op joins the kernel of the latest input where the unit fuses its family: what is between them is then neither
    written nor read. Near-linear.
    """
    return None if flow.open else _Grouping(flow, units, speeds).kernels()


class _Grouping:
    def __init__(self, flow: Flow, units: Sequence[str], speeds: Speeds) -> None:
        self._graph = flow.graph
        self._flow = flow
        self._units = units
        self._main = self._prevailing()
        self._speeds: dict[str, Speed | None] = {}
        for unit in set(units):
            found = speeds.of(unit, self._main.get(unit, ""))
            self._speeds[unit] = found.speed if found else None
        self._made: dict[str, int] = {}
        self._outside: set[str] = set()

    def _prevailing(self) -> dict[str, str]:
        """The precision that most of a unit's work is done in: of its MACs, and where there are none of its bytes."""
        weight: dict[str, dict[str, tuple[int, int]]] = {}
        flow = self._flow
        for unit, precision, macs, moved in zip(self._units, flow.precisions, flow.macs, flow.moved, strict=True):
            if precision:
                mine = weight.setdefault(unit, {})
                before = mine.get(precision, _NO_KERNEL)
                mine[precision] = before[0] + macs, before[1] + moved
        return {unit: max(found, key=lambda p: found[p]) for unit, found in weight.items()}

    def kernels(self) -> list[Kernel]:
        """Group, then say what each kernel reads and writes."""
        graph, flow, made, outside, found = self._graph, self._flow, self._made, self._outside, list[Kernel]()
        for i, op in enumerate(graph.ops):
            family = flow.families[i]
            if not family or all(graph.values[o].const for o in op.outputs):
                continue
            at = self._host(i, found)
            if at is None:
                at = len(found)
                unit = self._units[i]
                found.append(Kernel(unit, family, flow.precisions[i] or self._main.get(unit, ""), []))
            kernel = found[at]
            kernel.ops.append(i)
            for name in flow.reads[i]:
                if made.get(name, at) != at:
                    outside.add(name)
            for out in op.outputs:
                made[out] = at
            if family in CONTRACTIONS:
                kernel.macs += flow.macs[i]
                kernel.aligned += self._aligned(i, op)
                if family == "recurrent":
                    kernel.launches = _steps(graph, op)
            elif op.bodies:
                kernel.macs += flow.macs[i]
                kernel.aligned += flow.macs[i]
                kernel.launches = max(1, sum(len(b.graph.ops) * (b.trips or 0) for b in op.bodies))
        self._settle(found)
        return found

    def _host(self, i: int, found: Sequence[Kernel]) -> int | None:
        """The kernel that takes an op: that of its latest input, if the unit fuses it and nothing else reads that."""
        unit = self._units[i]
        speed = self._speeds[unit]
        quantizes = self._graph.ops[i].type in _QUANTIZES
        if speed is None or not (_fuses(self._flow.families[i], speed) or quantizes):
            return None
        latest, through = -1, ""
        for name in self._flow.reads[i]:
            at = self._made.get(name, -1)
            if at > latest:
                latest, through = at, name
        if latest < 0 or found[latest].unit != unit:
            return None
        host = found[latest].family
        if (host in CONTRACTIONS or _fuses(host, speed) or quantizes) and self._ends_in_one(through, speed):
            return latest
        return latest if speed.regions and _fuses(host, speed) else None

    def _ends_in_one(self, name: str, speed: Speed) -> bool:
        """Whether one op reads a value, or several that fuse and whose results all end in the last of them, as those of
        `x * sigmoid(x)` do: no other kernel needs the value then.
        """
        readers = self._flow.readers.get(name, ())
        if len(readers) <= 1 or not speed.gates:
            return len(readers) <= 1
        last = readers[-1]
        if len(readers) > _MOST_READERS or not _fuses(self._flow.families[last], speed):
            return False
        return all(self._leads(i, last, speed) for i in readers[:-1])

    def _leads(self, i: int, last: int, speed: Speed) -> bool:
        """Whether an op's result goes through fusing ops alone, each read once, to one op."""
        for _ in range(_LONGEST_CHAIN):
            op = self._graph.ops[i]
            if not _fuses(self._flow.families[i], speed) or len(op.outputs) != 1:
                return False
            out = self._flow.root.get(op.outputs[0], op.outputs[0])
            readers = self._flow.readers.get(out, ())
            if len(readers) != 1:
                return False
            i = readers[0]
            if i == last:
                return True
        return False

    def _settle(self, found: Sequence[Kernel]) -> None:
        """Every value once for each kernel that reads it, and once for the one that writes it for others."""
        ops, reads, made = self._graph.ops, self._flow.reads, self._made
        values = self._graph.values
        outside = self._outside.union([self._flow.root.get(n, n) for n in self._graph.outputs])
        sizes = {unit: self._sizes(speed) for unit, speed in self._speeds.items()}
        for at, kernel in enumerate(found):
            held = sizes[kernel.unit]
            seen: set[str] = set()
            for i in kernel.ops:
                op = ops[i]
                if op.bodies:
                    kernel.values.append(self._flow.moved[i])
                    continue
                partial = reads_partly(op)
                for name in reads[i]:
                    if name in seen or made.get(name) == at:
                        continue
                    seen.add(name)
                    size = held.part(op, name) if partial else held.whole(name)
                    if values[name].const:
                        kernel.weights += size
                    else:
                        kernel.values.append(size)
                for name in op.outputs:
                    if name in outside:
                        kernel.values.append(held.whole(name))

    def _sizes(self, speed: Speed | None) -> Sizes:
        bits = speed.bits if speed and speed.bits else {"float16": 16}.get(self._flow.computed, 0)
        return self._flow.sizes(bits, speed.align.row if speed else 1)

    def _aligned(self, i: int, op: Op) -> float:
        """MACs with the channels of the weights rounded up; those of a product of activations by its last axes."""
        macs = self._flow.macs[i]
        speed = self._speeds[self._units[i]]
        if speed is None or (speed.align.input <= 1 and speed.align.output <= 1):
            return macs
        inner, outer = _channels(self._graph, op, self._flow.families[i])
        made = self._graph.values[op.outputs[0]].elements
        if 0 < inner <= speed.align.packed and made:
            inner = max(macs // made, 1)  # the channels of all taps lie beside each other
        return macs * _waste(inner, speed.align.input) * _waste(outer, speed.align.output)


def _fuses(family: str, speed: Speed) -> bool:
    return family in speed.fuses or PARENT.get(family) in speed.fuses


def _steps(graph: Graph, op: Op) -> int:
    """How often a recurrence runs its cell: the steps of its input [T, B, I], [B, T, I] where it is batch-major."""
    sizes = graph.values[op.inputs[0]].sizes or ()
    major = bool(op.attrs.get("layout")) or (graph.dialect == "tflite" and not op.attrs.get("time_major"))
    return max(1, sizes[1 if major else 0]) if len(sizes) == 3 else 1


def _channels(graph: Graph, op: Op, family: str) -> tuple[int, int]:
    """Channels in and out of a contraction, those of one group; 0 where the family has none to speak of."""
    if family in ("depthwise", "recurrent", "attention"):
        return 0, 0
    weight = next((v for n in op.inputs[:2] if (v := graph.values[n]).const), None)
    out = graph.values[op.outputs[0]].sizes if op.outputs else None
    if weight is None or not weight.sizes:
        first = graph.values[op.inputs[0]].sizes
        return (first[-1] if first else 0), (out[-1] if out else 0)
    sizes = weight.sizes
    if graph.dialect == "tflite" and not op.domain:
        return sizes[-1], sizes[0]
    if family == "linear" and len(sizes) == 2:
        flat = op.type == "linear" or bool(op.attrs.get("transB"))
        return (sizes[1], sizes[0]) if flat else (sizes[0], sizes[1])
    return (sizes[1], sizes[0]) if len(sizes) > 1 and family != "deconv" else (sizes[0], sizes[-1])


@lru_cache(maxsize=4096)
def _waste(size: int, step: int) -> float:
    return round_up(size, step) / size if size else 1.0
