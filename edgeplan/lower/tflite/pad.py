"""Tensors grown at their edges: Pad."""

from __future__ import annotations

from collections.abc import Sequence

from edgeplan.graph import Attr, DType, Op, Scalar
from edgeplan.lower.attributes import axes, integers, number, text, vector
from edgeplan.lower.shapes import replaced, size
from edgeplan.lower.tflite.builder import Builder
from edgeplan.lower.tflite.convert import cast
from edgeplan.lower.tflite.layout import NATIVE, Layout, Order, relaid
from edgeplan.lower.tflite.operands import common_order
from edgeplan.lower.tflite.registry import lowers
from edgeplan.lower.tflite.window import grown

__all__ = ["pad"]


@lowers("Pad", layout=Layout.ANY)
def pad(op: Op, b: Builder) -> bool:
    """Pad(data, pads) with zeros -> PAD(input, padding); with another number -> PADV2(input, padding, constant_values).

    Mode reflect -> MIRROR_PAD(mode = REFLECT); edge -> SLICE of each border, TILE, CONCATENATION; what negative
    pads cut off -> STRIDED_SLICE in front. Pads that the run computes, in native order: CAST, RESHAPE, TRANSPOSE.
    Mode wrap has no lowering. Source: onnx2tf `op_builders/shape.py` build_pad_op.
    """
    x, mode, out = op.input("data"), text(op, "mode", "constant"), op.outputs[0]
    rank = None if x is None else b.rank(x)
    if x is None or rank is None or rank < 1 or mode not in ("constant", "reflect", "edge"):
        return False
    value = _value(op, b)
    if value is None:
        return False
    found = _pads(op, b, rank)
    if found is None:
        return _at_run_time(op, b, x, rank, value) if mode == "constant" else False
    order = common_order(b, (x,), out)
    data = b.ordered(x, order)
    pads = relaid(order, found)
    if any(p < 0 for pair in pads for p in pair):
        data = _cropped(b, data, pads)
        pads = tuple((max(p, 0), max(q, 0)) for p, q in pads)
    if not any(map(any, pads)):
        b.adopt(out, data, order)
    elif mode == "edge":
        if not _edges(b, data, pads, out, order):
            return False
    else:
        amounts = b.constant([n for pair in pads for n in pair], DType.INT32, (rank, 2), "padding")
        if mode == "reflect":
            b.emit("MIRROR_PAD", {"input": data, "pad": amounts}, to=out, attrs={"mode": "REFLECT"}, order=order)
        else:
            _filled(b, data, amounts, value, out, order)
    return True


def _filled(b: Builder, x: str, amounts: str, value: Scalar, out: str, order: Order) -> None:
    """PAD with zeros, or PADV2 with a number or with the constant of that name."""
    if value == 0:
        b.emit("PAD", {"input": x, "padding": amounts}, to=out, order=order)
        return
    inputs = {"input": x, "padding": amounts, "constant_values": value if isinstance(value, str) else b.like(x, value)}
    b.emit("PADV2", inputs, to=out, order=order)


def _value(op: Op, b: Builder) -> Scalar | None:
    """The number to pad with, or the name of a constant whose element was not read; None when it is computed."""
    given = op.input("constant_value")
    if given is None:
        return number(op, "value", 0.0)
    data = b.data(given)
    if data is None or len(data) != 1 or isinstance(data[0], str):
        return given if b.is_weight(given) and b.value(given).elements == 1 else None
    return data[0]


def _pads(op: Op, b: Builder, rank: int) -> tuple[tuple[int, int], ...] | None:
    """Begin and end of every axis, None when the run computes them or they are ill-formed."""
    given = vector(op, b, "pads") or integers(op, "paddings", ())
    over = axes(op, b, rank, tuple(range(rank)))
    if given is None or over is None or len(given) != 2 * len(over):
        return None
    found = [(0, 0)] * rank
    for i, axis in enumerate(over):
        found[axis] = (given[i], given[i + len(over)])
    return tuple(found)


def _at_run_time(op: Op, b: Builder, x: str, rank: int, value: Scalar) -> bool:
    given = op.input("pads")
    if given is None or b.data(given) is not None or op.input("axes") is not None:
        return False
    flat = cast(b, b.native(given), DType.INT32)
    amounts = b.transpose(b.reshape(flat, (2, rank)), (1, 0))
    _filled(b, b.native(x), amounts, value, op.outputs[0], NATIVE)
    return True


def _cropped(b: Builder, x: str, pads: Sequence[tuple[int, int]]) -> str:
    shape = b.shape(x)
    begin, end = [max(-p, 0) for p, _ in pads], [min(q, 0) for _, q in pads]
    if shape is not None:
        shape = tuple(grown(d, min(p, 0), min(q, 0)) for d, (p, q) in zip(shape, pads, strict=True))
    inputs = {"input": x, "begin": b.ints(begin), "end": b.ints(end), "strides": b.ints((1,) * len(pads))}
    attrs: dict[str, Attr] = {"end_mask": sum(1 << i for i, e in enumerate(end) if e == 0)}
    return b.emit("STRIDED_SLICE", inputs, shape, attrs=attrs)


def _edges(b: Builder, x: str, pads: Sequence[tuple[int, int]], out: str, order: Order) -> bool:
    """Axis by axis: the first and the last cells cut out, repeated, and put on."""
    touched = [axis for axis, pair in enumerate(pads) if any(pair)]
    if any(size(b.shape(x), axis) is None for axis in touched):
        return False
    for axis in touched:
        length, (before, behind) = size(b.shape(x), axis) or 0, pads[axis]
        parts = [_border(b, x, axis, 0, before)] if before else []
        parts.append(x)
        if behind:
            parts.append(_border(b, x, axis, length - 1, behind))
        whole = replaced(b.shape(x), axis, length + before + behind)
        x = b.emit("CONCATENATION", {"values": parts}, whole, attrs={"axis": axis})
    b.adopt(out, x, order)
    return True


def _border(b: Builder, x: str, axis: int, at: int, times: int) -> str:
    rank = b.rank(x) or 0
    begin, taken = [0] * rank, [-1] * rank
    begin[axis], taken[axis] = at, 1
    cells = b.emit("SLICE", {"input": x, "begin": b.ints(begin), "size": b.ints(taken)}, replaced(b.shape(x), axis, 1))
    if times == 1:
        return cells
    multiples = [times if i == axis else 1 for i in range(rank)]
    return b.emit("TILE", {"input": cells, "multiples": b.ints(multiples)}, replaced(b.shape(x), axis, times))
