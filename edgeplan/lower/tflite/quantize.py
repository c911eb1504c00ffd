"""Integers that stand for reals: QUANTIZE and DEQUANTIZE, whose scales are the tensors' own in a file."""

from __future__ import annotations

from edgeplan.graph import DType, Op
from edgeplan.lower.attributes import integer, port
from edgeplan.lower.tflite.algebra import binary, reduce, step, unary
from edgeplan.lower.tflite.builder import Builder
from edgeplan.lower.tflite.convert import cast
from edgeplan.lower.tflite.fused import only_reader
from edgeplan.lower.tflite.layout import NATIVE, Layout, Order
from edgeplan.lower.tflite.operands import common_order
from edgeplan.lower.tflite.registry import lowers

__all__ = ["dequantize", "dynamic_quantize", "quantize"]

_STORED = frozenset({DType.INT8, DType.UINT8, DType.INT16, DType.INT4})
"""The types that QUANTIZE writes or DEQUANTIZE reads.

Source: LiteRT `tflite/kernels/quantize.cc` Prepare, `dequantize.cc` Prepare.
"""


def _fixed(op: Op, b: Builder) -> bool:
    """True when scale and zero point are constants, one or one a channel; those of blocks have no form."""
    given = [port(op, name, slot) for slot, name in ((1, "scale"), (2, "zero_point"))]
    scale = op.inputs[1] if len(op.inputs) > 1 else given[0]
    if scale is None or not all(b.value(n).const for n in op.inputs[1:]) or integer(op, "block_size", 0) != 0:
        return False
    return (b.rank(scale) or 0) <= 1


@lowers("QuantizeLinear", "com.microsoft.QuantizeLinear", layout=Layout.ANY)
def quantize(op: Op, b: Builder) -> bool:
    """QuantizeLinear(x, const y_scale, const y_zero_point) -> QUANTIZE(input); the scale is the output's own.

    Source: onnx2tf `tflite_builder/op_builders/quantize_linear.py` build_quantize_linear_op (scales known only at run
    time are refused there). Types that the kernel does not write have no lowering.
    """
    if not 2 <= len(op.inputs) <= 3 or not _fixed(op, b) or b.value(op.outputs[0]).dtype not in _STORED - {DType.INT4}:
        return False
    x, out = op.inputs[0], op.outputs[0]
    order = common_order(b, (x,), out)
    step(b, "QUANTIZE", [b.ordered(x, order)], to=out, order=order)
    return True


@lowers("DequantizeLinear", "com.microsoft.DequantizeLinear", layout=Layout.ANY)
def dequantize(op: Op, b: Builder) -> bool:
    """DequantizeLinear(x, const x_scale, const x_zero_point) -> DEQUANTIZE(input); the scale is the input's own.

    A constant of another type, such as an int32 bias or a weight in blocks, becomes a constant of reals.
    Source: onnx2tf `tflite_builder/op_builders/quantize_linear.py` build_dequantize_linear_op.
    """
    if not 2 <= len(op.inputs) <= 3:
        return False
    x, out = op.inputs[0], op.outputs[0]
    fits = _fixed(op, b) and b.value(x).dtype in _STORED
    if fits:
        order = _filter_order(b, out) if b.is_weight(x) else common_order(b, (x,), out)
        step(b, "DEQUANTIZE", [b.ordered(x, order)], to=out, order=order)
    elif all(b.is_weight(n) for n in op.inputs):
        b.adopt(out, b.weight(b.scalar(0.0, b.value(out).dtype), b.shape(out)))
    else:
        return False
    return True


def _filter_order(b: Builder, out: str) -> Order:
    """The order in which a convolution that alone reads a weight wants it, so that nothing turns it at run time."""
    reader = only_reader(b, out)
    shape = b.shape(out)
    if reader is None or reader.label != "Conv" or reader.inputs[1:2] != (out,) or shape is None or len(shape) != 4:
        return NATIVE
    return (1, 2, 3, 0) if shape[1] == 1 and integer(reader, "group", 1) != 1 else (0, 2, 3, 1)


@lowers("DynamicQuantizeLinear")
def dynamic_quantize(op: Op, b: Builder) -> bool:
    """DynamicQuantizeLinear(x) -> its arithmetic in reals.

    The range by REDUCE_MAX of x and of NEG(x), MINIMUM, RELU, SUB, MUL; the zero point by DIV, NEG, RELU, MINIMUM,
    ROUND, CAST; x by DIV, ROUND, ADD, RELU, MINIMUM, CAST.
    Source: onnx2tf `tflite_builder/op_builders/dynamic_quantize.py` build_dynamic_quantize_linear_op.
    """
    rank = b.rank(op.inputs[0]) if len(op.inputs) == 1 else None
    if rank is None or len(op.outputs) != 3:
        return False
    x, (y, y_scale, y_zero) = b.native(op.inputs[0]), op.outputs
    axes = range(rank)
    low = unary(b, "NEG", reduce(b, "REDUCE_MAX", unary(b, "NEG", x), axes, keep=False))
    high = reduce(b, "REDUCE_MAX", x, axes, keep=False)
    low, high = binary(b, "MINIMUM", low, 0.0), binary(b, "MAXIMUM", high, 0.0)
    span = binary(b, "MUL", binary(b, "SUB", high, low), 1 / 255)
    scale = binary(b, "MAXIMUM", span, 1e-12, to=y_scale)

    def rounded(value: str) -> str:
        return binary(b, "MINIMUM", binary(b, "MAXIMUM", value, 0.0), 255.0)

    zero = unary(b, "ROUND", rounded(unary(b, "NEG", binary(b, "DIV", low, scale))))
    cast(b, cast(b, zero, DType.INT32), DType.UINT8, to=y_zero)
    levels = binary(b, "ADD", unary(b, "ROUND", binary(b, "DIV", x, scale)), zero)
    cast(b, cast(b, rounded(levels), DType.INT32), DType.UINT8, to=y)
    return True
