"""Tensors made from shapes, positions and conditions: SHAPE, FILL, RANGE, ONE_HOT, WHERE and their kin."""

from __future__ import annotations

from edgeplan.graph import DType, Op
from edgeplan.lower.attributes import integer, one_integer, vector
from edgeplan.lower.shapes import static
from edgeplan.lower.tflite.algebra import binary, int32, sliced, step
from edgeplan.lower.tflite.builder import Builder
from edgeplan.lower.tflite.convert import cast
from edgeplan.lower.tflite.layout import NATIVE, placed
from edgeplan.lower.tflite.registry import lowers

__all__ = [
    "compress",
    "constant_of_shape",
    "eye_like",
    "non_zero",
    "one_hot",
    "range_1d",
    "shape_of",
    "size_of",
    "unique",
]


@lowers("Shape")
def shape_of(op: Op, b: Builder) -> bool:
    """Shape(data) -> SHAPE(input, out_type); a part of it -> SLICE behind it; of data held channels last, GATHER."""
    start, end = integer(op, "start", 0), integer(op, "end", 2**31 - 1)
    rank = b.rank(op.inputs[0]) if len(op.inputs) == 1 else None
    if start is None or end is None or len(op.inputs) != 1 or rank is None and (start, end) != (0, 2**31 - 1):
        return False
    out = op.outputs[0]
    first, last, _ = slice(start, end).indices(rank or 0)
    held = b.orders(op.inputs[0])
    if NATIVE not in held and rank is not None:
        turned = step(b, "SHAPE", [b.ordered(op.inputs[0], held[0])], (rank,), dtype=DType.INT64, out_type="INT64")
        places = [placed(held[0], axis) for axis in range(first, max(first, last))]
        step(b, "GATHER", [turned, b.ints(places)], to=out, axis=0)
        return True
    if rank is None or (first, last) == (0, rank):
        step(b, "SHAPE", [op.inputs[0]], to=out, out_type="INT64")
        return True
    whole = step(b, "SHAPE", [op.inputs[0]], (rank,), dtype=DType.INT64, out_type="INT64")
    sliced(b, whole, [first], [max(last - first, 0)], to=out)
    return True


@lowers("Size")
def size_of(op: Op, b: Builder) -> bool:
    """Size(data) -> SHAPE, REDUCE_PROD."""
    rank = b.rank(op.inputs[0]) if len(op.inputs) == 1 else None
    if rank is None:
        return False
    whole = step(b, "SHAPE", [op.inputs[0]], (rank,), dtype=DType.INT64, out_type="INT64")
    step(b, "REDUCE_PROD", [whole, b.ints([0])], to=op.outputs[0], keep_dims=False)
    return True


@lowers("ConstantOfShape")
def constant_of_shape(op: Op, b: Builder) -> bool:
    """ConstantOfShape(input) -> FILL(dims, input), the value a scalar of its type."""
    value = op.attrs.get("value", 0.0)
    if isinstance(value, tuple):
        value = value[0] if len(value) == 1 else ""
    if len(op.inputs) != 1 or not isinstance(value, (int, float)):
        return False
    given = b.scalar(value, b.value(op.outputs[0]).dtype)
    sizes = vector(op, b, "input")
    step(b, "FILL", [op.inputs[0] if sizes is None else b.ints(sizes), given], to=op.outputs[0])
    return True


@lowers("Range")
def range_1d(op: Op, b: Builder) -> bool:
    """Range(start, limit, delta) -> RANGE(start, limit, delta), scalars of the result's type."""
    if len(op.inputs) != 3:
        return False
    dtype = b.value(op.outputs[0]).dtype
    given = [n if dtype is None else cast(b, n, dtype) for n in op.inputs]
    step(b, "RANGE", [b.reshape(n, ()) if b.rank(n) else n for n in given], to=op.outputs[0])
    return True


@lowers("OneHot")
def one_hot(op: Op, b: Builder) -> bool:
    """OneHot(indices, const depth, const values) -> ONE_HOT(indices, depth, on_value, off_value, axis).

    Before: `y = OneHot(i, depth, [off, on])`
    After:  `n = FLOOR_MOD(ADD(CAST(i), depth), depth); y = ONE_HOT(n, depth, on, off)`

    Source: onnx2tf `tflite_builder/op_builders/index.py` build_one_hot_op. A depth of run time is taken as it is;
    values of run time come through SPLIT and RESHAPE.
    """
    indices, depth, values = (op.input(p) for p in ("indices", "depth", "values"))
    axis, rank = integer(op, "axis", -1), None if indices is None else b.rank(indices)
    if (
        indices is None
        or depth is None
        or values is None
        or axis is None
        or rank is None
        or not -rank - 1 <= axis <= rank
        or b.rank(values) != 1
    ):
        return False
    dtype, out = b.value(values).dtype or DType.FLOAT32, op.outputs[0]
    known, pair = one_integer(b, depth), b.data(values)
    if known is not None:
        count = b.scalar(known, DType.INT32)
    else:
        count = int32(b, depth)
        count = b.reshape(count, ()) if b.rank(count) else count
    places = binary(b, "FLOOR_MOD", binary(b, "ADD", int32(b, indices), count), count)
    if pair is not None and len(pair) == 2:
        off, on = (b.scalar(v, dtype) for v in pair)
    else:
        off, on = (b.reshape(sliced(b, values, [i], [1]), ()) for i in (0, 1))
    step(b, "ONE_HOT", [places, count, on, off], to=out, axis=axis % (rank + 1) if axis != -1 else -1)
    return True


@lowers("NonZero")
def non_zero(op: Op, b: Builder) -> bool:
    """NonZero(X) -> NOT_EQUAL(x, 0), WHERE(condition), TRANSPOSE: WHERE has one row a found element, ONNX one column.

    A Transpose behind it undoes that one. Source: onnx2tf `tflite_builder/op_builders/index.py` build_nonzero_op.
    """
    rank = b.rank(op.inputs[0]) if len(op.inputs) == 1 else None
    if not rank or b.rank(op.outputs[0]) not in (2, None):
        return False
    x = op.inputs[0]
    flags = x if b.value(x).dtype is DType.BOOL else binary(b, "NOT_EQUAL", x, 0)
    step(b, "WHERE", [flags], to=op.outputs[0], order=(1, 0))
    return True


@lowers("Compress")
def compress(op: Op, b: Builder) -> bool:
    """Compress(input, condition) -> WHERE(condition), RESHAPE, CAST, GATHER(params, indices, axis).

    Without an axis the input is flattened first. Source: onnx2tf `tflite_builder/op_builders/shape.py`
    build_compress_op.
    """
    x, condition, axis = op.input("input"), op.input("condition"), integer(op, "axis", 0)
    shape = None if x is None else b.shape(x)
    if (
        x is None
        or condition is None
        or shape is None
        or axis is None
        or not -max(len(shape), 1) <= axis < max(len(shape), 1)
    ):
        return False
    if "axis" not in op.attrs:
        sizes = b.value(x).elements
        x, axis, shape = b.reshape(x, (sizes,)), 0, (sizes,)
    rows = step(b, "WHERE", [condition], (None, 1), dtype=DType.INT64)
    places = cast(b, b.reshape(rows, (None,)), DType.INT32)
    step(b, "GATHER", [x, places], to=op.outputs[0], axis=axis % len(shape))
    return True


@lowers("Unique")
def unique(op: Op, b: Builder) -> bool:
    """Unique(X), unsorted, values and inverse indices only -> RESHAPE to a vector, UNIQUE(input), CAST.

    Sorted values, first places, counts and rows along an axis have no lowering: UNIQUE keeps the order of appearance
    (source: LiteRT `tflite/kernels/unique.cc`).
    """
    if len(op.inputs) != 1 or "axis" in op.attrs or integer(op, "sorted", 1) != 0 or b.rank(op.inputs[0]) is None:
        return False
    values = op.outputs[0]
    rest = [o for o in op.outputs[1:] if b.source.consumers.get(o) or o in b.returned]
    inverse = op.outputs[2] if len(op.outputs) == 4 else None
    if any(o != inverse for o in rest):
        return False
    x = op.inputs[0]
    flat = b.reshape(x, (b.value(x).elements,))
    to = inverse if rest else None
    b.several(
        "UNIQUE", {"input": flat}, [values, to or ((b.value(x).elements,), DType.INT64)], {"idx_out_type": "INT64"}
    )
    return True


@lowers("EyeLike")
def eye_like(op: Op, b: Builder) -> bool:
    """EyeLike(input) of a known shape -> a constant behind a RESHAPE (source: onnx2tf
    `tflite_builder/op_builders/shape.py` build_eyelike_op).
    """
    shape = static(b.shape(op.outputs[0]))
    if len(op.inputs) != 1 or shape is None:
        return False
    b.reshape(b.weight(op.outputs[0], shape, "eye"), shape, to=op.outputs[0])
    return True
