"""What the conditions of the TensorRT rows ask of an op: a port, a size, a list of numbers."""

from __future__ import annotations

from collections.abc import Sequence

from edgeplan.graph import Attr, Dim, Op, Shape, Value

__all__ = ["at", "numbers", "size"]


def at(op: Op, inputs: Sequence[Value], port: str) -> Value | None:
    """The value at a port, or None when the op has no such input."""
    return next((v for p, v in zip(op.ports, inputs, strict=True) if p == port), None)


def size(shape: Shape, axis: int) -> Dim:
    """The size of an axis, None when the shape has no such axis or is not known."""
    return shape[axis] if shape is not None and -len(shape) <= axis < len(shape) else None


def numbers(attr: Attr | None) -> tuple[int, ...]:
    """An attribute that is a list of whole numbers; empty when it is absent."""
    return tuple(a for a in attr if isinstance(a, int)) if isinstance(attr, tuple) else ()
