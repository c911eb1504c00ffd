"""Parts of a tensor cut out by position: Slice, with its reversal."""

from __future__ import annotations

from collections.abc import Sequence

from edgeplan.graph import DType, Op
from edgeplan.lower.attributes import axes, vector
from edgeplan.lower.shapes import size
from edgeplan.lower.tflite.builder import Builder
from edgeplan.lower.tflite.convert import cast
from edgeplan.lower.tflite.layout import Layout, relaid
from edgeplan.lower.tflite.operands import common_order
from edgeplan.lower.tflite.registry import lowers

__all__ = ["slice_tensor"]

_MOST = 2**31 - 1


@lowers("Slice", layout=Layout.ANY)
def slice_tensor(op: Op, b: Builder) -> bool:
    """Slice(data, starts, ends, axes) of known sizes -> SLICE(input, begin, size).

    With steps or unknown axes -> STRIDED_SLICE(input, begin, end, strides, begin_mask, end_mask). Whole axes backwards
    -> REVERSE_V2(input, axis). Bounds that the run computes: CAST to int32, CONCATENATION over the axes.
    Source: onnx2tf `op_builders/shape.py` build_slice_op; of negative steps it refuses all but whole axes, which
    STRIDED_SLICE does all the same.
    """
    x, out = op.input("data"), op.outputs[0]
    shape = None if x is None else b.shape(x)
    if x is None or shape is None:
        return False
    rank = len(shape)
    starts, ends = vector(op, b, "starts"), vector(op, b, "ends")
    count = next((len(v) for v in (starts, ends) if v is not None), _length(b, op.input("starts")))
    if not count or count > rank or (starts is not None and ends is not None and len(starts) != len(ends)):
        return False
    cut, steps = axes(op, b, rank, tuple(range(count))), vector(op, b, "steps", (1,) * count)
    if cut is None or steps is None or len(cut) != count or len(steps) != count or 0 in steps:
        return False
    order = common_order(b, (x,), x)
    if starts is None or ends is None:
        return _at_run_time(op, b, x, cut, steps)
    begin, end, stride = [0] * rank, [0] * rank, [1] * rank
    begin_mask, end_mask = [True] * rank, [True] * rank
    for axis, start, stop, step in zip(cut, starts, ends, steps, strict=True):
        length = size(shape, axis)
        if length is not None:
            start, stop = _clamped(start, stop, step, length)
        stride[axis] = step
        begin_mask[axis] = start == 0 and step > 0 if length is None else start == (0 if step > 0 else length - 1)
        end_mask[axis] = _to_the_end(stop, step, length)
        begin[axis] = 0 if begin_mask[axis] and step > 0 else max(min(start, _MOST), -_MOST)
        end[axis] = 0 if end_mask[axis] else max(min(stop, _MOST), -_MOST)
    data = b.ordered(x, order)
    if all(begin_mask) and all(end_mask) and all(s in (1, -1) for s in stride):
        turned = sorted(relaid(order, range(rank)).index(a) for a in range(rank) if stride[a] == -1)
        if turned:
            b.emit("REVERSE_V2", {"input": data, "axis": b.ints(turned)}, to=out, order=order)
        else:
            b.alias(out, x, ())
        return True
    if all(s == 1 for s in stride) and all(isinstance(d, int) for d in shape):
        sizes = [(d if m else e) - s for d, m, e, s in zip(_known(shape), end_mask, end, begin, strict=True)]
        taken = [max(s, 0) for s in sizes]
        inputs = {"input": data, "begin": b.ints(relaid(order, begin)), "size": b.ints(relaid(order, taken))}
        b.emit("SLICE", inputs, to=out, order=order)
        return True
    bounds = {"begin": begin, "end": end, "strides": stride}
    inputs = {"input": data, **{port: b.ints(relaid(order, numbers)) for port, numbers in bounds.items()}}
    attrs = {"begin_mask": _bits(relaid(order, begin_mask)), "end_mask": _bits(relaid(order, end_mask))}
    b.emit("STRIDED_SLICE", inputs, to=out, attrs=attrs, order=order)
    return True


def _known(shape: Sequence[object]) -> list[int]:
    return [d for d in shape if isinstance(d, int)]


def _length(b: Builder, name: str | None) -> int | None:
    return None if name is None else size(b.shape(name), 0)


def _clamped(start: int, stop: int, step: int, length: int) -> tuple[int, int]:
    """Bounds counted from the front, inside the axis; the end of a walk to the very front stays negative."""
    first, last, _ = slice(start, stop, step).indices(length)
    return first, last


def _to_the_end(stop: int, step: int, length: int | None) -> bool:
    if step > 0:
        return stop >= _MOST or (length is not None and stop >= length)
    return stop <= -_MOST or (length is not None and stop < 0)


def _bits(mask: Sequence[bool]) -> int:
    return sum(1 << i for i, on in enumerate(mask) if on)


def _at_run_time(op: Op, b: Builder, x: str, cut: tuple[int, ...], steps: tuple[int, ...]) -> bool:
    rank = b.rank(x) or 0
    starts, ends = op.input("starts"), op.input("ends")
    if starts is None or ends is None or any(b.shape(n) != (len(cut),) for n in (starts, ends)):
        return False
    stride, mask = [1] * rank, [True] * rank
    for axis, step in zip(cut, steps, strict=True):
        stride[axis], mask[axis] = step, False
    inputs = {
        "input": b.native(x),
        "begin": _bounds(b, starts, cut, rank),
        "end": _bounds(b, ends, cut, rank),
        "strides": b.ints(stride),
    }
    b.emit("STRIDED_SLICE", inputs, to=op.outputs[0], attrs={"end_mask": _bits(mask)})
    return True


def _bounds(b: Builder, given: str, cut: tuple[int, ...], rank: int) -> str:
    """One bound for every axis: the given ones where the tensor is cut, 0 elsewhere."""
    data = b.data(given)
    if data is not None and len(data) == len(cut):
        full = [0] * rank
        for axis, value in zip(cut, data, strict=True):
            full[axis] = max(min(value, _MOST), -_MOST) if isinstance(value, int) else 0
        return b.ints(full)
    vector_ = cast(b, b.native(given), DType.INT32)
    if cut == tuple(range(rank)):
        return vector_
    if len(cut) > 1 and cut != tuple(range(len(cut))):
        parts = [_part(b, vector_, i) for i in range(len(cut))]
        values = [parts[cut.index(a)] if a in cut else b.ints((0,)) for a in range(rank)]
    else:
        before, behind = b.ints((0,) * cut[0]), b.ints((0,) * (rank - cut[-1] - 1))
        values = [v for v in (before, vector_, behind) if b.shape(v) != (0,)]
    return b.emit("CONCATENATION", {"values": values}, (rank,), attrs={"axis": 0})


def _part(b: Builder, x: str, at: int) -> str:
    return b.emit("SLICE", {"input": x, "begin": b.ints((at,)), "size": b.ints((1,))}, (1,))
