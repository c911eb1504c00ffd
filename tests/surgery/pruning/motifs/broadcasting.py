"""Ops that compute element by element, with operands of every shape that broadcasts."""

from __future__ import annotations

import numpy as np
from onnx import helper

from tests.surgery.pruning.motifs.convolving import conv
from tests.surgery.pruning.net import Motif, Net
from tests.surgery.sketch import Refused, Value

_TWO = ("Add", "Add", "Mul", "Sub", "Max", "Min", "Div")


def form(net: Net, x: Value) -> list[int]:
    """A shape that broadcasts to a tensor's."""
    shape = [d if net.chance(0.6) else 1 for d in x.shape]
    return shape[net.pick(0, 0, 1, x.rank - 1) :]


def weighted(net: Net) -> None:
    """With a weight: for each channel, for each position, for all."""
    x = net.any(2, 5)
    kind = net.pick(*_TWO)
    w = net.weight(*form(net, x), positive=kind == "Div")
    net.keep(net.op(kind, w, x) if net.chance(0.3) and kind != "Div" else net.op(kind, x, w))


def wider(net: Net) -> None:
    """With a weight that is larger than the tensor."""
    x = net.features(4, fits=lambda v: 1 in v.shape[2:])
    shape = [d if d > 1 else 3 for d in x.shape[1:]]
    net.keep(net.both(net.pick("Add", "Mul"), x, net.weight(*shape)))


def gated(net: Net) -> None:
    """With a tensor computed of the same one, of some of its axes or all."""
    x = net.features()
    axes = net.pick([1], list(range(2, x.rank)), list(range(1, x.rank)))
    other = net.op("Sigmoid", net.reduce(net.pick("ReduceMean", "ReduceMax"), x, axes))
    net.keep(net.both(net.pick("Add", "Mul", "Max"), x, other))


def beside(net: Net) -> None:
    """With another layer's result: of as many channels, or of one."""
    x = net.features()
    net.keep(net.both(net.pick("Add", "Mul"), x, conv(net, x, net.pick(1, x.shape[1]), size=1)))


def outer(net: Net) -> None:
    """Every channel of one with every one of another."""
    x = net.op("GlobalAveragePool", net.features(4))
    b, c = x.shape[:2]
    y = conv(net, x, net.pick(2, 3), size=1)
    one, two = net.reshape(x, (b, c, 1, 1)), net.reshape(y, (b, 1, y.shape[1], 1))
    net.keep(net.op("Mul", one, two))


def chosen(net: Net) -> None:
    """Where, by a comparison with a weight, or by one of the tensor's own channels."""
    x = net.any(2, 5)
    test = net.op("Greater", x, net.weight(*form(net, x)))
    net.keep(net.op("Where", test, x, net.weight(*form(net, x))))


def sloped(net: Net) -> None:
    x = net.features()
    net.keep(net.op("PRelu", x, net.weight(*net.pick((x.shape[1], *[1] * (x.rank - 2)), (1,)))))


def clipped(net: Net) -> None:
    net.keep(net.clip(net.features(), net.pick(None, -0.5, 0.0), net.pick(None, 1.0, 6.0)))


def powered(net: Net) -> None:
    x = net.op("Abs", net.features())
    net.keep(net.op("Pow", x, net.const(np.full(net.pick((), (1,), (x.shape[1], *[1] * (x.rank - 2))), 2), np.float32)))


def twice(net: Net) -> None:
    """A tensor in both places."""
    x = net.features()
    net.keep(net.op(net.pick("Add", "Mul", "Sub", "Max"), x, x))


def many(net: Net) -> None:
    """Sum, Max and Mean of several."""
    x = net.features()
    net.keep(net.op(net.pick("Sum", "Max", "Mean"), x, conv(net, x, x.shape[1]), net.op("Relu", x)))


def typed(net: Net) -> None:
    """Through other types and back; like another tensor's, whatever shape that has."""
    x = net.any(2, 5)
    h = net.op("Cast", x, to=helper.np_dtype_to_tensor_dtype(np.dtype(net.pick(np.float64, np.float32))))
    net.keep(net.op("CastLike", h, net.any(1, 5)) if net.opset >= 15 else net.op("Cast", h, to=1))


def kept(net: Net) -> None:
    """Dropout, and Identity."""
    x = net.any(2, 5)
    net.keep(net.op(net.pick("Dropout", "Identity"), x))


def scaled(net: Net) -> None:
    """A normalisation written out as a scale and a shift of each channel."""
    x = net.features()
    shape = (x.shape[1], *[1] * (x.rank - 2))
    net.keep(net.op("Add", net.op("Mul", x, net.weight(1, *shape)), net.weight(*shape)))


def of_old(net: Net) -> None:
    """A bias of each channel, as a weight turned into its shape."""
    x = net.features()
    b = net.weight(x.shape[1])
    if net.opset < 5:
        raise Refused("too old")
    net.keep(net.op("Add", x, net.reshape(b, (1, x.shape[1], *[1] * (x.rank - 2)))))


MOTIFS: tuple[Motif, ...] = (
    weighted, weighted, wider, gated, beside, outer, chosen, sloped, clipped, powered, twice, many, typed, kept,
    scaled, of_old,
)  # fmt: skip
