"""Conditions under which a builtin kernel fails to prepare."""

from __future__ import annotations

from edgeplan.graph import Op, Value

__all__ = ["joins_more_than_ten", "squeezes_no_such_axis"]

_JOINED = 10


def joins_more_than_ten(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """More than ten tensors are joined."""
    return len(inputs) > _JOINED


def squeezes_no_such_axis(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """The op takes away an axis that its input does not have, or one of another size than one; free axes are of one."""
    shape, axes = inputs[0].shape, op.attrs.get("squeeze_dims", ())
    if shape is None or not isinstance(axes, tuple):
        return None
    rank = len(shape)
    found = [int(a) for a in axes if isinstance(a, int)]
    return any(not -rank <= a < rank or (isinstance(shape[a], int) and shape[a] != 1) for a in found)
