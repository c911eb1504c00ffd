"""Ops that put tensors together, repeat them, or make them larger; pools and what trades channels for positions."""

from __future__ import annotations

import numpy as np

from tests.surgery.pruning.motifs.convolving import conv
from tests.surgery.pruning.net import Motif, Net
from tests.surgery.sketch import Refused


def concat(net: Net) -> None:
    """Along any axis, with other layers' results, weights, or itself."""
    x = net.features()
    axis = net.pick(1, 1, 1, x.rank - 1)
    others = [x]
    for _ in range(net.pick(1, 2)):
        kind = net.pick("layer", "layer", "weight", "same")
        if kind == "layer":
            others.append(conv(net, x, 0 if axis == 1 else x.shape[1], size=1))
        elif kind == "same":
            others.append(net.op("Relu", x) if net.chance() else x)
        else:
            shape = list(x.shape)
            shape[axis] = net.pick(1, 2)
            others.append(net.weight(*shape))
    net.rng.shuffle(others)
    net.keep(net.op("Concat", *others, axis=net.axis(x, axis)))


def stacked(net: Net) -> None:
    """Joined along a new axis, and merged into the channels."""
    x = net.features(4)
    y = conv(net, x, x.shape[1], size=1)
    at = net.pick(1, 2)
    h = net.concat([net.unsqueeze(x, at), net.unsqueeze(y, at)], at)
    net.keep(net.reshape(h, (x.shape[0], 2 * x.shape[1], *x.shape[2:])))


def classified(net: Net) -> None:
    """A token of its own before the others, and taken out again."""
    x = net.tokens()
    token = net.weight(1, 1, x.shape[2])
    if x.shape[0] > 1:
        token = net.op("Expand", token, net.ints([x.shape[0], 1, x.shape[2]]))
    h = net.concat([token, x], 1)
    net.keep(net.op("Gather", h, net.ints(0), axis=1) if net.chance() else h)


def expanded(net: Net) -> None:
    """By a shape that names all axes, the last of them, or ones."""
    x = net.features(fits=lambda v: 1 in v.shape[2:])
    shape = [3 if d == 1 and i > 1 else net.pick(1, d) for i, d in enumerate(x.shape)]
    net.keep(net.op("Expand", x, net.ints(shape[net.pick(0, 1, 2) :])))


def tiled(net: Net) -> None:
    x = net.features()
    times = [1, net.pick(1, 1, 2, 3), *[net.pick(1, 2) for _ in range(x.rank - 2)]]
    net.keep(net.op("Tile", x, net.ints(times)))


def padded(net: Net) -> None:
    """Beside positions, and beside channels."""
    x = net.features()
    widths = [0] * (2 * x.rank)
    for axis in range(1, x.rank):
        if net.chance(0.4):
            widths[axis], widths[axis + x.rank] = net.pick(0, 1, 2), net.pick(0, 1)
    if net.chance(0.2):
        widths[x.rank + 1] = -1
    net.keep(net.pad(x, widths, net.pick("constant", "constant", "edge")))


def pooled(net: Net) -> None:
    x = net.features(net.pick(3, 4, 4, 5))
    n = x.rank - 2
    kind = net.pick("MaxPool", "AveragePool", "GlobalAveragePool", "GlobalMaxPool")
    more = (
        {}
        if kind.startswith("Global")
        else {"kernel_shape": [2] * n, "strides": [net.pick(1, 2)] * n, "pads": [1] * 2 * n}
    )
    net.keep(net.op(kind, x, **more))


def resized(net: Net) -> None:
    """By factors, by sizes of all axes, or of those that change."""
    x = net.features(4)
    if net.opset < 11:
        raise Refused("another form")
    none = net.const(np.zeros(0), np.float32)
    mode = net.pick("nearest", "linear")
    if net.chance():
        made = net.op("Resize", x, none, net.const([1, 1, 2, 2], np.float32), mode=mode)
    elif net.opset >= 18 and net.chance():
        made = net.op("Resize", x, None, None, net.ints([2 * d for d in x.shape[2:]]), mode=mode, axes=[2, 3])
    else:
        sizes = [*x.shape[:2], *(d + 1 for d in x.shape[2:])]
        made = net.op("Resize", x, none, None if net.opset >= 13 else none, net.ints(sizes), mode=mode)
    net.keep(made)


def deepened(net: Net) -> None:
    """Positions become channels."""
    x = net.features(4, fits=lambda v: v.shape[2] % 2 == 0 and v.shape[3] % 2 == 0)
    net.keep(net.op("SpaceToDepth", x, blocksize=2))


def spread(net: Net) -> None:
    """Channels become positions, in either order; as an op, or written out."""
    x = net.features(4)
    x = conv(net, x, 4 * net.pick(1, 2, 3), size=1)
    b, c, h, w = x.shape
    way = net.pick("DCR", "CRD", "written")
    if way == "written":
        parts = net.transpose(net.reshape(x, (b, c // 4, 2, 2, h, w)), [0, 1, 4, 2, 5, 3])
        net.keep(net.reshape(parts, (b, c // 4, 2 * h, 2 * w)))
    elif net.opset < 11:
        net.keep(net.op("DepthToSpace", x, blocksize=2))
    else:
        net.keep(net.op("DepthToSpace", x, blocksize=2, mode=way))


MOTIFS: tuple[Motif, ...] = (
    concat, concat, stacked, classified, expanded, tiled, padded, pooled, resized, deepened, spread,
)  # fmt: skip
