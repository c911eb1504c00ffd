"""Reductions along axes."""

from __future__ import annotations

from collections.abc import Sequence

from edgeplan.graph import DType, Op
from edgeplan.lower.attributes import axes, flag, integer
from edgeplan.lower.shapes import reduced
from edgeplan.lower.tflite.builder import Builder
from edgeplan.lower.tflite.layout import Layout, Order, kept, placed
from edgeplan.lower.tflite.operands import common_order
from edgeplan.lower.tflite.registry import lowers
from edgeplan.tflite_ops import operands

__all__ = ["global_pool", "reduce", "reduced_by"]

_BUILTIN = {
    "ReduceMean": "MEAN", "ReduceSum": "SUM", "ReduceMax": "REDUCE_MAX", "ReduceMin": "REDUCE_MIN",
    "ReduceProd": "REDUCE_PROD", "ReduceL1": "SUM", "ReduceL2": "SUM", "ReduceSumSquare": "SUM", "ReduceLogSum": "SUM",
    "ReduceLogSumExp": "SUM",
}  # fmt: skip

_BEFORE = {"ReduceL1": "ABS", "ReduceL2": "MUL", "ReduceSumSquare": "MUL", "ReduceLogSumExp": "EXP"}
_AFTER = {"ReduceL2": "SQRT", "ReduceLogSum": "LOG", "ReduceLogSumExp": "LOG"}


def reduced_by(b: Builder, kind: str, x: str, over: Sequence[int], *, keep: bool = True) -> str:
    """A reduction of a tensor over its axes."""
    inputs = {"input": x, operands(kind)[1]: b.ints(sorted(over))}
    return b.emit(kind, inputs, reduced(b.shape(x), tuple(over), keep), attrs={"keep_dims": keep})


@lowers(*_BUILTIN, layout=Layout.ANY)
def reduce(op: Op, b: Builder) -> bool:
    """ReduceMean(data) -> MEAN(input, axis), in whatever order the data is; ReduceSum -> SUM, and the like.

    ReduceL2 -> MUL(x, x), SUM, SQRT; ReduceLogSumExp -> EXP, SUM, LOG. Boolean maxima -> REDUCE_ANY, minima ->
    REDUCE_ALL. Over no axes: the same value. Source: onnx2tf `op_builders/reduce.py`.
    """
    x, out = op.input("data") or (op.inputs[0] if op.inputs else None), op.outputs[0]
    if x is None:
        return False
    rank, keep, noop = b.rank(x), flag(op, "keepdims", True), flag(op, "noop_with_empty_axes", False)
    over = axes(op, b, rank)
    if over is None or keep is None or noop is None or (rank is None and not over):
        return False
    if not over and noop and op.type in _AFTER.keys() | _BEFORE.keys():
        return False
    if not over and noop:
        b.alias(out, x, ())
        return True
    over = over or tuple(range(rank or 0))
    order = common_order(b, (x,), x)
    data = b.ordered(x, order)
    before, after = _BEFORE.get(op.type), _AFTER.get(op.type)
    if before == "MUL":
        data = b.emit("MUL", {"lhs": data, "rhs": data}, b.shape(data))
    elif before is not None:
        data = b.emit(before, {"x": data}, b.shape(data))
    kind = _BUILTIN[op.type]
    if b.value(x).dtype is DType.BOOL:
        kind = {"REDUCE_MAX": "REDUCE_ANY", "REDUCE_MIN": "REDUCE_ALL"}.get(kind, kind)
    left: Order = order if keep else kept(order, over)
    where = sorted(placed(order, a) for a in over)
    if after is None:
        inputs = {"input": data, operands(kind)[1]: b.ints(where)}
        b.emit(kind, inputs, to=out, attrs={"keep_dims": keep}, order=left)
    else:
        y = reduced_by(b, kind, data, where, keep=keep)
        b.emit(after, {"x": y}, to=out, order=left)
    return True


@lowers("GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool", layout=Layout.ANY)
def global_pool(op: Op, b: Builder) -> bool:
    """GlobalAveragePool(X) -> MEAN(input, axis, keep_dims) over the spatial axes; GlobalMaxPool -> REDUCE_MAX.

    GlobalLpPool -> ABS, POW(., p), SUM, POW(., 1 / p).
    """
    x, out, p = op.inputs[0] if len(op.inputs) == 1 else None, op.outputs[0], integer(op, "p", 2)
    rank = None if x is None else b.rank(x)
    if x is None or rank is None or rank < 3 or p is None or p < 1:
        return False
    order = common_order(b, (x,), out)
    data, over = b.ordered(x, order), sorted(placed(order, a) for a in range(2, rank))
    if op.type != "GlobalLpPool":
        kind = "MEAN" if op.type == "GlobalAveragePool" else "REDUCE_MAX"
        inputs = {"input": data, operands(kind)[1]: b.ints(over)}
        b.emit(kind, inputs, to=out, attrs={"keep_dims": True}, order=order)
        return True
    size = b.emit("ABS", {"x": data}, b.shape(data))
    powers = b.emit("POW", {"lhs": size, "rhs": b.like(size, float(p))}, b.shape(data))
    total = reduced_by(b, "SUM", powers, over)
    b.emit("POW", {"lhs": total, "rhs": b.like(total, 1.0 / p)}, to=out, order=order)
    return True
