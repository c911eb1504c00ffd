"""Output shapes of ops that reshape, order, cut, join, pad and repeat."""

from __future__ import annotations

from edgeplan.frontends.tflite.call import Call, Rule, axis_of, divided, known
from edgeplan.graph import Dim, Shape

__all__ = ["LAYOUT_RULES"]


def _reshape(call: Call) -> list[Shape]:
    x = call.shape(0)
    wanted = call.data(1)
    if wanted is None:
        length = call.shape(1)
        if length is not None and len(call.shapes) > 1:
            return [(None,) * length[0] if length and isinstance(length[0], int) and length[0] < 64 else None]
        new = call.attrs.get("new_shape", ())
        wanted = tuple(d for d in new if isinstance(d, int)) if isinstance(new, tuple) else ()
    dims: tuple[Dim, ...] = tuple(None if isinstance(d, float) else d for d in wanted)
    if -1 not in dims:
        return [dims]
    at = dims.index(-1)
    rest = (*dims[:at], *dims[at + 1 :])
    return [(*dims[:at], None if x is None else divided(x, rest), *dims[at + 1 :])]


def _squeeze(call: Call) -> list[Shape]:
    x = known(call.shape(0))
    given = call.attrs.get("squeeze_dims", ())
    axes = {axis_of(a, len(x)) for a in given if isinstance(a, int)} if isinstance(given, tuple) else set()
    if not axes:
        if not all(isinstance(d, int) for d in x):
            return [None]
        axes = {i for i, d in enumerate(x) if d == 1}
    return [tuple(d for i, d in enumerate(x) if i not in axes)]


def _expand_dims(call: Call) -> list[Shape]:
    x, axis = known(call.shape(0)), call.ints(1)
    if axis is None:
        return [(None,) * (len(x) + 1)]
    at = axis_of(axis[0], len(x) + 1)
    return [(*x[:at], 1, *x[at:])]


def _transpose(call: Call) -> list[Shape]:
    x, perm = known(call.shape(0)), call.ints(1)
    return [(None,) * len(x) if perm is None else tuple(x[axis_of(p, len(x))] for p in perm)]


def _concatenation(call: Call) -> list[Shape]:
    shapes = [known(s) for s in call.shapes]
    axis = axis_of(call.number("axis"), len(shapes[0]))
    sizes = [s[axis] for s in shapes]
    total = sum(d for d in sizes if isinstance(d, int))
    joined: Dim = total if all(isinstance(d, int) for d in sizes) else sizes[0] if len(sizes) == 1 else None
    return [(*shapes[0][:axis], joined, *shapes[0][axis + 1 :])]


def _pack(call: Call) -> list[Shape]:
    x = known(call.shape(0))
    axis = axis_of(call.number("axis"), len(x) + 1)
    return [(*x[:axis], len(call.shapes), *x[axis:])]


def _unpack(call: Call) -> list[Shape]:
    x = known(call.shape(0))
    axis = axis_of(call.number("axis"), len(x))
    return [(*x[:axis], *x[axis + 1 :])] * call.outputs


def _split(call: Call) -> list[Shape]:
    x, axes = known(call.shape(1)), call.ints(0)
    if axes is None:
        return [(None,) * len(x)] * call.outputs
    axis = axis_of(axes[0], len(x))
    return [(*x[:axis], divided((x[axis],), (call.outputs,)), *x[axis + 1 :])] * call.outputs


def _split_v(call: Call) -> list[Shape]:
    x, sizes, axes = known(call.shape(0)), call.ints(1), call.ints(2)
    if sizes is None or axes is None:
        return [(None,) * len(x)] * call.outputs
    axis, whole = axis_of(axes[0], len(x)), None
    if -1 in sizes:
        size = x[axis]
        whole = size - sum(s for s in sizes if s >= 0) if isinstance(size, int) else None
    return [(*x[:axis], whole if s < 0 else s, *x[axis + 1 :]) for s in sizes]


def _slice(call: Call) -> list[Shape]:
    x, begin, size = known(call.shape(0)), call.ints(1), call.data(2)
    if size is None:
        return [(None,) * len(x)]

    def axis(i: int) -> Dim:
        wanted, whole = size[i], x[i]
        if wanted != -1 or begin is None:
            return None if isinstance(wanted, float) or wanted == -1 else wanted
        return whole - begin[i] if isinstance(whole, int) else whole if begin[i] == 0 else None

    return [tuple(axis(i) for i in range(len(x)))]


def _strided_slice(call: Call) -> list[Shape]:
    x = known(call.shape(0))
    begin, end, strides = call.ints(1), call.data(2), call.ints(3)
    masks = {n: call.number(f"{n}_mask") for n in ("begin", "end", "shrink_axis", "ellipsis", "new_axis")}
    if masks["ellipsis"] or masks["new_axis"]:
        return [None]
    given = begin or strides or ()
    if begin is None or end is None or strides is None:
        kept = [i for i in range(len(x)) if not (i < len(given) and masks["shrink_axis"] >> i & 1)]
        return [tuple(None if i < len(given) or not given else x[i] for i in kept)]
    out: list[Dim] = []
    for i, whole in enumerate(x):
        if i >= len(begin):
            out.append(whole)
        elif not masks["shrink_axis"] >> i & 1:
            first = None if masks["begin"] >> i & 1 else begin[i]
            last = None if masks["end"] >> i & 1 else end[i]
            out.append(_taken(whole, first, last, strides[i]))
    return [tuple(out)]


def _taken(whole: Dim, first: int | None, last: Dim | float, step: int) -> Dim:
    if not step:
        raise ValueError("a stride of 0")
    if isinstance(whole, int):
        return len(range(*slice(first, last, step).indices(whole))) if last is None or isinstance(last, int) else None
    return whole if not first and last is None and step == 1 else None


def _padded(call: Call) -> list[Shape]:
    x, pads = known(call.shape(0)), call.ints(1)
    if pads is None:
        return [(None,) * len(x)]
    more = [pads[2 * i] + pads[2 * i + 1] for i in range(len(x))]
    return [tuple(d if not p else d + p if isinstance(d, int) else None for d, p in zip(x, more, strict=True))]


def _tile(call: Call) -> list[Shape]:
    x, times = known(call.shape(0)), call.data(1)
    if times is None:
        return [(None,) * len(x)]
    return [
        tuple(
            d * t
            if isinstance(d, int) and isinstance(t, int)
            else d
            if t == 1
            else t
            if d == 1 and isinstance(t, str)
            else None
            for d, t in zip(x, times, strict=True)
        )
    ]


LAYOUT_RULES: dict[str, Rule] = {
    **dict.fromkeys(("PAD", "PADV2", "MIRROR_PAD"), _padded),
    "CONCATENATION": _concatenation,
    "EXPAND_DIMS": _expand_dims,
    "PACK": _pack,
    "RESHAPE": _reshape,
    "SLICE": _slice,
    "SPLIT": _split,
    "SPLIT_V": _split_v,
    "SQUEEZE": _squeeze,
    "STRIDED_SLICE": _strided_slice,
    "TILE": _tile,
    "TRANSPOSE": _transpose,
    "UNPACK": _unpack,
}
