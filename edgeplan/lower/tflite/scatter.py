"""Elements put in place by index: SCATTER_ND into zeros, joined to what was there by arithmetic."""

from __future__ import annotations

from math import prod

from edgeplan.graph import DType, Op
from edgeplan.lower.attributes import integer, text
from edgeplan.lower.shapes import size, static
from edgeplan.lower.tflite.algebra import binary, concat, extent, int32, step, vector_of
from edgeplan.lower.tflite.builder import Builder
from edgeplan.lower.tflite.convert import cast
from edgeplan.lower.tflite.gather import coordinates, from_front
from edgeplan.lower.tflite.registry import lowers

__all__ = ["filled", "scatter_elements", "scatter_nd", "tensor_scatter"]


def filled(b: Builder, like: str, value: int) -> str:
    """A tensor of the shape and the type of another: a constant, or SHAPE and FILL."""
    sizes = static(b.shape(like))
    if sizes is not None:
        return b.weight(like, sizes, "ones" if value else "zeros")
    return step(b, "FILL", [extent(b, like), b.like(like, value)], b.shape(like), dtype=b.value(like).dtype)


def _placed(b: Builder, places: str, updates: str, like: str) -> str:
    return step(b, "SCATTER_ND", [places, updates, extent(b, like)], b.shape(like), dtype=b.value(like).dtype)


def _joined(b: Builder, data: str, places: str, updates: str, reduction: str, out: str) -> None:
    """`data` with `updates` at `places`: x * (1 - SCATTER_ND(1)) + SCATTER_ND(updates), booleans as int32."""
    kind = b.value(data).dtype
    if kind is DType.BOOL:
        data, updates = cast(b, data, DType.INT32), cast(b, updates, DType.INT32)
    if reduction == "none":
        taken = _placed(b, places, filled(b, updates, 1), data)
        free = step(b, "SUB", [b.like(data, 1), taken], b.shape(data))
        data = binary(b, "MUL", data, free)
    put = _placed(b, places, updates, data)
    if kind is DType.BOOL:
        cast(b, binary(b, "ADD", data, put), DType.BOOL, to=out)
    else:
        binary(b, "ADD", data, put, to=out)


@lowers("ScatterND")
def scatter_nd(op: Op, b: Builder) -> bool:
    """ScatterND(data, indices, updates) -> SCATTER_ND twice: of ones to blank the places, of the updates to fill them.

    Before: `y = ScatterND(x, i, u)`
    After:  `n = SELECT(LESS(i, 0), FLOOR_MOD(ADD(i, shape), shape), i); m = SCATTER_ND(n, 1, shape);
            y = ADD(MUL(x, SUB(1, m)), SCATTER_ND(n, u, shape))`; with reduction add only ADD(x, SCATTER_ND)

    Source: onnx2tf `tflite_builder/op_builders/index.py` build_scatter_nd_op. Other reductions have no lowering.
    """
    reduction = text(op, "reduction", "none")
    if len(op.inputs) != 3 or reduction not in ("none", "add"):
        return False
    data, indices, updates = op.inputs
    picked, rank = b.shape(indices), b.rank(data)
    depth = size(picked, -1)
    if rank is None or picked is None or depth is None or not 0 < depth <= rank or b.rank(updates) is None:
        return False
    places = int32(b, indices)
    if not b.value(indices).const:
        limits = vector_of(b, data, range(depth))
        wrapped = binary(b, "FLOOR_MOD", binary(b, "ADD", places, limits), limits)
        inputs = [binary(b, "LESS", places, 0), wrapped, places]
        places = step(b, "SELECT", inputs, b.shape(places), dtype=DType.INT32)
    _joined(b, data, places, updates, reduction, op.outputs[0])
    return True


@lowers("ScatterElements", "Scatter")
def scatter_elements(op: Op, b: Builder) -> bool:
    """ScatterElements(data, indices, updates) -> as ScatterND, at the coordinates of every index.

    Before: `y = ScatterElements<axis = 1>(x, i, u)`
    After:  `n = SELECT(LESS(i, 0), ADD(i, size), i)`; its places along the other axes joined to it by CONCATENATION and
            RESHAPE to [n, rank], u flattened; then as ScatterND

    Source: onnx2tf `tflite_builder/op_builders/index.py` build_scatter_elements_op (it computes the constant places by
    RANGE and TILE). Reductions other than add have no lowering.
    """
    reduction, axis = text(op, "reduction", "none"), integer(op, "axis", 0)
    rank = b.rank(op.inputs[0]) if len(op.inputs) == 3 else None
    if not rank or axis is None or not -rank <= axis < rank or reduction not in ("none", "add"):
        return False
    data, indices, updates = op.inputs
    if b.rank(indices) != rank or b.rank(updates) != rank:
        return False
    sizes = static(b.shape(updates))
    count = None if sizes is None else prod(sizes)
    places = b.reshape(coordinates(b, from_front(b, indices, data, axis % rank), axis % rank), (count, rank))
    flat = b.reshape(updates, (count,))
    _joined(b, data, places, flat, reduction, op.outputs[0])
    return True


@lowers("TensorScatter")
def tensor_scatter(op: Op, b: Builder) -> bool:
    """TensorScatter(past_cache, update, write_indices) -> the places written as constants shifted by each batch's
    index, wrapped by FLOOR_MOD when mode is circular, then as ScatterND.

    Source: onnx2tf `tflite_builder/op_builders/index.py` build_tensor_scatter_op. Unknown sizes have no lowering.
    """
    past, update, first = (op.input(p) for p in ("past_cache", "update", "write_indices"))
    axis, mode = integer(op, "axis", -2), text(op, "mode", "linear")
    shape = None if past is None else static(b.shape(past))
    new = None if update is None else static(b.shape(update))
    if (
        past is None
        or update is None
        or shape is None
        or new is None
        or axis is None
        or mode not in ("linear", "circular")
    ):
        return False
    rank = len(shape)
    if len(new) != rank or not -rank <= axis < rank or axis % rank == 0:
        return False
    axis %= rank
    leading = new[: axis + 1]
    numbers = b.scalar(0, DType.INT32)
    at = b.weight(numbers, (*leading, 1), "places")
    if first is not None:
        start = b.reshape(int32(b, first), (new[0],) + (1,) * (axis + 1))
        at = binary(b, "ADD", at, start)
        if mode == "circular":
            at = binary(b, "FLOOR_MOD", at, shape[axis])
    parts = [at if i == axis else b.weight(numbers, (*leading, 1), "places") for i in range(axis + 1)]
    _joined(b, past, concat(b, parts, axis + 1), update, "none", op.outputs[0])
    return True
