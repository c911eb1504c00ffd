"""The small ops that decompositions are written in: operands by position, the shape and the type of the result told."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

from edgeplan.graph import Attr, Dim, DType, Scalar, Shape
from edgeplan.lower.shapes import broadcast, reduced, replaced, reshape_target, static
from edgeplan.lower.tflite.builder import Builder
from edgeplan.lower.tflite.convert import cast, whole_numbers
from edgeplan.lower.tflite.layout import NATIVE, Order
from edgeplan.lower.tflite.runtime import Size, dimension, shape_of, shape_operand
from edgeplan.lower.tflite.window import grown
from edgeplan.tflite_ops import operands

__all__ = [
    "binary", "chain", "concat", "extent", "int32", "matmul", "padded", "reduce", "reshaped", "scalar_of", "sliced",
    "softmax", "squeezed", "step", "unary", "vector_of",
]  # fmt: skip

_TESTS = frozenset({"EQUAL", "NOT_EQUAL", "LESS", "LESS_EQUAL", "GREATER", "GREATER_EQUAL"})


def step(
    b: Builder,
    type: str,
    inputs: Sequence[str | None],
    shape: Shape = None,
    *,
    to: str | None = None,
    dtype: DType | None = None,
    order: Order = NATIVE,
    **options: Attr,
) -> str:
    """One op, its operands in the schema's order; None for an optional one that is absent."""
    named = dict(zip(operands(type), inputs, strict=False))
    return b.emit(type, named, shape, to=to, dtype=dtype, attrs=options, order=order)


def unary(b: Builder, type: str, x: str, to: str | None = None, order: Order = NATIVE) -> str:
    """An elementwise op of one tensor."""
    return step(b, type, [x], b.shape(x), to=to, order=order)


def chain(b: Builder, x: str, *types: str) -> str:
    """Elementwise ops of one tensor, one behind the other."""
    for kind in types:
        x = unary(b, kind, x)
    return x


def binary(b: Builder, type: str, x: str, y: str | float, to: str | None = None) -> str:
    """An elementwise op of two tensors that broadcast; a number stands for a constant in the type of `x`.

    The MAXIMUM of reals with zero is RELU, as onnx2tf leaves it.
    """
    if type == "MAXIMUM" and not isinstance(y, str) and y == 0 and b.value(x).dtype is DType.FLOAT32:
        return unary(b, "RELU", x, to=to)
    other = y if isinstance(y, str) else b.like(x, _number(b, x, y))
    dtype = DType.BOOL if type in _TESTS else b.value(x).dtype
    return step(b, type, [x, other], broadcast(b.shape(x), b.shape(other)), to=to, dtype=dtype)


def _number(b: Builder, like: str, value: float) -> Scalar:
    dtype = b.value(like).dtype
    return float(value) if dtype is None or dtype.is_float or not isfinite(value) else int(value)


def int32(b: Builder, x: str) -> str:
    """An index, a count or a shape as the kernels want it: a constant rewritten, or one CAST.

    Source: onnx2tf `tflite_builder/op_builders/index.py` build_gather_op.
    """
    value = b.value(x)
    if value.dtype is DType.INT32:
        return x
    sizes = static(value.shape)
    if value.const and sizes is not None:
        numbers = None if value.data is None else whole_numbers(value.data)
        if numbers is not None:
            return b.constant(numbers, DType.INT32, sizes, "indices")
        return b.weight(b.scalar(0, DType.INT32), sizes, "indices")
    return cast(b, x, DType.INT32)


def vector_of(b: Builder, x: str, axes: Sequence[int]) -> str:
    """Some axes' sizes as a vector of int32: a constant, or what SHAPE tells."""
    shape = b.shape(x) or ()
    if list(axes) == list(range(len(shape))) and not all(isinstance(d, int) for d in shape):
        return shape_of(b, x)
    return shape_operand(b, [dimension(b, x, a) for a in axes])


def scalar_of(b: Builder, x: str, axis: int) -> str:
    """One axis' size as a scalar of int32."""
    found = dimension(b, x, axis)
    return b.scalar(found, DType.INT32) if isinstance(found, int) else found


def extent(b: Builder, x: str) -> str:
    """The whole shape as a vector of int32."""
    return vector_of(b, x, range(b.rank(x) or 0))


def reshaped(b: Builder, x: str, shape: Shape, axes: Sequence[int | None] = (), to: str | None = None) -> str:
    """RESHAPE; where several sizes are unknown, those of the axes of `x` that `axes` names for each are read first.

    One axis may be None: it gets what is left.
    """
    if shape is None or reshape_target(shape) is not None:
        return b.reshape(x, shape, to=to)
    sizes: list[Size] = [
        d if isinstance(d, int) else -1 if axis is None else dimension(b, x, axis)
        for d, axis in zip(shape, axes, strict=True)
    ]
    return step(b, "RESHAPE", [x, shape_operand(b, sizes)], shape, to=to)


def squeezed(b: Builder, x: str, shape: Shape, axes: Sequence[int]) -> str:
    """The tensor without axes of size one: RESHAPE, or SQUEEZE where several sizes are unknown.

    Source: LiteRT `optimize_patterns.td` ConvertSqueezeToReshape; onnx2tf `passes/expand_squeeze_reshape.py`.
    """
    if reshape_target(shape) is not None:
        return b.reshape(x, shape)
    return step(b, "SQUEEZE", [x], shape, squeeze_dims=tuple(axes))


def concat(b: Builder, names: Sequence[str], axis: int, to: str | None = None) -> str:
    """CONCATENATION(values, axis), or the one tensor itself."""
    if len(names) == 1 and to is None:
        return names[0]
    sizes = [((b.shape(n) or ()) + (None,) * (axis + 1))[axis] for n in names]
    known = [d for d in sizes if isinstance(d, int)]
    whole: Dim = sum(known) if len(known) == len(sizes) else None
    shape = replaced(b.shape(names[0]), axis, whole)
    return b.emit("CONCATENATION", {"values": list(names)}, shape, to=to, attrs={"axis": axis})


def sliced(b: Builder, x: str, begin: Sequence[int], sizes: Sequence[int], to: str | None = None) -> str:
    """SLICE(input, begin, size); a size of -1 reaches to the end and is written as the number it comes to, if known.

    Source: onnx2tf `tflite_builder/op_builders/recurrent.py`: the sizes of a step are numbers (XNNPACK takes no -1).
    """
    shape = b.shape(x) or (None,) * len(begin)
    left = tuple(
        n if n >= 0 else d if p == 0 else d - p if isinstance(d, int) else None
        for d, p, n in zip(shape, begin, sizes, strict=True)
    )
    written = [d if isinstance(d, int) else -1 for d in left]
    return step(b, "SLICE", [x, b.ints(begin), b.ints(written)], left, to=to)


def padded(b: Builder, x: str, pads: Sequence[tuple[int, int]]) -> str:
    """PAD of every axis with zeros."""
    shape = b.shape(x)
    if shape is not None:
        shape = tuple(grown(d, p, q) for d, (p, q) in zip(shape, pads, strict=True))
    amounts = b.constant([n for pair in pads for n in pair], DType.INT32, (len(pads), 2), "padding")
    return step(b, "PAD", [x, amounts], shape)


def matmul(b: Builder, x: str, y: str, *, adj_x: bool = False, adj_y: bool = False, to: str | None = None) -> str:
    """BATCH_MATMUL(x, y) with broadcast leading axes."""
    left, right = b.shape(x), b.shape(y)
    shape: Shape = None
    if left is not None and right is not None:
        leading = broadcast(left[:-2], right[:-2]) or ()
        shape = (*leading, left[-1] if adj_x else left[-2], right[-2] if adj_y else right[-1])
    return step(b, "BATCH_MATMUL", [x, y], shape, to=to, adj_x=adj_x, adj_y=adj_y)


def reduce(b: Builder, type: str, x: str, axes: Sequence[int], keep: bool = True, to: str | None = None) -> str:
    """A reduction over non-negative axes."""
    return step(b, type, [x, b.ints(axes)], reduced(b.shape(x), axes, keep), to=to, keep_dims=keep)


def softmax(b: Builder, x: str, to: str | None = None) -> str:
    """SOFTMAX over the last axis."""
    return step(b, "SOFTMAX", [x], b.shape(x), to=to, beta=1.0)
