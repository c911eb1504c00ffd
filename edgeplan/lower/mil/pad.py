"""Padding by a value, by reflection or by the edge; cropping where the padding is negative."""

from __future__ import annotations

from edgeplan.graph import Attr, Op
from edgeplan.lower.attributes import axes, number, one_number, text, vector
from edgeplan.lower.mil.builder import Builder
from edgeplan.lower.mil.constants import cast, dtype_name, is_float
from edgeplan.lower.mil.registry import lowers
from edgeplan.lower.shapes import static

__all__ = ["center_crop_pad", "pad"]

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


def _cropped(b: Builder, x: str, ends: list[tuple[int, int]], to: str | None) -> str | None:
    """What negative pads leave of a tensor; None where a size that is not known decides."""
    shape = b.shape(x) or ()
    cuts = [(min(0, begin), min(0, end)) for begin, end in ends]
    if any(not isinstance(d, int) for d, cut in zip(shape, cuts, strict=True) if any(cut)):
        return None
    left = tuple(d + sum(cut) if isinstance(d, int) else d for d, cut in zip(shape, cuts, strict=True))
    begin = tuple(-first for first, _ in cuts)
    end = tuple(d + last if isinstance(d, int) else 0 for d, (_, last) in zip(shape, cuts, strict=True))
    attrs: dict[str, Attr] = {"begin": begin, "end": end, "stride": (1,) * len(cuts)}
    attrs["begin_mask"] = attrs["end_mask"] = tuple(not any(cut) for cut in cuts)
    return b.emit("slice_by_index", {"x": x}, left, to=to, attrs=attrs)


@lowers("Pad")
def pad(op: Op, b: Builder) -> bool:
    """Pad(data, pads, constant_value, axes) -> pad(x, pad, mode, constant_val); pad alternates begin and end per axis.

    Negative pads -> slice_by_index first. Pads known only at run time convert for a tensor of rank 1 alone (source:
    coremltools `frontend/torch/ops.py` pad).
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
    given_ends = dict(zip(padded, zip(pads[: len(padded)], pads[len(padded) :], strict=True), strict=True))
    ends = [given_ends.get(axis, (0, 0)) for axis in range(rank)]
    grows = any(p > 0 for p in pads)
    if any(p < 0 for p in pads):
        cropped = _cropped(b, x, ends, None if grows else op.outputs[0])
        if cropped is None:
            return False
        x, ends = cropped, [(max(0, begin), max(0, end)) for begin, end in ends]
        if not grows:
            return True
    if any(pads):
        attrs["pad"] = tuple(p for pair in ends for p in pair)
        _padded(op, b, {"x": x}, attrs)
    else:
        b.emit("identity", {"x": x}, to=op.outputs[0])
    return True


@lowers("CenterCropPad")
def center_crop_pad(op: Op, b: Builder) -> bool:
    """CenterCropPad(input_data, shape) -> slice_by_index of the axes that shrink, pad of those that grow."""
    if not op.inputs:
        return False
    x = op.inputs[0]
    before, after = static(b.shape(x)), static(b.shape(op.outputs[0]))
    if before is None or after is None or len(before) != len(after):
        return False
    more = [new - old for old, new in zip(before, after, strict=True)]
    ends = [(m // 2, m - m // 2) if m > 0 else (-(-m // 2), m + -m // 2) for m in more]
    grows, shrinks = any(m > 0 for m in more), any(m < 0 for m in more)
    if shrinks:
        x = _cropped(b, x, ends, None if grows else op.outputs[0]) or x
    if grows:
        pads = tuple(max(0, p) for pair in ends for p in pair)
        _padded(op, b, {"x": x}, {"mode": "constant", "constant_val": 0.0, "pad": pads})
    elif not shrinks:
        b.emit("identity", {"x": x}, to=op.outputs[0])
    return True
