"""How many bytes values take as a unit holds them."""

from __future__ import annotations

from functools import lru_cache

from edgeplan.graph import Graph, Op, Value
from edgeplan.units import round_up

__all__ = ["Sizes", "is_marked", "reads_partly"]


class Sizes:
    """Bytes of a graph's values where floats take at most `bits` (0: as stored), the last axis whole `row` bytes.

    The rows of weights are not rounded up.
    """

    def __init__(self, graph: Graph, bits: int, row: int) -> None:
        self._values = graph.values
        self._bits = bits
        self._row = row
        self._known: dict[str, int] = {}

    def whole(self, name: str) -> int:
        """Of a whole value; 0 while its shape or type is unknown."""
        found = self._known.get(name)
        if found is None:
            value = self._values[name]
            found = self._known[name] = self._held(value, 1 if value.const else self._row)
        return found

    def part(self, op: Op, name: str) -> int:
        """What a lookup or a slice reads of a value: no more than it hands on."""
        row = 1 if self._values[name].const else self._row
        return min(self.whole(name), sum(self._held(self._values[o], row) for o in op.outputs))

    def _held(self, value: Value, row: int) -> int:
        if value.dtype is None or value.elements is None:
            return 0
        bits = value.dtype.bits
        width = 8 if is_marked(value) else self._bits if 0 < self._bits < bits and value.dtype.is_float else bits
        sizes = value.sizes if row > 1 else ()
        if not sizes:
            return (value.elements * width + 7) // 8
        last = max(sizes[-1], 1)
        return value.elements // last * round_up((last * width + 7) // 8, row)


def is_marked(value: Value) -> bool:
    """Whether floats stand for 8 bits between a quantize and a dequantize, as Core ML's models are written."""
    return bool(value.quantization) and not value.const and value.dtype is not None and value.dtype.is_float


def reads_partly(op: Op) -> bool:
    """Whether an op reads of a value only what it hands on, as a lookup or a slice does."""
    return _is_partial(op.type)


@lru_cache(maxsize=1024)
def _is_partial(label: str) -> bool:
    return label.lower().startswith(("gather", "slice", "strided", "split"))
