"""Ops that show the same elements otherwise: splits and merges of axes, changes of their order."""

from __future__ import annotations

import numpy as np

from tests.surgery.pruning.motifs.attending import linear
from tests.surgery.pruning.motifs.convolving import conv
from tests.surgery.pruning.net import Motif, Net
from tests.surgery.sketch import Refused, Value


def shuffled(net: Net) -> None:
    """Channels of groups one after the other."""
    x = net.features(4, fits=lambda v: v.shape[1] % 2 == 0)
    b, c, h, w = x.shape
    g = net.pick(2, c // 2)
    parts = net.transpose(net.reshape(x, (b, g, c // g, h, w)), [0, 2, 1, 3, 4])
    net.keep(net.reshape(parts, (b, c, h, w)))


def flat(net: Net) -> None:
    """Channels and positions as one axis, before a linear layer."""
    x = net.features()
    way = net.pick("Flatten", "Reshape", "Squeeze")
    if way == "Flatten":
        h = net.op("Flatten", x, axis=net.pick(None, 1, 2))
    elif way == "Reshape":
        h = net.op("Reshape", x, net.ints(net.pick([0, -1], [x.shape[0], -1], [-1, int(np.prod(x.shape[1:]))])))
    else:
        pooled = net.op("GlobalAveragePool", x)
        h = net.squeeze(pooled, *range(2, x.rank)) if net.chance() or x.shape[0] == 1 else net.op("Squeeze", pooled)
    net.keep(h)
    if net.chance(0.6) and h.rank == 2:
        net.keep(linear(net, h))


def nhwc(net: Net) -> None:
    """A layer over channels that come last for a while."""
    x = net.features(4)
    h = linear(net, net.transpose(x, [0, 2, 3, 1]))
    net.keep(net.transpose(h, [0, 3, 1, 2]) if net.chance(0.7) else h)


def sequence(net: Net) -> None:
    """Positions in a row, and back."""
    x = net.features(4)
    b, c, h, w = x.shape
    rows = net.transpose(net.reshape(x, (b, c, h * w)), [0, 2, 1])
    net.keep(rows)
    if net.chance():
        made = linear(net, rows)
        net.keep(net.reshape(net.transpose(made, [0, 2, 1]), (b, made.shape[2], h, w)))


def merged(net: Net) -> None:
    """Axes beside each other as one, or an axis as two, again and again, with changes of their order between."""
    x = net.any(2, 5)
    for _ in range(net.pick(1, 2, 3)):
        x = net.pick(_merge, _part, _turn)(net, x)
        if net.chance(0.3):
            x = net.op("Add", x, net.weight(*[d if net.chance() else 1 for d in x.shape]))
    net.keep(x)


def there_and_back(net: Net) -> None:
    """One view, an op, and the view before."""
    x = net.features()
    h = net.pick(_merge, _part)(net, x)
    h = net.op("Mul", h, net.weight(*[d if net.chance(0.4) else 1 for d in h.shape]))
    net.keep(net.reshape(h, x.shape))


def _merge(net: Net, x: Value) -> Value:
    if x.rank < 3:
        raise Refused("too few axes")
    at = net.rng.randrange(x.rank - 1)
    return net.reshape(x, (*x.shape[:at], x.shape[at] * x.shape[at + 1], *x.shape[at + 2 :]))


def _part(net: Net, x: Value) -> Value:
    at = net.rng.randrange(x.rank)
    sizes = [d for d in range(2, x.shape[at]) if x.shape[at] % d == 0]
    if not sizes or x.rank > 5:
        raise Refused("nothing to part")
    d = net.pick(*sizes)
    return net.reshape(x, (*x.shape[:at], d, x.shape[at] // d, *x.shape[at + 1 :]))


def _turn(net: Net, x: Value) -> Value:
    return net.transpose(x, net.order(x.rank))


def windows(net: Net) -> None:
    """Windows of positions as a batch, a layer in each, and back."""
    x = net.features(4, fits=lambda v: v.shape[2] % 2 == 0 and v.shape[3] % 2 == 0)
    b, c, h, w = x.shape
    parts = net.transpose(net.reshape(x, (b, c, h // 2, 2, w // 2, 2)), [0, 2, 4, 3, 5, 1])
    rows = linear(net, net.reshape(parts, (b * (h // 2) * (w // 2), 4, c)), c)
    back = net.transpose(net.reshape(rows, (b, h // 2, w // 2, 2, 2, c)), [0, 5, 1, 3, 2, 4])
    net.keep(net.reshape(back, (b, c, h, w)))


def moved_axes(net: Net) -> None:
    """New axes, and gone again."""
    x = net.features()
    at = net.rng.randrange(x.rank + 1)
    h = net.op("Relu", net.unsqueeze(x, at))
    net.keep(net.squeeze(h, at) if net.chance() else h)


def channel_of_one(net: Net) -> None:
    """A single channel, squeezed away."""
    x = conv(net, net.features(4), 1, size=1)
    net.keep(net.squeeze(x, 1))


MOTIFS: tuple[Motif, ...] = (
    shuffled, flat, flat, nhwc, sequence, merged, merged, there_and_back, windows, moved_axes, channel_of_one,
)  # fmt: skip
