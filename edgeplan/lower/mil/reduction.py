"""Reductions over axes, arguments of extremes, and the largest k."""

from __future__ import annotations

from edgeplan.graph import Attr, DType, Op, Shape
from edgeplan.lower.attributes import axes, flag, integer, one_integer
from edgeplan.lower.mil.builder import Builder
from edgeplan.lower.mil.constants import cast, is_bool, is_integer
from edgeplan.lower.mil.registry import lowers
from edgeplan.lower.shapes import reduced, size

__all__ = ["arg_extreme", "reduce", "top_k"]

_REDUCE = {
    "ReduceL1": "reduce_sum",
    "ReduceL2": "reduce_l2_norm",
    "ReduceLogSum": "reduce_log_sum",
    "ReduceLogSumExp": "reduce_log_sum_exp",
    "ReduceMax": "reduce_max",
    "ReduceMean": "reduce_mean",
    "ReduceMin": "reduce_min",
    "ReduceProd": "reduce_prod",
    "ReduceSum": "reduce_sum",
    "ReduceSumSquare": "reduce_sum_square",
}


@lowers(*_REDUCE)
def reduce(op: Op, b: Builder) -> bool:
    """ReduceMean(data) -> reduce_mean(x, axes, keep_dims) and so on; ReduceL1 -> abs, reduce_sum, as torch.norm(p=1).

    Extremes of booleans -> cast to int32, reduce, cast back. Axes that are computed at run time have no lowering.
    """
    x, keep, lazy = op.input("data"), flag(op, "keepdims", True), flag(op, "noop_with_empty_axes", False)
    rank = None if x is None else b.rank(x)
    if x is None or keep is None or lazy is None:
        return False
    found = axes(op, b, rank)
    if found is None or (rank is None and not found):
        return False
    if not found and lazy:
        b.emit("identity", {"x": x}, to=op.outputs[0])
        return True
    found = tuple(sorted(found)) or tuple(range(rank or 0))
    attrs: dict[str, Attr] = {"axes": found, "keep_dims": keep}
    if is_bool(b, x):
        counted = b.emit(
            _REDUCE[op.type], {"x": cast(b, x, DType.INT32)}, reduced(b.shape(x), found, keep), attrs=attrs
        )
        cast(b, counted, DType.BOOL, to=op.outputs[0])
        return True
    if op.type == "ReduceL1":
        x = b.emit("abs", {"x": x}, b.shape(x))
    b.emit(_REDUCE[op.type], {"x": x}, to=op.outputs[0], attrs=attrs)
    return True


@lowers("ArgMax", "ArgMin")
def arg_extreme(op: Op, b: Builder) -> bool:
    """ArgMax(data) -> reduce_argmax(x, axis, keep_dims), whose result is int32. select_last_index=1 has no lowering."""
    x, axis, keep = op.input("data"), integer(op, "axis", 0), flag(op, "keepdims", True)
    rank = None if x is None else b.rank(x)
    if x is None or rank is None or axis is None or not -rank <= axis < rank or keep is None:
        return False
    if flag(op, "select_last_index", False) is not False:
        return False
    kind = "reduce_argmax" if op.type == "ArgMax" else "reduce_argmin"
    b.emit(kind, {"x": x}, to=op.outputs[0], attrs={"axis": axis % rank, "keep_dims": keep})
    return True


def _both(op: Op, b: Builder) -> list[tuple[Shape, DType | None] | str]:
    """The values and the indices of a TopK, of which the model may name one only."""
    if len(op.outputs) == 2:
        return list(op.outputs)
    only, shape = op.outputs[0], b.shape(op.outputs[0])
    return [(shape, None), only] if is_integer(b, only) else [only, (shape, DType.INT32)]


@lowers("TopK")
def top_k(op: Op, b: Builder) -> bool:
    """TopK(X, const K) -> topk(x, k, axis, ascending, sort).

    With K known only at run time: argsort, gather_along_axis, range_1d, gather of both
    (source: coremltools `frontend/_utils.py` dynamic_topk).
    """
    x, axis, largest, ordered = (
        op.input("X"),
        integer(op, "axis", -1),
        flag(op, "largest", True),
        flag(op, "sorted", True),
    )
    shape = None if x is None else b.shape(x)
    if x is None or shape is None or axis is None or not -len(shape) <= axis < len(shape) or len(op.outputs) > 2:
        return False
    if largest is None or ordered is None or (len(op.outputs) == 1 and is_integer(b, x)):
        return False
    axis %= len(shape)
    given = op.input("K")
    k = integer(op, "k", 0) if given is None else one_integer(b, given)
    if k is not None and k > 0:
        attrs = {"k": k, "axis": axis, "ascending": not largest, "sort": ordered}
        b.several("topk", {"x": x}, _both(op, b), attrs)
        return True
    if given is None or b.value(given).const or len(op.outputs) != 2:
        return False
    order = b.emit("argsort", {"x": x}, shape, dtype=DType.INT32, attrs={"axis": axis, "ascending": not largest})
    values = b.emit("gather_along_axis", {"x": x, "indices": order}, shape, attrs={"axis": axis})
    length = (size(b.shape(op.outputs[0]), axis),)
    end = b.emit("squeeze", {"x": given}, (), attrs={"axes": (0,)}) if b.rank(given) else given
    zero, one = (b.constant((v,), DType.INT32, ()) for v in (0, 1))
    first = b.emit("range_1d", {"end": end, "start": zero, "step": one}, length, dtype=DType.INT32)
    b.emit("gather", {"x": values, "indices": first}, to=op.outputs[0], attrs={"axis": axis})
    b.emit("gather", {"x": order, "indices": first}, to=op.outputs[1], attrs={"axis": axis})
    return True
