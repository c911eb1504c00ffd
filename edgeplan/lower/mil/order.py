"""Ops along one axis or one diagonal: CumSum, Trilu, ReverseSequence."""

from __future__ import annotations

from edgeplan.graph import DType, Op
from edgeplan.lower.attributes import flag, integer, one_integer
from edgeplan.lower.mil.builder import Builder
from edgeplan.lower.mil.constants import cast, is_bool
from edgeplan.lower.mil.registry import lowers

__all__ = ["cumulative_sum", "reverse_sequence", "triangle"]


@lowers("CumSum")
def cumulative_sum(op: Op, b: Builder) -> bool:
    """CumSum(x, const axis) -> cumsum(x, axis, exclusive, reverse)."""
    x, axis = op.input("x"), one_integer(b, op.input("axis"))
    exclusive, reverse = flag(op, "exclusive", False), flag(op, "reverse", False)
    rank = None if x is None else b.rank(x)
    if x is None or rank is None or axis is None or not -rank <= axis < rank or exclusive is None or reverse is None:
        return False
    b.emit(
        "cumsum", {"x": x}, to=op.outputs[0], attrs={"axis": axis % rank, "exclusive": exclusive, "reverse": reverse}
    )
    return True


@lowers("Trilu")
def triangle(op: Op, b: Builder) -> bool:
    """Trilu(input, const k) -> band_part(x, lower, upper) when the diagonal is kept; else x - the other band_part.

    Booleans are subtracted as int32, between casts (source: coremltools `frontend/torch/ops.py` triu, tril).
    """
    x, upper, given = op.input("input"), flag(op, "upper", True), op.input("k")
    k = 0 if given is None else one_integer(b, given)
    if x is None or upper is None or k is None:
        return False
    shape = b.shape(x)
    if upper and k <= 0:
        b.emit("band_part", {"x": x}, to=op.outputs[0], attrs={"lower": -k, "upper": -1})
    elif not upper and k >= 0:
        b.emit("band_part", {"x": x}, to=op.outputs[0], attrs={"lower": -1, "upper": k})
    else:
        attrs = {"lower": -1, "upper": k - 1} if upper else {"lower": -k - 1, "upper": -1}
        rest = b.emit("band_part", {"x": x}, shape, attrs=attrs)
        if is_bool(b, x):
            left, right = cast(b, x, DType.INT32), cast(b, rest, DType.INT32)
            cast(b, b.emit("sub", {"x": left, "y": right}, shape), DType.BOOL, to=op.outputs[0])
        else:
            b.emit("sub", {"x": x, "y": rest}, to=op.outputs[0])
    return True


@lowers("ReverseSequence")
def reverse_sequence(op: Op, b: Builder) -> bool:
    """ReverseSequence(input, sequence_lens) -> reverse_sequence(x, lengths, seq_axis, batch_axis)."""
    time, batch = integer(op, "time_axis", 0), integer(op, "batch_axis", 1)
    if len(op.inputs) != 2 or time is None or batch is None:
        return False
    inputs = {"x": op.inputs[0], "lengths": op.inputs[1]}
    b.emit("reverse_sequence", inputs, to=op.outputs[0], attrs={"seq_axis": time, "batch_axis": batch})
    return True
