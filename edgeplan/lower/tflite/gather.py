"""Elements picked by index: GATHER and GATHER_ND."""

from __future__ import annotations

from math import prod

from edgeplan.graph import Dim, DType, Op, Shape
from edgeplan.lower.attributes import integer
from edgeplan.lower.shapes import reshape_target, size, static
from edgeplan.lower.tflite.algebra import binary, concat, extent, int32, reshaped, scalar_of, step
from edgeplan.lower.tflite.builder import Builder
from edgeplan.lower.tflite.convert import whole_numbers
from edgeplan.lower.tflite.registry import lowers

__all__ = ["coordinates", "from_front", "gather", "gather_elements", "gather_nd"]


def from_front(b: Builder, indices: str, x: str, axis: int, shape: Shape = None) -> str:
    """Indices of int32, negative ones counted from the front: a constant rewritten, else CAST, LESS, ADD, SELECT.

    `shape` is one to give them before. Source: onnx2tf `tflite_builder/op_builders/index.py` build_gather_op.
    """
    value, whole = b.value(indices), size(b.shape(x), axis)
    sizes = static(value.shape if shape is None else shape)
    data = whole_numbers(value.data) if value.const and value.data is not None else None
    if data is not None and sizes is not None:
        if whole is not None or min(data, default=0) >= 0:
            return b.constant([v + (whole or 0) if v < 0 else v for v in data], DType.INT32, sizes, "indices")
    elif value.const and sizes is not None and shape is None:
        return int32(b, indices)
    given = int32(b, indices)
    given = given if shape is None else b.reshape(given, shape)
    low, wrapped = binary(b, "LESS", given, 0), binary(b, "ADD", given, scalar_of(b, x, axis))
    return step(b, "SELECT", [low, wrapped, given], b.shape(given), dtype=DType.INT32)


@lowers("Gather")
def gather(op: Op, b: Builder) -> bool:
    """Gather(data, indices) -> GATHER(params, indices, axis), the indices of int32 and counted from the front.

    Indices known only at run time come through CAST, LESS, ADD, SELECT. One position of a matrix or more:

    Before: `y = Gather<axis = 1>(x [2,5,4], i)`, i one position
    After:  `t = GATHER(params = x, indices = [i], axis = 1); y = RESHAPE(t, [2,4])`

    Source: onnx2tf `tflite_builder/op_builders/index.py` build_gather_op.
    """
    x, indices, axis = op.input("data"), op.input("indices"), integer(op, "axis", 0)
    shape = None if x is None else b.shape(x)
    if x is None or indices is None or shape is None or axis is None or not -len(shape) <= axis < len(shape):
        return False
    axis %= len(shape)
    left = (*shape[:axis], *shape[axis + 1 :])
    if b.shape(indices) != () or len(shape) == 1 or reshape_target(left) is None:
        step(b, "GATHER", [x, from_front(b, indices, x, axis)], to=op.outputs[0], axis=axis)
        return True
    one = from_front(b, indices, x, axis, (1,))
    b.reshape(step(b, "GATHER", [x, one], (*shape[:axis], 1, *shape[axis + 1 :]), axis=axis), left, to=op.outputs[0])
    return True


def coordinates(b: Builder, indices: str, axis: int) -> str:
    """[*indices, rank]: where each index along `axis` points, along the other axes at its own place.

    Those places are constants; in a tensor of unknown size they come from RANGE and BROADCAST_TO.
    """
    shape = b.shape(indices) or ()
    rank, sizes = len(shape), static(shape)
    column: tuple[Dim, ...] = (*shape, 1)
    at = reshaped(b, indices, column, (*range(rank), None))
    parts: list[str] = []
    for i in range(rank):
        if i == axis:
            parts.append(at)
        elif sizes is not None:
            parts.append(b.weight(b.scalar(0, DType.INT32), (*sizes, 1), "places"))
        else:
            ends = [b.scalar(0, DType.INT32), scalar_of(b, indices, i), b.scalar(1, DType.INT32)]
            numbers = b.reshape(
                step(b, "RANGE", ends, (shape[i],)), tuple(shape[i] if j == i else 1 for j in range(rank + 1))
            )
            parts.append(step(b, "BROADCAST_TO", [numbers, extent(b, at)], column))
    return concat(b, parts, rank)


@lowers("GatherElements")
def gather_elements(op: Op, b: Builder) -> bool:
    """GatherElements(data, indices) -> GATHER_ND at the coordinates of every element.

    Before: `y = GatherElements<axis = 1>(x, i [2,3])`
    After:  `t = RESHAPE(CAST(i), [2,3,1]); c = CONCATENATION(rows, t); y = GATHER_ND(x, c)`, rows the constant [2,3,1]

    Source: onnx2tf `tflite_builder/op_builders/index.py` build_gather_elements_op, which has none for indices of
    unknown size; there the rows come from RANGE, as in its ScatterElements.
    """
    x, indices, axis = op.input("data"), op.input("indices"), integer(op, "axis", 0)
    shape, picked = (None if n is None else b.shape(n) for n in (x, indices))
    if x is None or indices is None or shape is None or picked is None or len(picked) != len(shape) or axis is None:
        return False
    if not shape or not -len(shape) <= axis < len(shape):
        return False
    step(b, "GATHER_ND", [x, coordinates(b, int32(b, indices), axis % len(shape))], to=op.outputs[0])
    return True


@lowers("GatherND")
def gather_nd(op: Op, b: Builder) -> bool:
    """GatherND(data, indices) -> GATHER_ND(params, indices), the indices cast to int32.

    With batch_dims: both flattened to one batch axis, the number of the batch joined to each index, RESHAPE back.

    Source: onnx2tf `tflite_builder/op_builders/index.py` build_gather_nd_op, which has none for batches of
    unknown size.
    """
    x, indices, batch = op.input("data"), op.input("indices"), integer(op, "batch_dims", 0)
    if x is None or indices is None or batch is None or batch < 0:
        return False
    if not batch:
        step(b, "GATHER_ND", [x, int32(b, indices)], to=op.outputs[0])
        return True
    shape, picked = b.shape(x), static(b.shape(indices))
    if shape is None or picked is None or len(picked) <= batch or len(shape) <= batch:
        return False
    count, tail = prod(picked[:batch]), shape[batch:]
    flat: Shape = (count, *tail)
    if reshape_target(flat) is None or reshape_target(b.shape(op.outputs[0])) is None or picked[-1] > len(tail):
        return False
    data = b.reshape(x, flat)
    inner = (count, *picked[batch:])
    numbers = b.weight(b.scalar(0, DType.INT32), (*inner[:-1], 1), "batches")
    places = concat(b, [numbers, b.reshape(int32(b, indices), inner)], len(inner) - 1)
    found = step(b, "GATHER_ND", [data, places], (*inner[:-1], *tail[picked[-1] :]))
    b.reshape(found, b.shape(op.outputs[0]), to=op.outputs[0])
    return True
