"""Normalisations, reductions, and what mixes the indices of an axis."""

from __future__ import annotations

import numpy as np

from tests.surgery.pruning.motifs.attending import normalised
from tests.surgery.pruning.net import Motif, Net
from tests.surgery.sketch import Refused


def reduced(net: Net) -> None:
    """Over positions, channels or all, with the axes kept or not."""
    x = net.features()
    kind = net.pick("ReduceMean", "ReduceSum", "ReduceMax", "ReduceL2")
    axes = net.pick([1], [x.rank - 1], list(range(2, x.rank)), list(range(1, x.rank)))
    keep = net.pick(0, 1, None)
    net.keep(net.reduce(kind, x, [net.axis(x, a) for a in axes], keep))


def best(net: Net) -> None:
    x = net.features()
    made = net.op(net.pick("ArgMax", "ArgMin"), x, axis=net.pick(1, x.rank - 1), keepdims=net.pick(0, 1))
    net.keep(net.op("Cast", made, to=1))


def softmax(net: Net) -> None:
    """Of the form of its opset: over an axis, or over all from it on."""
    x = net.features()
    axis = net.pick(None, 1, x.rank - 1, -1 if net.opset >= 11 else 2)
    net.keep(net.op(net.pick("Softmax", "Softmax", "LogSoftmax"), x, axis=axis))


def instance(net: Net) -> None:
    x = net.features(fits=lambda v: v.array[0, 0].size > 1)
    net.keep(net.op("InstanceNormalization", x, net.weight(x.shape[1]), net.weight(x.shape[1]), epsilon=1e-2))


def groups(net: Net) -> None:
    """GroupNormalization with scales of groups (opset 18) or channels (21), or written out."""
    x = net.features(4, fits=lambda v: v.shape[1] in (4, 6, 8, 12))
    b, c, h, w = x.shape
    n = net.pick(*[g for g in (1, 2, 3, 4, c) if c % g == 0])
    if net.opset >= 18 and net.chance(0.7):
        size = c if net.opset >= 21 else n
        net.keep(net.op("GroupNormalization", x, net.weight(size), net.weight(size), num_groups=n, epsilon=1e-2))
        return
    flat = net.reshape(x, (b, n, c // n * h * w))
    done = net.op("InstanceNormalization", flat, net.weight(n), net.weight(n), epsilon=1e-2)
    back = net.reshape(done, (b, c, h, w))
    net.keep(net.op("Add", net.op("Mul", back, net.weight(c, 1, 1)), net.weight(c, 1, 1)))


def layer(net: Net) -> None:
    """Over the last axis, or all from one on."""
    net.keep(normalised(net, net.tokens()))
    if net.opset >= 17 and net.chance(0.3):
        x = net.features(4)
        net.keep(net.op("LayerNormalization", x, net.weight(*x.shape[2:]), axis=2))


def channels_last(net: Net) -> None:
    """A LayerNormalization of channels, between two changes of layout."""
    x = net.features(4)
    h = net.transpose(x, [0, 2, 3, 1])
    net.keep(net.transpose(normalised(net, h), [0, 3, 1, 2]))


def mixed(net: Net) -> None:
    """LRN, CumSum, LpNormalization and MeanVarianceNormalization."""
    x = net.features(4)
    kind = net.pick("LRN", "CumSum", "LpNormalization", "MeanVarianceNormalization")
    if kind == "LRN":
        net.keep(net.op(kind, x, size=3))
    elif kind == "CumSum":
        net.keep(net.op(kind, x, net.const(net.pick(1, 3), np.int64)))
    elif kind == "LpNormalization":
        net.keep(net.op(kind, x, axis=net.pick(1, 3)))
    else:
        net.keep(net.op(kind, x, axes=net.pick(None, [2, 3], [0, 2, 3])))


def heads_normalised(net: Net) -> None:
    """Each head's channels by themselves."""
    x = net.tokens(fits=lambda v: v.shape[2] % 2 == 0)
    b, length, c = x.shape
    if net.opset < 17:
        raise Refused("too old")
    h = net.op("LayerNormalization", net.reshape(x, (b, length, 2, c // 2)), net.weight(c // 2), axis=-1)
    net.keep(net.reshape(h, (b, length, c)))


MOTIFS: tuple[Motif, ...] = (
    reduced, reduced, best, softmax, instance, groups, layer, channels_last, mixed, heads_normalised,
)  # fmt: skip
