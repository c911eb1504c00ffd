"""Tensors repeated along axes: Expand and Tile."""

from __future__ import annotations

from edgeplan.graph import DType, Op
from edgeplan.lower.attributes import vector
from edgeplan.lower.shapes import static
from edgeplan.lower.tflite.builder import Builder
from edgeplan.lower.tflite.convert import cast
from edgeplan.lower.tflite.layout import Layout, relaid
from edgeplan.lower.tflite.operands import common_order, operand
from edgeplan.lower.tflite.registry import lowers

__all__ = ["expand", "tile"]


@lowers("Expand", layout=Layout.ANY)
def expand(op: Op, b: Builder) -> bool:
    """Expand(input, shape) -> BROADCAST_TO(input, shape); a shape of the run comes as int32.

    onnx2tf multiplies by a constant of ones of the whole output instead. A shape that the run knows and that is of a
    lower rank than the input has no lowering.
    """
    x, wanted, out = op.input("input"), op.input("shape"), op.outputs[0]
    rank = b.rank(out)
    if x is None or wanted is None or rank is None:
        return False
    known = static(b.shape(out))
    if known is not None:
        order = common_order(b, (x,), out)
        data = operand(b, x, order, rank)
        b.emit("BROADCAST_TO", {"input": data, "shape": b.ints(relaid(order, known))}, to=out, order=order)
        return True
    if b.shape(wanted) != (rank,):
        return False
    b.emit("BROADCAST_TO", {"input": b.native(x), "shape": cast(b, b.native(wanted), DType.INT32)}, to=out)
    return True


@lowers("Tile", layout=Layout.ANY)
def tile(op: Op, b: Builder) -> bool:
    """Tile(input, repeats) -> TILE(input, multiples)."""
    x, repeats, out = op.input("input"), op.input("repeats"), op.outputs[0]
    if x is None or repeats is None or b.rank(x) is None or "tiles" in op.ports:
        return False
    given = vector(op, b, "repeats")
    if given is None:
        b.emit("TILE", {"input": b.native(x), "multiples": cast(b, b.native(repeats), DType.INT32)}, to=out)
        return True
    if len(given) != b.rank(x):
        return False
    order = common_order(b, (x,), out)
    b.emit("TILE", {"input": b.ordered(x, order), "multiples": b.ints(relaid(order, given))}, to=out, order=order)
    return True
