"""The kernels a runtime launches: each the op at its head, and the cheap ops that are fused into it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from edgeplan.cost.families import CONTRACTIONS, PARENT, family_of
from edgeplan.cost.speeds import Speed, Speeds
from edgeplan.cost.work import Work
from edgeplan.graph import DType, Graph, Op, Value
from edgeplan.lower.views import is_view
from edgeplan.units import round_up

__all__ = ["Kernel", "kernels_of", "precision_of"]

_NO_KERNEL = 0, 0
_MOST_READERS, _LONGEST_CHAIN = 4, 8
"""How far is looked for the op in which the readers of a value end: activations written out are shorter."""
_DEQUANTIZES = frozenset({"DequantizeLinear", "dequantize"})
"""Left in a graph they say what the ops behind them compute in: no runtime runs them as kernels of their own."""
_QUANTIZES = frozenset({"QuantizeLinear", "quantize"})
"""Likewise, for the op before them."""


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


def precision_of(dtype: DType | None, computed: str) -> str:
    """What a value is computed in: `computed` for floats unless that is `model`; empty for indices and truth values."""
    if dtype is None:
        return ""
    if dtype.is_float:
        return computed if computed != "model" and dtype.bits >= 16 else dtype.label
    return {8: "int8", 16: "int16", 4: "int4"}.get(dtype.bits, "") if dtype is not DType.BOOL else ""


def kernels_of(
    graph: Graph, units: Sequence[str], work: Sequence[Work], speeds: Speeds, computed: str
) -> list[Kernel] | None:
    """The kernels of a lowered graph whose ops run on `units`; None while a size or a trip count is open.

    `computed` is what floats are computed in, as of a target. An op joins the kernel of the latest input where the
    unit fuses its family: what is between them is then neither written nor read. Near-linear.
    """
    if any(w.macs is None or w.moved is None for w in work):
        return None
    return _Grouping(graph, units, work, speeds, computed).kernels()


class _Grouping:
    def __init__(self, graph: Graph, units: Sequence[str], work: Sequence[Work], speeds: Speeds, computed: str) -> None:
        self._graph = graph
        self._units = units
        self._work = work
        self._computed = computed
        self._dequantised = {
            op.outputs[0]
            for op in graph.ops
            if op.type in _DEQUANTIZES and _is_byte(graph.values[op.inputs[0]]) and not graph.values[op.inputs[0]].const
        }
        self._families = ["" if op.type in _DEQUANTIZES else family_of(graph, op) for op in graph.ops]
        self._main = self._prevailing()
        self._speeds: dict[str, Speed | None] = {}
        for unit in set(units):
            found = speeds.of(unit, self._main.get(unit, ""))
            self._speeds[unit] = found.speed if found else None
        self._root: dict[str, str] = {}
        self._made: dict[str, int] = {}
        self._readers: dict[str, list[int]] = {}
        self._reads: list[tuple[str, ...]] = []
        self._outside: set[str] = set()

    def _prevailing(self) -> dict[str, str]:
        """The precision that most of a unit's work is done in: of its MACs, and where there are none of its bytes."""
        weight: dict[str, dict[str, tuple[int, int]]] = {}
        for i, op in enumerate(self._graph.ops):
            precision = self._precision(op)
            if precision:
                mine = weight.setdefault(self._units[i], {})
                macs, moved = mine.get(precision, _NO_KERNEL)
                done = self._work[i]
                mine[precision] = macs + (done.macs or 0), moved + (done.moved or 0)
        return {unit: max(found, key=lambda p: found[p]) for unit, found in weight.items()}

    def _precision(self, op: Op) -> str:
        if not op.outputs:
            return ""
        value = self._graph.values[op.outputs[0]]
        if _marked(value) or any(name in self._dequantised for name in op.inputs):
            return "int8"
        return precision_of(value.dtype, self._computed)

    def kernels(self) -> list[Kernel]:
        """Group, then say what each kernel reads and writes."""
        graph, made, found = self._graph, self._made, list[Kernel]()
        root, readers = self._root, self._readers
        for i, op in enumerate(graph.ops):
            family = self._families[i]
            if not family and (is_view(graph, op) or op.type in _DEQUANTIZES):
                source = root.get(op.inputs[0], op.inputs[0])
                for out in op.outputs:
                    root[out] = source
            names = tuple(dict.fromkeys([root.get(n, n) for n in graph.reads(op)]))
            self._reads.append(names)
            for name in names if family else ():
                readers.setdefault(name, []).append(i)
        for i, op in enumerate(graph.ops):
            family = self._families[i]
            if not family or all(graph.values[o].const for o in op.outputs):
                continue
            at = self._host(i, found)
            if at is None:
                at = len(found)
                unit = self._units[i]
                found.append(Kernel(unit, family, self._precision(op) or self._main.get(unit, ""), []))
            kernel = found[at]
            kernel.ops.append(i)
            self._outside.update([n for n in self._reads[i] if made.get(n, at) != at])
            for out in op.outputs:
                made[out] = at
            if family in CONTRACTIONS:
                kernel.macs += self._work[i].macs or 0
                kernel.aligned += self._aligned(i, op)
                if family == "recurrent":
                    kernel.launches = _steps(graph, op)
            elif op.bodies:
                kernel.macs += self._work[i].macs or 0
                kernel.aligned += self._work[i].macs or 0
                kernel.launches = max(1, sum(len(b.graph.ops) * (b.trips or 0) for b in op.bodies))
        self._settle(found)
        return found

    def _host(self, i: int, found: Sequence[Kernel]) -> int | None:
        """The kernel that takes an op: that of its latest input, if the unit fuses it and nothing else reads that."""
        unit = self._units[i]
        speed = self._speeds[unit]
        quantizes = self._graph.ops[i].type in _QUANTIZES
        if speed is None or not (_fuses(self._families[i], speed) or quantizes):
            return None
        latest, through = -1, ""
        for name in self._reads[i]:
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
        readers = self._readers.get(name, ())
        if len(readers) <= 1 or not speed.gates:
            return len(readers) <= 1
        last = readers[-1]
        if len(readers) > _MOST_READERS or not _fuses(self._families[last], speed):
            return False
        return all(self._leads(i, last, speed) for i in readers[:-1])

    def _leads(self, i: int, last: int, speed: Speed) -> bool:
        """Whether an op's result goes through fusing ops alone, each read once, to one op."""
        for _ in range(_LONGEST_CHAIN):
            op = self._graph.ops[i]
            if not _fuses(self._families[i], speed) or len(op.outputs) != 1:
                return False
            out = self._root.get(op.outputs[0], op.outputs[0])
            readers = self._readers.get(out, ())
            if len(readers) != 1:
                return False
            i = readers[0]
            if i == last:
                return True
        return False

    def _settle(self, found: Sequence[Kernel]) -> None:
        """Every value once for each kernel that reads it, and once for the one that writes it for others."""
        graph = self._graph
        outside = self._outside.union(self._root.get(n, n) for n in graph.outputs)
        for at, kernel in enumerate(found):
            speed = self._speeds[kernel.unit]
            bits = speed.bits if speed and speed.bits else {"float16": 16}.get(self._computed, 0)
            row = speed.align.row if speed else 1
            seen: set[str] = set()
            for i in kernel.ops:
                op = graph.ops[i]
                if op.bodies:
                    kernel.values.append(self._work[i].moved or 0)
                    continue
                for name in self._reads[i]:
                    if name in seen or self._made.get(name) == at:
                        continue
                    seen.add(name)
                    value = graph.values[name]
                    if value.const:
                        kernel.weights += self._touched(op, value, bits, 1)
                    else:
                        kernel.values.append(self._touched(op, value, bits, row))
                kernel.values += [_held(graph.values[o], bits, row) for o in op.outputs if o in outside]

    def _touched(self, op: Op, value: Value, bits: int, row: int) -> int:
        """What an op reads of a value: a lookup or a slice no more than it hands on."""
        whole = _held(value, bits, row)
        if op.type.lower().startswith(("gather", "slice", "strided", "split")):
            return min(whole, sum(_held(self._graph.values[o], bits, row) for o in op.outputs))
        return whole

    def _aligned(self, i: int, op: Op) -> float:
        """MACs with the channels of the weights rounded up; those of a product of activations by its last axes."""
        macs = self._work[i].macs or 0
        speed = self._speeds[self._units[i]]
        if speed is None or (speed.align.input <= 1 and speed.align.output <= 1):
            return macs
        inner, outer = _channels(self._graph, op, self._families[i])
        return macs * _waste(inner, speed.align.input) * _waste(outer, speed.align.output)


def _fuses(family: str, speed: Speed) -> bool:
    return family in speed.fuses or PARENT.get(family) in speed.fuses


def _held(value: Value, bits: int, row: int) -> int:
    """Bytes of a value where floats take `bits` (0: as stored) and the last axis is rounded up to `row` bytes."""
    if value.dtype is None or value.elements is None:
        return 0
    width = bits if bits and value.dtype.is_float and value.dtype.bits > bits else value.dtype.bits
    width = 8 if _marked(value) else width
    if row <= 1 or not value.sizes:
        return (value.elements * width + 7) // 8
    last = max(value.sizes[-1], 1)
    return value.elements // last * round_up((last * width + 7) // 8, row)


def _is_byte(value: Value) -> bool:
    return value.dtype is not None and not value.dtype.is_float and value.dtype.bits == 8


def _marked(value: Value) -> bool:
    """Whether floats stand for 8 bits between a quantize and a dequantize, as Core ML's models are written."""
    return value.dtype is not None and value.dtype.is_float and bool(value.quantization) and not value.const


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
