"""Conditions of the rows about the Hexagon delegate and the Edge TPU."""

from __future__ import annotations

from edgeplan.capability.predicates.tflite.operands import number
from edgeplan.graph import Op, Value

__all__ = [
    "more_than_three_axes",
    "stride_beyond_three",
    "uneven_dilation",
]


def stride_beyond_three(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """A stride of the convolution is larger than three."""
    return max(number(op, "stride_h"), number(op, "stride_w")) > 3


def uneven_dilation(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """The convolution dilates one direction more than the other."""
    return number(op, "dilation_h_factor") != number(op, "dilation_w_factor")


def more_than_three_axes(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """A computed tensor has an axis in front of its last three whose size is not one."""
    leading = [v.shape[:-3] if v.shape is not None else None for v in (*inputs, *outputs) if not v.const]
    if any(isinstance(d, int) and d != 1 for axes in leading if axes is not None for d in axes):
        return True
    return None if any(axes is None or any(not isinstance(d, int) for d in axes) for axes in leading) else False
