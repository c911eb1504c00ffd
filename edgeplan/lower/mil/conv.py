"""Convolutions: conv, and conv_transpose with the crop that an output padding needs."""

from __future__ import annotations

from edgeplan.graph import Attr, Dim, Op
from edgeplan.lower.attributes import integer, integers, port, text
from edgeplan.lower.mil.activation import fused_activation
from edgeplan.lower.mil.builder import Builder
from edgeplan.lower.mil.pool import padding
from edgeplan.lower.mil.registry import lowers
from edgeplan.lower.shapes import size, static

__all__ = ["conv", "conv_transpose", "fused_conv"]


def _attrs(op: Op, b: Builder) -> dict[str, Attr] | None:
    """Strides, pads, dilations and groups with ONNX's defaults filled in; None when ill-formed or of an odd rank."""
    x, w = port(op, "X", 0), port(op, "W", 1)
    if x is None or w is None:
        return None
    rank = b.rank(x) or b.rank(w)
    if rank is None or not 3 <= rank <= 5 or b.rank(w) not in (None, rank):
        return None
    spatial = rank - 2
    ones = (1,) * spatial
    strides, dilations, groups = integers(op, "strides", ones), integers(op, "dilations", ones), integer(op, "group", 1)
    pads = padding(op, spatial)
    if strides is None or dilations is None or groups is None or groups < 1 or pads is None:
        return None
    if len(strides) != spatial or len(dilations) != spatial or min(*strides, *dilations) < 1:
        return None
    return {"strides": strides, "dilations": dilations, "groups": groups, **pads}


@lowers("Conv")
def conv(op: Op, b: Builder) -> bool:
    """Conv(X, W, B) -> conv(x, weight, bias)."""
    attrs = _attrs(op, b)
    if attrs is None:
        return False
    b.emit("conv", {"x": op.input("X"), "weight": op.input("W"), "bias": op.input("B")}, to=op.outputs[0], attrs=attrs)
    return True


@lowers("com.microsoft.FusedConv")
def fused_conv(op: Op, b: Builder) -> bool:
    """FusedConv(X, W, B) -> conv, then the activation it names. With the summand Z there is no lowering."""
    attrs, kind = _attrs(op, b), text(op, "activation", "")
    given = op.attrs.get("activation_params", ())
    numbers = tuple(float(v) for v in given if isinstance(v, (int, float))) if isinstance(given, tuple) else ()
    after = fused_activation(kind or "", numbers)
    if attrs is None or after is None or port(op, "Z", 3) is not None:
        return False
    inputs = {"x": port(op, "X", 0), "weight": port(op, "W", 1), "bias": port(op, "B", 2)}
    y = b.emit("conv", inputs, b.shape(op.outputs[0]), attrs=attrs)
    b.emit(after[0], {"x": y}, to=op.outputs[0], attrs=after[1])
    return True


@lowers("ConvTranspose")
def conv_transpose(op: Op, b: Builder) -> bool:
    """ConvTranspose(X, W, B) -> conv_transpose(x, weight, bias); W is [C_in, C_out / groups, ...] in both.

    With an output padding p: conv_transpose without padding, then the padding less p cut off the result, by crop (rank
    4) or slice_by_index (rank 3). coremltools refuses one where there is no padding to cut from, and in 3-D.
    """
    attrs = _attrs(op, b)
    if attrs is None:
        return False
    x, w = op.input("X") or "", op.input("W") or ""
    inputs = {"x": x, "weight": w, "bias": op.input("B")}
    wanted = b.shape(op.outputs[0])
    spatial = (b.rank(x) or b.rank(w) or 0) - 2
    zeros = (0,) * spatial
    extra, pad = integers(op, "output_padding", zeros), attrs["pad"]
    asked = integers(op, "output_shape", ())
    if extra is None or len(extra) != spatial or not isinstance(pad, tuple) or asked is None:
        return False
    if asked:
        total = _asked_padding(op, b, asked, attrs, extra)
        if total is None:
            return False
        attrs.update(pad_type="custom", pad=total)
    elif any(extra):
        return _with_output_padding(op, b, attrs, tuple(p for p in pad if isinstance(p, int)), extra)
    sizes = static(wanted)
    if sizes is not None:
        attrs["output_shape"] = sizes
    b.emit("conv_transpose", inputs, to=op.outputs[0], attrs=attrs)
    return True


def _sizes(attrs: dict[str, Attr], name: str) -> tuple[int, ...]:
    value = attrs[name]
    return tuple(v for v in value if isinstance(v, int)) if isinstance(value, tuple) else ()


def _full(b: Builder, op: Op, attrs: dict[str, Attr], axis: int) -> int | None:
    """Size of a transposed convolution along one spatial axis before anything is cut off."""
    length, kernel = size(b.shape(op.input("X") or ""), axis + 2), size(b.shape(op.input("W") or ""), axis + 2)
    if length is None or kernel is None:
        return None
    return (length - 1) * _sizes(attrs, "strides")[axis] + (kernel - 1) * _sizes(attrs, "dilations")[axis] + 1


def _asked_padding(
    op: Op, b: Builder, asked: tuple[int, ...], attrs: dict[str, Attr], extra: tuple[int, ...]
) -> tuple[int, ...] | None:
    """The padding that gives the attribute `output_shape`, split as `auto_pad` says (source: ONNX ConvTranspose)."""
    asked = asked[-len(extra) :]
    full = [_full(b, op, attrs, i) for i in range(len(extra))]
    if len(asked) != len(extra):
        return None
    pads: list[int] = []
    for whole, more, want in zip(full, extra, asked, strict=True):
        if whole is None or whole + more < want:
            return None
        total = whole + more - want
        half = total - total // 2 if op.attrs.get("auto_pad") == "SAME_LOWER" else total // 2
        pads += (half, total - half)
    return tuple(pads)


def _with_output_padding(
    op: Op, b: Builder, attrs: dict[str, Attr], pad: tuple[int, ...], extra: tuple[int, ...]
) -> bool:
    ends = tuple(extra[i // 2] if i % 2 else 0 for i in range(len(pad)))
    cut = tuple(p - e for p, e in zip(pad, ends, strict=True))
    wanted = b.shape(op.outputs[0])
    if (
        not any(pad)
        or len(extra) > 2
        or min(cut) < 0
        or min(extra) < 0
        or wanted is None
        or len(wanted) != len(extra) + 2
    ):
        return False
    attrs.update(pad_type="valid", pad=(0,) * len(pad))
    whole: tuple[Dim, ...] = (*wanted[:2], *(_full(b, op, attrs, i) for i in range(len(extra))))
    sizes = static(whole)
    if sizes is not None:
        attrs["output_shape"] = sizes
    inputs = {"x": op.input("X"), "weight": op.input("W"), "bias": op.input("B")}
    if not any(cut):
        b.emit("conv_transpose", inputs, to=op.outputs[0], attrs=attrs)
        return True
    y = b.emit("conv_transpose", inputs, whole, attrs=attrs)
    if len(extra) == 2:
        b.emit("crop", {"x": y}, to=op.outputs[0], attrs={"crop_height": cut[:2], "crop_width": cut[2:]})
        return True
    slices: dict[str, Attr] = {
        "begin": (0, 0, cut[0]),
        "end": (0, 0, -cut[1]),
        "begin_mask": (True, True, False),
        "end_mask": (True, True, cut[1] == 0),
    }
    b.emit("slice_by_index", {"x": y}, to=op.outputs[0], attrs=slices)
    return True
