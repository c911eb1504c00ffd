"""Products of integers: MatMulInteger and ConvInteger, computed in reals."""

from __future__ import annotations

from edgeplan.graph import DType, Op
from edgeplan.lower.attributes import integer
from edgeplan.lower.shapes import size
from edgeplan.lower.tflite.algebra import binary, matmul, unary
from edgeplan.lower.tflite.builder import Builder
from edgeplan.lower.tflite.convert import cast
from edgeplan.lower.tflite.layout import Layout, channels_last
from edgeplan.lower.tflite.registry import lowers
from edgeplan.lower.tflite.window import padded, padding_of, window

__all__ = ["conv_integer", "matmul_integer"]


def _real(b: Builder, x: str) -> str:
    """A tensor of integers as reals: a constant rewritten, or CAST."""
    if b.is_weight(x):
        return b.weight(b.scalar(0.0), b.shape(x))
    return cast(b, x, DType.FLOAT32)


@lowers("MatMulInteger")
def matmul_integer(op: Op, b: Builder) -> bool:
    """MatMulInteger(A, B, a_zero_point, b_zero_point) -> CAST to float32, SUB of the zero points, BATCH_MATMUL,
    ROUND, CAST.

    Source: onnx2tf `tflite_builder/op_builders/fc.py` build_matmul_integer_op (float32 is its default).
    """
    left, right = op.input("A"), op.input("B")
    if left is None or right is None or (b.rank(left) or 0) < 2 or (b.rank(right) or 0) < 2:
        return False
    zeros = op.input("a_zero_point"), op.input("b_zero_point")
    if zeros[0] is not None and b.rank(zeros[0]) and b.rank(left) != 2:
        return False
    parts: list[str] = []
    for i, (x, zero) in enumerate(zip((left, right), zeros, strict=True)):
        y = _real(b, x)
        if zero is not None and not (b.is_weight(x) and b.is_weight(zero)):
            z = _real(b, zero)
            rows = size(b.shape(left), 0)
            column = not i and rows not in (None, 1) and b.shape(zero) == (rows,)
            y = binary(b, "SUB", y, b.reshape(z, (rows, 1)) if column else z)
        parts.append(y)
    whole = unary(b, "ROUND", matmul(b, *parts))
    cast(b, whole, b.value(op.outputs[0]).dtype or DType.INT32, to=op.outputs[0])
    return True


def _convolved(op: Op, b: Builder, x: str, w: str) -> str | None:
    """CONV_2D or DEPTHWISE_CONV_2D of a tensor [n,h,w,c] of reals with an ONNX filter; None without a form."""
    shape, kernel = b.shape(x), b.shape(w)
    groups = integer(op, "group", 1)
    if shape is None or kernel is None or len(shape) != 4 or len(kernel) != 4:
        return None
    win = window(op, [size(kernel, 2), size(kernel, 3)], shape[1:3])
    filters, each = size(kernel, 0), size(kernel, 1)
    if win is None or groups is None or filters is None or each is None or groups < 1:
        return None
    alone = groups > 1 and each == 1
    if groups > 1 and not alone or filters % groups:
        return None
    padding = padding_of(win, shape[1:3])
    x = x if padding is not None else padded(b, x, win.pads or ())
    order = (1, kernel[2], kernel[3], filters) if alone else (filters, kernel[2], kernel[3], each)
    inputs = {"input": x, "filter": b.weight(x, order), "bias": b.weight(x, (filters,), "bias")}
    attrs = win.attrs(padding or "VALID", dilated=True)
    if alone:
        attrs["depth_multiplier"] = filters // groups
    kind = "DEPTHWISE_CONV_2D" if alone else "CONV_2D"
    out = b.shape(op.outputs[0]) or (None,) * 4
    return b.emit(kind, inputs, (out[0], out[2], out[3], out[1]), attrs=attrs)


@lowers("ConvInteger", layout=Layout.LAST)
def conv_integer(op: Op, b: Builder) -> bool:
    """ConvInteger(x, const w, x_zero_point, w_zero_point) -> CAST to float32, SUB, CONV_2D, CAST.

    Source: onnx2tf `tflite_builder/op_builders/conv_integer.py` build_conv_integer_op: images only, groups only of one
    channel each.
    """
    x, w, zero = op.input("x"), op.input("w"), op.input("x_zero_point")
    if x is None or w is None or b.rank(x) != 4 or not b.is_weight(w) or not _has_form(op, b, w):
        return False
    if b.rank(op.outputs[0]) not in (None, 4):
        return False
    y = _real(b, b.last(x))
    if zero is not None:
        y = binary(b, "SUB", y, _real(b, zero))
    made = _convolved(op, b, y, w)
    if made is None:
        return False
    cast(b, made, b.value(op.outputs[0]).dtype or DType.INT32, to=op.outputs[0], order=channels_last(4))
    return True


def _has_form(op: Op, b: Builder, w: str) -> bool:
    kernel, groups = b.shape(w), integer(op, "group", 1)
    if kernel is None or len(kernel) != 4 or groups is None or not all(isinstance(d, int) for d in kernel):
        return False
    win = window(op, [size(kernel, 2), size(kernel, 3)], (None, None))
    count = size(kernel, 0) or 0
    return win is not None and groups >= 1 and count % groups == 0 and (groups == 1 or kernel[1] == 1)
