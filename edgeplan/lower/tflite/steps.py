"""Chains of elementwise ops that stand for one ONNX op, all in one axis order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

from edgeplan.graph import Attr, DType, Op, Shape
from edgeplan.lower.shapes import broadcast
from edgeplan.lower.tflite.builder import Builder
from edgeplan.lower.tflite.high_rank import Merged, merged_axes, with_axes
from edgeplan.lower.tflite.operands import common_order, operand
from edgeplan.tflite_ops import operands

__all__ = ["Steps"]


class Steps:
    """The lowering of an elementwise op: `inputs` are its operands as tensors of one order; calling adds an op."""

    def __init__(self, op: Op, b: Builder, *names: str) -> None:
        """`names` are the operands, by default all the inputs of the op."""
        given = names or op.inputs
        self.b = b
        self.out = op.outputs[0]
        self.order = common_order(b, given, self.out)
        self.rank = rank = b.rank(self.out) or 0
        self.inputs = tuple([operand(b, n, self.order, rank) for n in given])

    def __call__(
        self,
        type: str,
        *given: str | float,
        last: bool = False,
        to: str | None = None,
        dtype: DType | None = None,
        attrs: Mapping[str, Attr] | None = None,
    ) -> str:
        """Add an op of these operands; a number is a constant in the type of the first operand that is a tensor.

        The last op makes the source op's output, or `to` when another op is fused into it.
        """
        b = self.b
        like = next(g for g in given if isinstance(g, str))
        names = [g if isinstance(g, str) else b.like(like, g) for g in given]
        fewer = merged_axes(b, type, names) if self.rank > 4 else None
        if fewer is not None:
            return self._on_fewer(type, names, fewer, to or self.out if last else None, dtype, attrs)
        inputs = dict(zip(_operands(type), names, strict=False))
        if last:
            return b.emit(type, inputs, to=to or self.out, order=self.order, attrs=attrs)
        return b.emit(type, inputs, self._shape(names), dtype=dtype, attrs=attrs)

    def _shape(self, names: Sequence[str]) -> Shape:
        return broadcast(*(self.b.shape(n) for n in names))

    def _on_fewer(
        self,
        type: str,
        names: Sequence[str],
        shapes: Merged,
        to: str | None,
        dtype: DType | None,
        attrs: Mapping[str, Attr] | None,
    ) -> str:
        """The op on operands of fewer axes, and its result under the shape that it should have."""
        b = self.b
        given = [with_axes(b, name, small) for name, small in zip(names, shapes, strict=False)]
        kind = dtype if to is None else b.value(to).dtype
        made = b.emit(type, dict(zip(_operands(type), given, strict=False)), shapes[-1], dtype=kind, attrs=attrs)
        made = b.reshape(made, self._shape(names))
        if to is not None:
            b.adopt(to, made, self.order)
        return made


@lru_cache(maxsize=256)
def _operands(type: str) -> tuple[str, ...]:
    return operands(type)
