"""How far each axis of each tensor follows the height and width of the model's images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil, isqrt

from edgeplan.graph import Graph, Op, Value

__all__ = ["Powers", "image_axes", "powers", "scaled_shape"]

Powers = tuple[int, ...]
"""One number an axis: with images of `f` times the side, the axis is `f ** power` times as long."""

_Axis = tuple[tuple[int, int], ...]
"""What an axis is made of, outermost first: (size, power) of each part. None has size 1."""

_Axes = tuple[_Axis, ...]

_CHANNELS = 4
"""Channels of an image at most: grey, colour, colour and depth, or the latents of an image."""

_SMALLEST = 8
"""Pixels: what is smaller is a feature map or a kernel, not an image."""


def image_axes(value: Value) -> tuple[int, int] | None:
    """The axes of height and width of a graph input, None when it is no image: rank 4, or 3 without a batch."""
    sizes = _sizes(value)
    if len(sizes) not in (3, 4) or value.elements is None:
        return None
    fewest = 3 if len(sizes) == 3 else 1  # of rank 3 with one channel it might as well be a batch of sounds
    first, last = len(sizes) - 3, len(sizes) - 1
    for channel, axes in ((first, (last - 1, last)), (last, (first, first + 1))):
        if fewest <= sizes[channel] <= _CHANNELS and min(sizes[a] for a in axes) >= _SMALLEST:
            return axes
    return None


def powers(graph: Graph) -> dict[str, Powers]:
    """The powers of every tensor of known shape that follows an input image at all. O(ops).

    An axis follows the axis of an input that it stands for: at the same place when the rank stays, in the order of
    their sizes when it does not; reshapes and transposes keep track of what an axis is made of. What the data decide,
    and what an op with a body makes, counts as fixed.
    """
    found: dict[str, _Axes] = {}
    for name in graph.inputs:
        axes = image_axes(graph.values[name])
        if axes is not None:
            found[name] = tuple(_part(n, int(i in axes)) for i, n in enumerate(_sizes(graph.values[name])))
    for op in graph.ops:
        if op.bodies or not any(n in found for n in op.inputs):
            continue
        for name in op.outputs:
            value = graph.values[name]
            if value.const or value.elements is None:
                continue
            made = _output(graph, op, _sizes(value), found)
            if any(map(_power, made)):
                found[name] = made
    return {name: tuple(map(_power, axes)) for name, axes in found.items()}


def scaled_shape(value: Value, power: Powers, factor: float) -> tuple[int, ...]:
    """The shape with images of `factor` times the side: sizes rounded up, none below 1."""
    return tuple(max(1, ceil(n * factor**p - 1e-9)) if p else n for n, p in zip(_sizes(value), power, strict=True))


def _output(graph: Graph, op: Op, shape: Sequence[int], found: Mapping[str, _Axes]) -> _Axes:
    kind = op.type.lower().replace("_", "")
    source = found.get(op.inputs[0])
    if kind in ("matmul", "batchmatmul"):
        return _product(op, shape, found)
    if source is not None and kind == "transpose":
        order = _permutation(graph, op)
        return tuple(source[i] for i in order) if order is not None and len(order) == len(source) else _fixed(shape)
    if source is not None and kind in _REGROUPS:
        return _regrouped(source, shape)
    best = _fixed(shape)
    for name in op.inputs:
        if name in found:
            follow = _follow(_sizes(graph.values[name]), found[name], shape)
            best = tuple(b if _power(b) > _power(a) else a for a, b in zip(best, follow, strict=True))
    if kind in ("gemm", "linear", "fullyconnected"):
        return (*best[:-1], _part(shape[-1], 0))
    return best


_REGROUPS = frozenset({"reshape", "flatten", "flatten2d", "squeeze", "unsqueeze", "expanddims", "identity", "dropout"})


def _follow(source: Sequence[int], axes: _Axes, shape: Sequence[int]) -> _Axes:
    if len(source) > len(shape):
        return _in_order(source, axes, shape)
    lead = len(shape) - len(source)  # operands of a smaller rank are broadcast
    kept = (a if s == n else _part(n, _power(a)) for s, n, a in zip(source, shape[lead:], axes, strict=True))
    return (*_fixed(shape[:lead]), *kept)


def _in_order(source: Sequence[int], axes: _Axes, shape: Sequence[int]) -> _Axes:
    """Axes of a tensor of lower rank: each output axis is the next input axis of its size."""
    found: list[_Axis] = []
    at = 0
    for size in shape:
        match = next((i for i in range(at, len(source)) if source[i] == size), None)
        found.append(_part(size, 0) if match is None else axes[match])
        at = at if match is None else match + 1
    return tuple(found)


def _regrouped(source: _Axes, shape: Sequence[int]) -> _Axes:
    """Axes of a reshaped tensor: the parts in their order, cut where an output axis ends.

    Of a part that is cut, the outer piece follows the image (of 56 rows in windows of 7, the 8 windows), both where
    they are equal.
    """
    parts = [part for axis in reversed(source) for part in reversed(axis)]
    found: list[_Axis] = []
    for size in shape:
        axis: list[tuple[int, int]] = []
        while size > 1 and parts:
            part, power = parts.pop()
            if size % part == 0:
                size //= part
            elif part % size == 0:
                inner = power // 2 if power % 2 == 0 and isqrt(part) ** 2 == part and isqrt(part) == size else 0
                parts.append((part // size, inner))
                part, power, size = size, power - inner, 1
            else:
                return _fixed(shape)
            axis.append((part, power))
        found.append(tuple(axis))
    return tuple(found)


def _product(op: Op, shape: Sequence[int], found: Mapping[str, _Axes]) -> _Axes:
    """A matrix product: rows follow the left operand, columns the right one, batches either."""
    best = list(_fixed(shape))
    for side, name in enumerate(op.inputs[:2]):
        axes = found.get(name, ())
        if len(axes) < 2 or len(shape) < 2:
            continue
        lead = len(shape) - len(axes)
        for k, axis in enumerate(axes[:-2]):
            if lead + k >= 0 and _power(axis) > _power(best[lead + k]):
                best[lead + k] = axis
        flipped = any(op.attrs.get(name) for name in _FLIPS[side])
        best[len(shape) - 2 + side] = axes[-1 - (side ^ (not flipped))]
    return tuple(a if n > 1 else () for a, n in zip(best, shape, strict=True))


_FLIPS = (("transpose_x", "adj_x"), ("transpose_y", "adj_y"))


def _permutation(graph: Graph, op: Op) -> tuple[int, ...] | None:
    given = op.attrs.get("perm")
    if given is None:
        name = op.input("perm")
        given = graph.values[name].data if name is not None else None
    if not isinstance(given, tuple):
        return None
    order = tuple(i for i in given if isinstance(i, int))
    return order if sorted(order) == list(range(len(given))) else None


def _part(size: int, power: int) -> _Axis:
    return ((size, power),) if size > 1 else ()


def _fixed(shape: Sequence[int]) -> _Axes:
    return tuple(_part(n, 0) for n in shape)


def _power(axis: _Axis) -> int:
    return sum(power for _, power in axis)


def _sizes(value: Value) -> list[int]:
    return [n for n in value.shape or () if isinstance(n, int)]
