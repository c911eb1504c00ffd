"""What the ops of a lowered graph read, compute in and do, whatever units they run on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from edgeplan.cost.families import family_of
from edgeplan.cost.sizes import Sizes, is_marked
from edgeplan.cost.work import Work
from edgeplan.graph import DType, Graph, Op, Value
from edgeplan.lower.views import is_view

__all__ = ["Flow", "precision_of"]

_DEQUANTIZES = frozenset({"DequantizeLinear", "dequantize"})
"""Left in a graph they say what the ops behind them compute in: no runtime runs them as kernels of their own."""


class Flow:
    """A lowered graph seen through its views. Read-only.

    By the indices of the ops there are `families`, "" for what takes no time, `precisions`, "" of indices and truth
    values, and `reads`: the values as their first maker wrote them, each once. `root` is that value of a view's
    results, `readers` are the ops that take time and read a value, in order. `computed` is what floats are computed
    in, as of a target. While a size or a trip count is `open`, what is not known of `macs` and `moved` bytes is 0.
    """

    def __init__(self, graph: Graph, work: Sequence[Work], computed: str) -> None:
        self.graph = graph
        self.macs: Sequence[int] = [w.macs or 0 for w in work]
        self.moved: Sequence[int] = [(w.read or 0) + (w.written or 0) for w in work]
        self.open = any(w.macs is None or w.read is None or w.written is None for w in work)
        self.computed = computed
        self._dequantised = {
            op.outputs[0]
            for op in graph.ops
            if op.type in _DEQUANTIZES and _is_byte(graph.values[op.inputs[0]]) and not graph.values[op.inputs[0]].const
        }
        self.families: Sequence[str] = ["" if op.type in _DEQUANTIZES else family_of(graph, op) for op in graph.ops]
        self.precisions: Sequence[str] = [self._precision(op) for op in graph.ops]
        reads: list[tuple[str, ...]] = []
        root: dict[str, str] = {}
        readers: dict[str, list[int]] = {}
        for i, op in enumerate(graph.ops):
            family = self.families[i]
            if not family and (is_view(graph, op) or op.type in _DEQUANTIZES):
                source = root.get(op.inputs[0], op.inputs[0])
                for out in op.outputs:
                    root[out] = source
            names = tuple(dict.fromkeys([root.get(n, n) for n in graph.reads(op)]))
            reads.append(names)
            for name in names if family else ():
                readers.setdefault(name, []).append(i)
        self.reads: Sequence[tuple[str, ...]] = reads
        self.root: Mapping[str, str] = root
        self.readers: Mapping[str, Sequence[int]] = readers
        self._sizes: dict[tuple[int, int], Sizes] = {}

    def sizes(self, bits: int, row: int) -> Sizes:
        """What values take on a unit that holds floats in `bits` and rounds rows up: shared by units that do alike."""
        found = self._sizes.get((bits, row))
        if found is None:
            found = self._sizes[bits, row] = Sizes(self.graph, bits, row)
        return found

    def _precision(self, op: Op) -> str:
        if not op.outputs:
            return ""
        value = self.graph.values[op.outputs[0]]
        if is_marked(value) or not self._dequantised.isdisjoint(op.inputs):
            return "int8"
        return precision_of(value.dtype, self.computed)


def precision_of(dtype: DType | None, computed: str) -> str:
    """What a value is computed in: `computed` for floats unless that is `model`; empty for indices and truth values."""
    if dtype is None:
        return ""
    if dtype.is_float:
        return computed if computed != "model" and dtype.bits >= 16 else dtype.label
    return {8: "int8", 16: "int16", 4: "int4"}.get(dtype.bits, "") if dtype is not DType.BOOL else ""


def _is_byte(value: Value) -> bool:
    return value.dtype is not None and not value.dtype.is_float and value.dtype.bits == 8
