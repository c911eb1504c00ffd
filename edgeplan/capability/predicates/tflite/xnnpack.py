"""Conditions of XNNPACK's rows; some hold of the GPU as well."""

from __future__ import annotations

from edgeplan.capability.predicates.tflite.operands import number, port
from edgeplan.graph import DType, Op, Value

__all__ = [
    "deconv_stride_beyond_filter",
    "eight_bits_without_one_scale",
    "empty_tensor",
    "fewer_channels_than_filter",
    "neither_8_bits_nor_half_weights",
    "not_two_to_five_inputs",
    "slice_bounds_computed",
    "slice_changes_rank",
    "stride_beyond_window",
]

_WEIGHTS = frozenset({"filter", "weights", "bias"})
"""Ports whose tensors may have a scale a channel."""

_BYTES = frozenset({DType.INT8, DType.UINT8})


def eight_bits_without_one_scale(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """An 8-bit tensor other than a weight is not quantised, or has more scales than one."""
    data = [v for p, v in zip(op.ports, inputs, strict=True) if p not in _WEIGHTS]
    if op.type == "BATCH_MATMUL" and data[0].dtype not in _BYTES:
        data = data[:1]  # beside floats the second factor may have a scale a column
    if op.type == "DEQUANTIZE" and data[0].const and data[0].quantization != "":
        return False  # weights: they are unpacked before the model runs
    found = {v.quantization for v in (*data, *outputs) if v.dtype in _BYTES}
    if op.version == 0:
        found.discard("")  # no op of a file: a lowered graph does not say how its tensors are quantised
    return bool(found - {"per-tensor"})


def neither_8_bits_nor_half_weights(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """What the op dequantises is neither an 8-bit integer nor a float16 constant."""
    data = inputs[0]
    return not (data.dtype in (DType.INT8, DType.UINT8) or (data.dtype is DType.FLOAT16 and data.const))


def stride_beyond_window(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """A stride of the pool is larger than its window in that direction."""
    return number(op, "stride_h") > number(op, "filter_height") or number(op, "stride_w") > number(op, "filter_width")


def deconv_stride_beyond_filter(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """A stride of the transposed convolution is larger than its filter in that direction."""
    weights = port(op, inputs, "weights")
    if weights is None or weights.shape is None or len(weights.shape) != 4:
        return None
    strides = number(op, "stride_h"), number(op, "stride_w")
    sizes = weights.shape[1:3]
    if any(isinstance(s, int) and stride > s for stride, s in zip(strides, sizes, strict=True)):
        return True
    return False if all(isinstance(s, int) for s in sizes) else None


def fewer_channels_than_filter(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """The convolution's data has fewer channels than one filter reads: a converter's shape that is not the real one."""
    weights = port(op, inputs, "filter")
    if weights is None or not weights.shape or not inputs[0].shape:
        return None
    have, need = inputs[0].shape[-1], weights.shape[-1]
    return have < need if isinstance(have, int) and isinstance(need, int) else None


def not_two_to_five_inputs(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """The op joins fewer than two or more than five tensors."""
    return not 2 <= len(inputs) <= 5


def slice_bounds_computed(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """The begin, the end or the strides of the slice are not constants."""
    return any(not v.const for p, v in zip(op.ports, inputs, strict=True) if p in ("begin", "end", "strides"))


def slice_changes_rank(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """The slice has an ellipsis, new-axis or shrink-axis mask."""
    return any(number(op, mask) for mask in ("ellipsis_mask", "new_axis_mask", "shrink_axis_mask"))


def empty_tensor(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """A tensor of the op has an axis of size zero; free axes are taken to be none."""
    return any(v.elements == 0 for v in (*inputs, *outputs))
