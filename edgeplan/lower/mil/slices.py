"""Parts of a tensor cut out by position: Slice, with its reversal."""

from __future__ import annotations

from edgeplan.graph import Attr, DType, Op
from edgeplan.lower.attributes import axes, vector
from edgeplan.lower.mil.builder import Builder
from edgeplan.lower.mil.registry import lowers
from edgeplan.lower.shapes import size

__all__ = ["at_index", "slice_tensor"]

_NO_END = 2**31 - 1


def at_index(b: Builder, x: str, axis: int, index: int, to: str) -> None:
    """x[..., index, ...] -> slice_by_index with that axis squeezed, as `aten::select` comes. The rank must be known."""
    rank = b.rank(x) or 0
    last = index == -1
    attrs: dict[str, Attr] = {
        "begin": tuple(index if i == axis else 0 for i in range(rank)),
        "end": tuple(index + 1 if i == axis else 0 for i in range(rank)),
        "end_mask": tuple(i != axis or last for i in range(rank)),
        "squeeze_mask": tuple(i == axis for i in range(rank)),
    }
    b.emit("slice_by_index", {"x": x}, to=to, attrs=attrs)


@lowers("Slice")
def slice_tensor(op: Op, b: Builder) -> bool:
    """Slice(data, starts, ends, axes, steps) -> slice_by_index(x, begin, end, stride, end_mask).

    A whole axis backwards -> reverse, as `aten::flip` comes. Everything kept -> identity. Bounds known only at run time
    become the ports `begin` and `end`, concatenated over the axes.
    """
    x = op.input("data")
    shape = None if x is None else b.shape(x)
    if x is None or shape is None:
        return False
    rank = len(shape)
    starts, ends = vector(op, b, "starts"), vector(op, b, "ends")
    count = next((len(v) for v in (starts, ends) if v is not None), _length(b, op.input("starts")))
    if not count or count > rank or starts is not None and ends is not None and len(starts) != len(ends):
        return False
    cut = axes(op, b, rank, tuple(range(count)))
    steps = vector(op, b, "steps", (1,) * count)
    if cut is None or steps is None or len(cut) != count or len(steps) != count or 0 in steps:
        return False
    if starts is None or ends is None:
        return _at_run_time(op, b, x, cut, steps)
    whole = {a for a, s, e, t in zip(cut, starts, ends, steps, strict=True) if _is_whole(size(shape, a), s, e, t)}
    backwards = tuple(sorted(a for a, t in zip(cut, steps, strict=True) if t == -1 and a in whole))
    if whole == set(cut) and all(t in (1, -1) for t in steps):
        attrs: dict[str, Attr] = {"axes": backwards}
        b.emit("reverse" if backwards else "identity", {"x": x}, to=op.outputs[0], attrs=attrs if backwards else None)
        return True
    begin, end, stride, mask, begin_mask = [0] * rank, [0] * rank, [1] * rank, [True] * rank, [False] * rank
    for a, s, e, t in zip(cut, starts, ends, steps, strict=True):
        length = size(shape, a)
        no_end = e >= _NO_END or length is not None and e >= length if t > 0 else e < -(length or _NO_END)
        stride[a], mask[a] = t, no_end
        begin_mask[a] = t < 0 and (s >= _NO_END or length is not None and s >= length - 1)
        begin[a] = 0 if begin_mask[a] else max(s, -length) if length is not None and t > 0 else s
        end[a] = 0 if no_end else e
    attrs = {
        "begin": tuple(begin),
        "end": tuple(end),
        "stride": tuple(stride),
        "begin_mask": tuple(begin_mask),
        "end_mask": tuple(mask),
    }
    b.emit("slice_by_index", {"x": x}, to=op.outputs[0], attrs=attrs)
    return True


def _length(b: Builder, name: str | None) -> int | None:
    return None if name is None else size(b.shape(name), 0)


def _is_whole(length: int | None, start: int, end: int, step: int) -> bool:
    """True when an axis is taken from one end to the other."""
    if step > 0:
        first = start == 0 or length is not None and start <= -length
        return first and (end >= _NO_END or length is not None and end >= length)
    first = start >= _NO_END or start == -1 or length is not None and start >= length - 1
    return first and (end <= -_NO_END or length is not None and end < -length)


def _at_run_time(op: Op, b: Builder, x: str, cut: tuple[int, ...], steps: tuple[int, ...]) -> bool:
    rank = b.rank(x) or 0
    starts, ends = op.input("starts"), op.input("ends")
    if starts is None or ends is None or any(b.shape(n) != (len(cut),) for n in (starts, ends)):
        return False
    stride, mask = [1] * rank, [True] * rank
    for axis, step in zip(cut, steps, strict=True):
        stride[axis], mask[axis] = step, False
    inputs = {"x": x, "begin": _bounds(b, starts, cut, rank), "end": _bounds(b, ends, cut, rank)}
    attrs: dict[str, Attr] = {"stride": tuple(stride), "end_mask": tuple(mask)}
    b.emit("slice_by_index", inputs, to=op.outputs[0], attrs=attrs)
    return True


def _bounds(b: Builder, given: str, cut: tuple[int, ...], rank: int) -> str:
    """One bound for every axis: the given ones where the tensor is cut, 0 elsewhere."""
    if cut == tuple(range(rank)):
        return given
    data = b.data(given)
    if data is not None and len(data) == len(cut):
        full = [0] * rank
        for axis, value in zip(cut, data, strict=True):
            full[axis] = value if isinstance(value, int) else 0
        return b.constant(full, DType.INT32, (rank,))
    pieces = {axis: given if len(cut) == 1 else _piece(b, given, i) for i, axis in enumerate(cut)}
    values = [pieces[a] if a in pieces else b.constant((0,), DType.INT32, (1,)) for a in range(rank)]
    return b.emit("concat", {"values": values}, (rank,), attrs={"axis": 0, "interleave": False})


def _piece(b: Builder, given: str, i: int) -> str:
    return b.emit("slice_by_index", {"x": given}, (1,), attrs={"begin": (i,), "end": (i + 1,), "end_mask": (False,)})
