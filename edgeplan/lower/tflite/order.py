"""Order along one axis: TOPK_V2, ARG_MAX, ARG_MIN, CUMSUM, REVERSE_SEQUENCE, and triangles of matrices."""

from __future__ import annotations

from math import prod

from edgeplan.graph import DType, Op, Shape
from edgeplan.lower.attributes import flag, integer, one_integer
from edgeplan.lower.shapes import reduced, replaced, reshape_target, size, static
from edgeplan.lower.tflite.algebra import binary, int32, step, unary
from edgeplan.lower.tflite.builder import Builder
from edgeplan.lower.tflite.convert import cast, type_name
from edgeplan.lower.tflite.layout import normal, relaid_shape
from edgeplan.lower.tflite.registry import lowers

__all__ = ["arg_extreme", "cumulative_product", "cumulative_sum", "hardmax", "reverse_sequence", "top_k", "triangle"]


def _axis(op: Op, rank: int | None, default: int) -> int | None:
    axis = integer(op, "axis", default)
    return axis % rank if axis is not None and rank and -rank <= axis < rank else None


@lowers("TopK")
def top_k(op: Op, b: Builder) -> bool:
    """TopK(X, K) -> TOPK_V2(input, k), which takes the last axis and the largest and counts in int32.

    Before: `v, i = TopK<axis = 1, largest = 0>(x, k)`
    After:  `t = NEG(TRANSPOSE(x)); a, c = TOPK_V2(t, k); v = TRANSPOSE(NEG(a)); i = CAST(TRANSPOSE(c))`

    Source: onnx2tf `tflite_builder/op_builders/index.py` build_topk_op.
    """
    x, given = op.input("X"), op.input("K")
    shape = None if x is None else b.shape(x)
    axis, largest = _axis(op, None if shape is None else len(shape), -1), flag(op, "largest", True)
    k = integer(op, "k", 0) if given is None else one_integer(b, given)
    values, indices = _outputs(op, b)
    if x is None or shape is None or axis is None or largest is None or (given is None and not k):
        return False
    order = normal((*(i for i in range(len(shape)) if i != axis), axis))
    data = b.ordered(x, order)
    if not largest:
        data = unary(b, "NEG", data)
    if k is not None or given is None:
        count = b.scalar(k or 0, DType.INT32)
    else:
        count = int32(b, given)
        count = b.reshape(count, ()) if b.rank(count) else count
    found: Shape = replaced(relaid_shape(order, shape), -1, k)
    places = DType.INT32 if indices is None else b.value(indices).dtype
    made = b.several(
        "TOPK_V2",
        {"input": data, "k": count},
        [
            values if values is not None and largest else (found, None),
            indices if indices is not None and places is DType.INT32 else (found, DType.INT32),
        ],
        order=order,
    )
    if values is not None and not largest:
        unary(b, "NEG", made[0], to=values, order=order)
    if indices is not None and places is not DType.INT32:
        cast(b, made[1], places or DType.INT64, to=indices, order=order)
    _returned(b, values, indices)
    return True


def _returned(b: Builder, *names: str | None) -> None:
    """What the graph returns is in its own order: only what spatial ops make is returned channels last."""
    for name in names:
        if name is not None and name in b.returned:
            b.native(name)


def _outputs(op: Op, b: Builder) -> tuple[str | None, str | None]:
    """Values and indices, of which the model may name one only."""
    if len(op.outputs) >= 2:
        return op.outputs[0], op.outputs[1]
    x = op.input("X")
    same = x is not None and b.value(op.outputs[0]).dtype is b.value(x).dtype
    return (op.outputs[0], None) if same else (None, op.outputs[0])


@lowers("ArgMax", "ArgMin")
def arg_extreme(op: Op, b: Builder) -> bool:
    """ArgMax(data) -> ARG_MAX(input, dim, output_type); with keepdims RESHAPE behind it. ArgMin -> ARG_MIN.

    select_last_index = 1 has no lowering (source: onnx2tf `tflite_builder/op_builders/index.py` build_argmax_op).
    """
    x, keep = op.input("data"), flag(op, "keepdims", True)
    shape = None if x is None else b.shape(x)
    axis = _axis(op, None if shape is None else len(shape), 0)
    if x is None or shape is None or axis is None or keep is None or flag(op, "select_last_index", False) is not False:
        return False
    out = op.outputs[0]
    wanted = reduced(shape, (axis,), True)
    if keep and reshape_target(wanted) is None:
        return False
    kind, dtype = ("ARG_MAX" if op.type == "ArgMax" else "ARG_MIN"), b.value(out).dtype or DType.INT64
    inputs = [x, b.ints([axis])]
    if keep:
        left = reduced(shape, (axis,), False)
        b.reshape(step(b, kind, inputs, left, dtype=dtype, output_type=type_name(dtype) or "INT64"), wanted, to=out)
    else:
        step(b, kind, inputs, to=out, output_type=type_name(dtype) or "INT64")
    return True


@lowers("CumSum")
def cumulative_sum(op: Op, b: Builder) -> bool:
    """CumSum(x, const axis) -> CUMSUM(input, axis, exclusive, reverse)."""
    x, given = op.input("x"), op.input("axis")
    at, rank = one_integer(b, given), None if x is None else b.rank(x)
    exclusive, reverse = flag(op, "exclusive", False), flag(op, "reverse", False)
    if x is None or rank is None or at is None or not -rank <= at < rank or exclusive is None or reverse is None:
        return False
    axis = b.scalar(at % rank, DType.INT32)
    step(b, "CUMSUM", [x, axis], to=op.outputs[0], exclusive=exclusive, reverse=reverse)
    return True


@lowers("CumProd")
def cumulative_product(op: Op, b: Builder) -> bool:
    """CumProd(x, const axis) -> the triangle of all prefixes and one product of each.

    Before: `y = CumProd(x [n,m], 1)`
    After:  `t = TILE(RESHAPE(x, [n,1,m])); y = REDUCE_PROD(SELECT_V2(triangle, t, 1), 2)`

    Source: onnx2tf `tflite_builder/op_builders/reduce.py` build_cumprod_op (the triangle there comes from RANGE and
    LESS). Reverse runs between two REVERSE_V2. Unknown sizes have no lowering.
    """
    x, at = op.input("x"), one_integer(b, op.input("axis"))
    exclusive, reverse = flag(op, "exclusive", False), flag(op, "reverse", False)
    shape = None if x is None else static(b.shape(x))
    if (
        x is None
        or not shape
        or at is None
        or not -len(shape) <= at < len(shape)
        or exclusive is None
        or reverse is None
    ):
        return False
    axis, rank = at % len(shape), len(shape)
    if reverse:
        x = step(b, "REVERSE_V2", [x, b.ints([axis])], shape)
    wide = (*shape[:axis], 1, *shape[axis:])
    square = (*shape[:axis], shape[axis], *shape[axis:])
    times = b.ints([shape[axis] if i == axis else 1 for i in range(rank + 1)])
    rows = step(b, "TILE", [b.reshape(b.native(x), wide), times], square)
    kept = b.weight(b.scalar(True, DType.BOOL), tuple(d if i in (axis, axis + 1) else 1 for i, d in enumerate(square)))
    picked = step(b, "SELECT_V2", [kept, rows, b.like(rows, 1)], square, dtype=b.value(x).dtype)
    y = step(
        b, "REDUCE_PROD", [picked, b.ints([axis + 1])], shape, to=None if reverse else op.outputs[0], keep_dims=False
    )
    if reverse:
        step(b, "REVERSE_V2", [y, b.ints([axis])], to=op.outputs[0])
    return True


@lowers("ReverseSequence")
def reverse_sequence(op: Op, b: Builder) -> bool:
    """ReverseSequence(input, sequence_lens) -> REVERSE_SEQUENCE(input, seq_lengths, seq_dim, batch_dim)."""
    time, batch = integer(op, "time_axis", 0), integer(op, "batch_axis", 1)
    if len(op.inputs) != 2 or time is None or batch is None:
        return False
    x, lengths = op.inputs
    step(b, "REVERSE_SEQUENCE", [x, int32(b, lengths)], to=op.outputs[0], seq_dim=time, batch_dim=batch)
    return True


@lowers("Trilu")
def triangle(op: Op, b: Builder) -> bool:
    """Trilu(input, const k) -> MUL by a constant triangle of ones; of booleans LOGICAL_AND.

    Source: onnx2tf `tflite_builder/op_builders/shape.py` build_trilu_op. Matrices of unknown size have no lowering.
    """
    x, upper, given = op.input("input"), flag(op, "upper", True), op.input("k")
    k = 0 if given is None else one_integer(b, given)
    shape = None if x is None else b.shape(x)
    rows, columns = size(shape, -2), size(shape, -1)
    if x is None or shape is None or upper is None or k is None or rows is None or columns is None:
        return False
    mask = b.weight(x, (1,) * (len(shape) - 2) + (rows, columns), "triangle")
    binary(b, "LOGICAL_AND" if b.value(x).dtype is DType.BOOL else "MUL", x, mask, to=op.outputs[0])
    return True


@lowers("Hardmax")
def hardmax(op: Op, b: Builder) -> bool:
    """Hardmax(input) -> ARG_MAX, ONE_HOT over the last axis, between two TRANSPOSEs where it is another one.

    Before opset 13 all axes from `axis` on are one: between two RESHAPEs unless that changes nothing.
    Source: onnx2tf `tflite_builder/op_builders/index.py` build_hardmax_op (which does not flatten).
    """
    old = 0 < op.version < 13
    shape = b.shape(op.inputs[0]) if len(op.inputs) == 1 else None
    axis = _axis(op, None if shape is None else len(shape), 1 if old else -1)
    depth = None if shape is None or axis is None else size(shape, axis)
    if shape is None or axis is None or depth is None:
        return False
    if old and any(d != 1 for d in shape[axis + 1 :]):
        sizes = static(shape)
        if sizes is None:
            return False
        rows, columns = prod(sizes[:axis]), prod(sizes[axis:])
        x = b.reshape(b.native(op.inputs[0]), (rows, columns))
        b.reshape(_largest(b, x, columns), shape, to=op.outputs[0])
        return True
    order = normal((*(i for i in range(len(shape)) if i != axis), axis))
    x = b.ordered(op.inputs[0], order)
    b.adopt(op.outputs[0], _largest(b, x, depth), order)
    _returned(b, op.outputs[0])
    return True


def _largest(b: Builder, x: str, depth: int) -> str:
    """One where a row of the last axis has its largest element, else zero."""
    shape = b.shape(x) or ()
    at = [x, b.ints([len(shape) - 1])]
    found = step(b, "ARG_MAX", at, shape[:-1], dtype=DType.INT32, output_type="INT32")
    inputs = [found, b.scalar(depth, DType.INT32), b.like(x, 1.0), b.like(x, 0.0)]
    return step(b, "ONE_HOT", inputs, shape, dtype=b.value(x).dtype, axis=-1)
