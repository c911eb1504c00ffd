"""Padding by a value, by reflection or by the edge."""

from __future__ import annotations

from edgeplan.graph import Attr, Op
from edgeplan.lower.mil.attributes import axes, number, one_number, text, vector
from edgeplan.lower.mil.builder import Builder
from edgeplan.lower.mil.constants import cast, dtype_name, is_float
from edgeplan.lower.mil.registry import lowers

__all__ = ["pad"]

_MODES = {"constant": "constant", "reflect": "reflect", "edge": "replicate"}
"""`wrap` is missing: MIL's pad refuses torch's circular (coremltools `mil/ops/defs/iOS15/tensor_operation.py`)."""


def _padded(op: Op, b: Builder, inputs: dict[str, str | None], attrs: dict[str, Attr]) -> None:
    """The op, for integers and booleans between two casts: MIL pads floats only."""
    x, kind = inputs["x"] or "", b.value(op.outputs[0]).dtype
    if is_float(b, x) or kind is None or dtype_name(kind) is None:
        b.emit("pad", inputs, to=op.outputs[0], attrs=attrs)
        return
    wide = b.emit("pad", {**inputs, "x": cast(b, x, b.real)}, b.shape(op.outputs[0]), attrs=attrs)
    cast(b, wide, kind, to=op.outputs[0])


@lowers("Pad")
def pad(op: Op, b: Builder) -> bool:
    """Pad(data, pads, constant_value, axes) -> pad(x, pad, mode, constant_val); pad alternates begin and end per axis.

    Pads known only at run time convert for a tensor of rank 1 alone (source: coremltools `frontend/torch/ops.py` pad).
    """
    x, mode = op.input("data"), _MODES.get(text(op, "mode", "constant") or "")
    rank = None if x is None else b.rank(x)
    if x is None or rank is None or mode is None:
        return False
    given = op.input("constant_value")
    value = number(op, "value", 0.0) if given is None else one_number(b, given)
    padded = axes(op, b, rank, tuple(range(rank)))
    if value is None or padded is None:
        return False
    attrs: dict[str, Attr] = {"mode": mode, "constant_val": value}
    pads = vector(op, b, "pads")
    if pads is None:
        if rank != 1 or op.input("pads") is None or mode != "constant":
            return False
        _padded(op, b, {"x": x, "pad": op.input("pads")}, attrs)
        return True
    if len(pads) != 2 * len(padded):
        return False
    ends = dict(zip(padded, zip(pads[: len(padded)], pads[len(padded) :], strict=True), strict=True))
    if any(pads):
        attrs["pad"] = tuple(p for axis in range(rank) for p in ends.get(axis, (0, 0)))
        _padded(op, b, {"x": x}, attrs)
    else:
        b.emit("identity", {"x": x}, to=op.outputs[0])
    return True
