"""Conditions on convolutions, matrix products and activations."""

from __future__ import annotations

from math import prod

from edgeplan.capability.predicates.onnxruntime_coreml.read import input_at, known, numbers
from edgeplan.graph import Op, Value

__all__ = [
    "clip_bounds_meet",
    "gemm_bias_not_a_row",
    "kernel_shape_off_weight",
    "long_conv_axis",
    "pads_left_out",
    "pads_unevenly",
    "prelu_one_slope_one_channel",
    "prelu_open_channels",
    "prelu_slope_shape",
]

LONGEST = 16384
"""The longest axis the provider gives Core ML (helper.cc, which points to coremltools issue 1003)."""


def long_conv_axis(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """An axis of the input, the weight or the output of a convolution is longer than 16384."""
    return any(d > LONGEST for v in (*inputs[:2], *outputs) for d in known(v.shape))


def kernel_shape_off_weight(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """The attribute kernel_shape is not the spatial shape of the weight."""
    given, weight = op.attrs.get("kernel_shape"), inputs[1].shape
    if not isinstance(given, tuple):
        return False
    if weight is None or any(not isinstance(d, int) for d in weight[2:]):
        return None
    return given != tuple(weight[2:])


def pads_unevenly(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """The pads are given and are not all the same."""
    pads = op.attrs.get("pads")
    return op.attrs.get("auto_pad", "NOTSET") == "NOTSET" and isinstance(pads, tuple) and len(set(pads)) > 1


def gemm_bias_not_a_row(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """The input C is neither a scalar nor of shape {1}, {N} or {1, N}, N being the columns of the result."""
    bias, weight = input_at(op, inputs, "C"), input_at(op, inputs, "B")
    if bias is None:
        return False
    if bias.shape is None or weight is None or weight.shape is None or len(weight.shape) != 2:
        return None
    columns = weight.shape[0] if op.attrs.get("transB") else weight.shape[1]
    return bias.shape not in ((), (1,), (columns,), (1, columns))


def clip_bounds_meet(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """The least value of a Clip equals its largest."""
    low, high = numbers(op, inputs, "min"), numbers(op, inputs, "max")
    low = low or ((op.attrs["min"],) if isinstance(op.attrs.get("min"), int | float) else None)  # type: ignore[assignment]
    high = high or ((op.attrs["max"],) if isinstance(op.attrs.get("max"), int | float) else None)  # type: ignore[assignment]
    return bool(low) and bool(high) and low == high


def prelu_slope_shape(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """The slope has more than one element and is not of shape [C, 1, 1]."""
    slope = inputs[1].shape
    if slope is None or any(not isinstance(d, int) for d in slope):
        return None
    return prod(known(slope)) != 1 and (len(slope) != 3 or slope[1:] != (1, 1))


def prelu_one_slope_one_channel(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """The slope has one element, and so has the third axis from the end of the input."""
    x, slope = inputs[0].shape, inputs[1].shape
    if x is None or slope is None or len(x) < 3:
        return None if x is None or slope is None else False
    return prod(known(slope)) == 1 and x[-3] == 1


def prelu_open_channels(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """The third axis from the end of the input has no known size."""
    shape = inputs[0].shape
    return shape is not None and len(shape) >= 3 and not isinstance(shape[-3], int)


def pads_left_out(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """Neither pads nor a kind of automatic padding is given."""
    return op.attrs.get("auto_pad", "NOTSET") == "NOTSET" and "pads" not in op.attrs
