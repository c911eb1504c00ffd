"""An op as its kernel sees it while it is prepared: shapes, types, and where its operands lie."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from edgeplan.graph import DType, Op, Value

__all__ = ["Call", "Home", "Temporary", "UnknownSizeError"]

Home = Literal["file", "ready", "arena", "persistent", "late", "heap", "outside"]
"""Where a tensor lies: in the model's file; on the heap with its contents known before the model runs; in the arena; in
the arena of what outlives a call; in the arena, but of a shape that only the run tells; on the heap, sized while the
model runs; in another graph's memory.

These are kTfLiteMmapRo, PersistentRo, ArenaRw, ArenaRwPersistent, ArenaRw of kTfLiteOutputShapeNotKnown, Dynamic and
Custom. Source: google-ai-edge/LiteRT@f67457790, tflite/core/c/common.h, TfLiteAllocationType.
"""


class UnknownSizeError(Exception):
    """A kernel's memory hangs on a size that the model leaves open."""


@dataclass(frozen=True, slots=True)
class Temporary:
    """Bytes that a kernel asks for beside its operands: in the arena while it runs, or elsewhere for good."""

    size: int
    home: Literal["arena", "persistent", "heap"] = "arena"


@dataclass(frozen=True, slots=True)
class Call:
    """An op with its values and their homes."""

    op: Op
    values: Mapping[str, Value]
    homes: Mapping[str, Home]

    def has(self, port: str) -> bool:
        """Whether the operand is there."""
        return port in self.op.ports

    def value(self, port: str) -> Value:
        """The operand. Raises `UnknownSizeError` when it is left out."""
        name = self.op.input(port)
        if name is None:
            raise UnknownSizeError
        return self.values[name]

    def home(self, port: str) -> Home:
        """Where the operand lies."""
        return self.homes[self.value(port).name]

    def ready(self, *ports: str) -> bool:
        """Whether the contents of these operands are known before the model runs; of those that are there."""
        return all(self.homes.get(n) in ("file", "ready") for n, p in self._operands() if not ports or p in ports)

    def dims(self, port: str) -> tuple[int, ...]:
        """The operand's sizes. Raises `UnknownSizeError` while one is open."""
        return _sizes(self.value(port))

    @property
    def result(self) -> tuple[int, ...]:
        """The sizes of the first output. Raises `UnknownSizeError` while one is open."""
        return _sizes(self.values[self.op.outputs[0]])

    def width(self, port: str) -> int:
        """Bytes of an element. Raises `UnknownSizeError` when the type is not known."""
        dtype = self.value(port).dtype
        if dtype is None:
            raise UnknownSizeError
        return max(dtype.bits // 8, 1)

    def hybrid(self, data: str, weights: str, *types: DType) -> bool:
        """Whether floats meet quantised weights: the kernel quantises its input first."""
        stored = self.value(weights).dtype
        return self.value(data).dtype is DType.FLOAT32 and stored in (types or (DType.UINT8, DType.INT8))

    def number(self, name: str, default: int = 1) -> int:
        """An option that is a whole number."""
        found = self.op.attrs.get(name, default)
        return found if isinstance(found, int) else default

    def numbers(self, name: str) -> tuple[int, ...]:
        """An option that is a list of whole numbers."""
        found = self.op.attrs.get(name, ())
        return tuple(n for n in found if isinstance(n, int)) if isinstance(found, tuple) else ()

    def _operands(self) -> zip[tuple[str, str]]:
        return zip(self.op.inputs, self.op.ports, strict=True)


def _sizes(value: Value) -> tuple[int, ...]:
    if value.sizes is None:
        raise UnknownSizeError
    return value.sizes
