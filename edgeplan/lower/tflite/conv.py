"""Convolutions: CONV_2D, DEPTHWISE_CONV_2D, CONV_3D; those of one axis are CONV_2D between two RESHAPEs."""

from __future__ import annotations

from edgeplan.graph import Attr, DType, Op
from edgeplan.lower.attributes import integer
from edgeplan.lower.shapes import size, static
from edgeplan.lower.tflite.builder import Builder
from edgeplan.lower.tflite.fused import with_activation
from edgeplan.lower.tflite.layout import Layout, channels_last, relaid_shape
from edgeplan.lower.tflite.registry import lowers
from edgeplan.lower.tflite.window import Window, lowered, padded, padding_of, raised, window

__all__ = ["conv"]

_MOST_GROUPS = 1024


@lowers("Conv", layout=Layout.LAST)
def conv(op: Op, b: Builder) -> bool:
    """Conv(X, W, B) -> CONV_2D(input [N,H,W,C], filter [O,H,W,I], bias), with the activation behind it.

    One filter a channel -> DEPTHWISE_CONV_2D(filter [1,H,W,O], depth_multiplier). Other groups stay one CONV_2D whose
    filter has I = C / groups (source: onnx2tf `op_builders/conv.py` build_conv2d_or_depthwise_op). Without B the bias
    is zeros. Pads that are not those of SAME -> PAD, CONV_2D of padding VALID.

    Rank 3: RESHAPE to [N,1,W,C], the same, RESHAPE back. Rank 5 -> CONV_3D(filter [D,H,W,I,O]); its groups: SPLIT,
    one CONV_3D each, CONCATENATION.
    """
    x, w = op.input("X"), op.input("W")
    if x is None or w is None:
        return False
    rank = b.rank(x) or b.rank(w)
    shape, kernel = b.shape(x), b.shape(w)
    if rank is None or not 3 <= rank <= 5 or kernel is None or len(kernel) != rank or b.rank(x) not in (None, rank):
        return False
    if b.rank(op.outputs[0]) not in (None, rank):
        return False
    sizes = (None,) * (rank - 2) if shape is None else shape[2:]
    win = window(op, [size(kernel, i) for i in range(2, rank)], sizes)
    groups, outputs = integer(op, "group", 1), size(kernel, 0)
    if win is None or groups is None or groups < 1:
        return False
    if rank == 5 and groups > 1:
        return _grouped_volumes(op, b, x, w, win, groups)
    one_each = groups > 1 and kernel[1] == 1
    if one_each and (outputs is None or outputs % groups):
        return False
    padding = padding_of(win, sizes)
    data = b.last(x)
    if rank == 3:
        data = raised(b, data)
    if padding is None:
        data = padded(b, data, ((0, 0),) * (rank == 3) + (win.pads or ()))
    inputs = {"input": data, "filter": _filter(b, w, rank, one_each), "bias": _bias(b, op.input("B"), w, outputs)}
    out, function = with_activation(op, b)
    attrs: dict[str, Attr] = win.attrs(padding or "VALID", dilated=True)
    attrs["fused_activation_function"] = function
    if one_each and outputs is not None:
        attrs["depth_multiplier"] = outputs // groups
    kind = "CONV_3D" if rank == 5 else "DEPTHWISE_CONV_2D" if one_each else "CONV_2D"
    order = channels_last(rank)
    if rank != 3:
        b.emit(kind, inputs, to=out, attrs=attrs, order=order)
        return True
    flat = relaid_shape(order, b.shape(out))
    made = b.emit(kind, inputs, None if flat is None else (flat[0], 1, *flat[1:]), attrs=attrs)
    b.adopt(out, lowered(b, made), order)
    return True


def _filter(b: Builder, w: str, rank: int, one_each: bool) -> str:
    """ONNX's filter [O, I, spatial...] in the order LiteRT's op wants: one a channel [1,H,W,O], else [O,H,W,I]."""
    shape = b.shape(w) or ()
    if rank == 5:
        return b.ordered(w, (2, 3, 4, 1, 0))
    if rank == 4:
        return b.ordered(w, (1, 2, 3, 0) if one_each else (0, 2, 3, 1))
    flat = b.ordered(w, (1, 2, 0) if one_each else (0, 2, 1))
    wide = (1, 1, shape[2], shape[0]) if one_each else (shape[0], 1, shape[2], shape[1])
    return b.weight(w, wide) if b.is_weight(w) else b.reshape(flat, wide)


def _bias(b: Builder, bias: str | None, like: str, outputs: int | None) -> str:
    return b.weight(like, (outputs,), "bias") if bias is None else bias


def _grouped_volumes(op: Op, b: Builder, x: str, w: str, win: Window, groups: int) -> bool:
    """CONV_3D takes no groups: SPLIT, one CONV_3D each, CONCATENATION (source: onnx2tf _build_conv3d_op)."""
    kernel, wanted, shape = static(b.shape(w)), b.shape(op.outputs[0]), b.shape(x)
    if kernel is None or wanted is None or shape is None or not b.is_weight(w) or groups > _MOST_GROUPS:
        return False
    if kernel[0] % groups or shape[1] != kernel[1] * groups or len(wanted) != 5:
        return False
    padding, data = padding_of(win, shape[2:]), b.last(x)
    if padding is None:
        data = padded(b, data, win.pads or ())
    attrs, inputs, outputs = win.attrs(padding or "VALID", dilated=True), kernel[1], kernel[0] // groups
    bias, parts = op.input("B"), []
    each, kind = (*(b.shape(data) or ())[:4], inputs), b.value(data).dtype
    cut = {"split_dim": b.scalar(4, DType.INT32), "value": data}
    for part in b.several("SPLIT", cut, [(each, kind)] * groups, {"num_splits": groups}):
        given = {
            "input": part,
            "filter": b.weight(w, (*kernel[2:], inputs, outputs)),
            "bias": b.weight(bias or w, (outputs,), "bias"),
        }
        parts.append(b.emit("CONV_3D", given, (wanted[0], *wanted[2:], outputs), attrs=attrs))
    b.emit("CONCATENATION", {"values": parts}, to=op.outputs[0], attrs={"axis": 4}, order=channels_last(5))
    return True
