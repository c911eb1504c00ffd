"""Ops that take parts of a tensor: splits, slices, single channels and rows of them."""

from __future__ import annotations

import numpy as np

from tests.surgery.pruning.motifs.convolving import conv
from tests.surgery.pruning.net import Motif, Net
from tests.surgery.sketch import Refused

_END = 2**31 - 1


def split(net: Net) -> None:
    """In parts as they come, equal ones, or as many as are asked for."""
    x = net.features()
    axis = net.pick(1, 1, 1, x.rank - 1)
    count = net.pick(2, 3)
    if net.chance(0.3) and net.opset >= 18:
        parts = net.ops("Split", [x], count, axis=axis, num_outputs=count)
    elif x.shape[axis] % count == 0 and net.chance():
        parts = net.split(x, axis, [x.shape[axis] // count] * count)
    else:
        parts = net.split(x, axis, net.parts(x.shape[axis], count))
    if any(not p.array.size for p in parts):
        raise Refused("nothing is left")
    net.keep(*[net.op("Relu", p) if net.chance(0.4) else p for p in parts])


def crossed(net: Net) -> None:
    """One part of the channels goes through a layer, the other beside it."""
    x = net.features(4, fits=lambda v: v.shape[1] % 2 == 0)
    one, two = net.split(x, 1, [x.shape[1] // 2] * 2)
    other = conv(net, one, two.shape[1], size=1)
    net.keep(net.op("Concat", two, other, axis=1) if net.chance() else net.op("Mul", two, other))


def slice_(net: Net) -> None:
    """From either end, to the last, in steps, of several axes."""
    x = net.features()
    c = x.shape[1]
    start, end = net.pick((0, c - 1), (1, _END), (-2, _END), (1, -1), (-c, 2), (0, _END), (c // 2, c))
    axes, starts, ends = [1], [start], [end]
    if net.chance(0.3):
        axes, starts, ends = [x.rank - 1, 1], [0, start], [_END, end]
    steps = [2 if net.chance(0.3) and a == 1 else 1 for a in axes] if net.chance(0.5) else []
    if net.opset >= 11 and net.chance(0.3):
        axes = [a - x.rank for a in axes]
    if net.opset >= 10 and net.chance(0.15):
        axes, starts, ends, steps = [1], [-1], [-_END], [-1]  # turned round
    made = net.slice(x, axes, starts, ends, steps)
    if not made.array.size:
        raise Refused("nothing is left")
    net.keep(made)


def unlabelled(net: Net) -> None:
    """A slice of the first axes, which does not name them."""
    x = net.features()
    if net.opset < 10:
        made = net.op("Slice", x, starts=[0, 1], ends=[_END, _END])
    else:
        made = net.op("Slice", x, *(net.const(c, net.pick(np.int64, np.int32)) for c in ((0, 1), (_END, _END))))
    if not made.array.size:
        raise Refused("nothing is left")
    net.keep(made)


def gather(net: Net) -> None:
    """One, a row of some in any order, some of them twice, counted from the end, or a table of them."""
    x = net.features()
    axis = net.pick(1, 1, 1, x.rank - 1)
    n = x.shape[axis]
    row = [net.rng.randrange(-n if net.opset >= 11 else 0, n) for _ in range(net.pick(1, 2, n, n + 1))]
    indices = net.pick(net.rng.randrange(n), row, row, [row, row])
    made = net.op("Gather", x, net.const(indices, net.pick(np.int64, np.int32)), axis=axis)
    net.keep(made)


def turned_round(net: Net) -> None:
    """All channels in another order."""
    x = net.features()
    net.keep(net.op("Gather", x, net.ints(net.order(x.shape[1])), axis=1))


def ranked(net: Net) -> None:
    """The largest along an axis, and where they are."""
    x = net.features()
    axis = net.pick(1, x.rank - 1)
    if net.opset < 10:
        raise Refused("another form")
    values, places = net.ops("TopK", [x, net.ints([1])], 2, axis=axis)
    net.keep(values)
    if net.chance(0.3):
        net.keep(net.op("Cast", places, to=1))


def shaped(net: Net) -> None:
    """A shape that the model computes of a tensor's own."""
    x = net.features(4)
    shape = net.op("Shape", x)
    first = net.op("Gather", shape, net.ints([0]), axis=0)
    if net.chance():
        second = net.op("Gather", shape, net.ints([1]), axis=0)
        net.keep(net.op("Reshape", x, net.concat([first, second, net.ints([-1])], 0)))
    else:
        net.keep(net.op("Reshape", x, net.concat([first, net.ints([-1])], 0)))


MOTIFS: tuple[Motif, ...] = (
    split, split, crossed, slice_, slice_, unlabelled, gather, gather, turned_round, ranked, shaped,
)  # fmt: skip
