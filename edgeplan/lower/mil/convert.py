"""Changes of element type: Cast, quantize and dequantize."""

from __future__ import annotations

from edgeplan.graph import Attr, DType, Op
from edgeplan.lower.attributes import integer
from edgeplan.lower.mil.builder import Builder
from edgeplan.lower.mil.constants import cast, dtype_name
from edgeplan.lower.mil.registry import lowers
from edgeplan.lower.neighbours import producer
from edgeplan.lower.shapes import permuted

__all__ = ["convert", "dequantize", "quantize", "transposed_weight"]

_BYTES = (DType.INT8, DType.UINT8)


@lowers("Cast", "CastLike")
def convert(op: Op, b: Builder) -> bool:
    """Cast(input) -> cast(x, dtype); between types that are one in MIL (int64 to int32, and so on) -> identity."""
    if not op.inputs:
        return False
    x, wanted = op.inputs[0], b.value(op.outputs[0]).dtype
    if wanted is None or dtype_name(wanted) is None or b.value(x).dtype in (None, DType.STRING):
        return False
    if b.value(x).dtype is wanted:
        b.emit("identity", {"x": x}, to=op.outputs[0])
    else:
        cast(b, x, wanted, to=op.outputs[0])
    return True


def _axis(op: Op, b: Builder) -> dict[str, Attr] | None:
    """`axis` of a scale for every channel, nothing for one scale; None when the scale is neither."""
    scale, axis = b.shape(op.inputs[1]), integer(op, "axis", 1)
    rank = b.rank(op.inputs[0])
    if scale is None or axis is None or len(scale) > 1 or integer(op, "block_size", 0) != 0:
        return None
    if not scale or scale == (1,):
        return {}
    return None if rank is None or not -rank <= axis < rank else {"axis": axis % rank}


@lowers("QuantizeLinear")
def quantize(op: Op, b: Builder) -> bool:
    """QuantizeLinear(x, y_scale, y_zero_point) -> quantize(input, scale, zero_point, output_dtype, axis), to 8 bits."""
    attrs = _axis(op, b) if 2 <= len(op.inputs) <= 3 else None
    wanted = b.value(op.outputs[0]).dtype
    if attrs is None or wanted not in _BYTES or not all(b.value(n).const for n in op.inputs[1:]):
        return False
    inputs = dict(zip(("input", "scale", "zero_point"), op.inputs, strict=False))
    b.emit("quantize", inputs, to=op.outputs[0], attrs={**attrs, "output_dtype": dtype_name(wanted) or ""})
    return True


def _expansion(op: Op, b: Builder) -> tuple[str, tuple[str, ...], dict[str, Attr]] | None:
    """The constexpr op of a quantised constant, with its ports and attributes; None when there is none."""
    if not 2 <= len(op.inputs) <= 3 or not all(b.value(n).const for n in op.inputs):
        return None
    kind, attrs, blocked = b.value(op.inputs[0]).dtype, _axis(op, b), integer(op, "block_size", 0)
    if blocked is not None and (blocked > 0 or kind in (DType.INT4, DType.UINT4)):
        return "constexpr_blockwise_shift_scale", ("data", "scale", "offset"), attrs or {}
    if attrs is None or kind not in _BYTES:
        return None
    return "constexpr_affine_dequantize", ("quantized_data", "scale", "zero_point"), {"axis": 0, **attrs}


@lowers("DequantizeLinear")
def dequantize(op: Op, b: Builder) -> bool:
    """DequantizeLinear(x, x_scale, x_zero_point) -> dequantize(input, scale, zero_point, axis).

    Of a constant of 8 bits -> constexpr_affine_dequantize(quantized_data, scale, zero_point, axis); in blocks or of 4
    bits -> constexpr_blockwise_shift_scale(data, scale, offset); of any other constant -> a constant of floats.
    """
    found = _expansion(op, b)
    if found is not None:
        kind, ports, attrs = found
        _expand(b, kind, dict(zip(ports, _with_zero(b, op.inputs), strict=True)), attrs, op.outputs[0])
        return True
    axis = _axis(op, b) if 2 <= len(op.inputs) <= 3 else None
    if axis is None or not all(b.value(n).const for n in op.inputs[1:]):
        return False
    x = op.inputs[0]
    if b.value(x).const:
        b.emit("identity", {"x": b.weight(op.outputs[0], b.shape(x))}, to=op.outputs[0])
    elif b.value(x).dtype in _BYTES:
        inputs = dict(zip(("input", "scale", "zero_point"), op.inputs, strict=False))
        b.emit("dequantize", inputs, to=op.outputs[0], attrs=axis)
    else:
        return False
    return True


def transposed_weight(b: Builder, w: str) -> str:
    """A constant [K, N] -> a new constant [N, K]; a quantised one stays quantised, its constexpr op is made anew.

    Source: coremltools' pass merge_affine_dequantize_with_consecutive_ops.
    """
    turned = _turned(b, w)
    before = producer(b, w)
    found = _expansion(before, b) if before is not None and before.label == "DequantizeLinear" else None
    if before is not None and found is not None:
        kind, ports, attrs = found
        inputs = [_turned(b, n) if b.rank(n) == 2 else n for n in _with_zero(b, before.inputs)]
        axis = attrs.get("axis")
        flipped: dict[str, Attr] = {"axis": 1 - axis} if isinstance(axis, int) and b.rank(inputs[1]) == 1 else attrs
        _expand(b, kind, dict(zip(ports, inputs, strict=True)), flipped, turned)
    return turned


def _expand(b: Builder, kind: str, inputs: dict[str, str], attrs: dict[str, Attr], to: str) -> None:
    """The constexpr op; one that is by blocks wants scales and offsets of the rank of its data, and no axis.

    What it makes is marked where scales lie along two axes: the Neural Engine reads no weight by blocks.
    """
    if kind == "constexpr_blockwise_shift_scale":
        rank, axis = b.rank(inputs["data"]), attrs.get("axis")
        for port in ("scale", "offset"):
            shape = b.shape(inputs[port])
            if rank is not None and shape is not None and len(shape) < rank:
                count = shape[0] if shape and isinstance(axis, int) else 1
                wide = tuple(count if i == axis else 1 for i in range(rank))
                inputs[port] = b.weight(inputs[port], wide, port)
        attrs = {}
    b.emit(kind, inputs, to=to, attrs=attrs)
    if kind == "constexpr_blockwise_shift_scale" and sum(size != 1 for size in b.shape(inputs["scale"]) or ()) > 1:
        b.mark(to, "per-block")


def _with_zero(b: Builder, inputs: tuple[str, ...]) -> tuple[str, ...]:
    """Data, scale and zero point, which is zeros of the scale's shape where ONNX leaves it out."""
    data, scale, *zero = inputs
    return (data, scale, zero[0] if zero else b.weight(data, b.shape(scale), "zero_point"))


def _turned(b: Builder, name: str) -> str:
    return b.weight(name, permuted(b.shape(name), (1, 0)))
