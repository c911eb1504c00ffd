"""Convolutions of every kind, alone, in blocks and with weights that several of them share."""

from __future__ import annotations

import numpy as np
from onnx import helper, numpy_helper

from tests.surgery.pruning.net import Motif, Net
from tests.surgery.sketch import Refused, Value


def conv(net: Net, x: Value, outs: int = 0, group: int = 1, size: int = 0, weight: Value | None = None) -> Value:
    """A convolution that keeps positions, dilated now and then, mostly with a bias."""
    n, outs = x.rank - 2, outs or net.pick(2, 3, 4, 6, 8)
    k = size or net.pick(1, 1, 3)
    w = weight or net.weight(outs, x.shape[1] // group, *[k] * n, scale=0.5)
    wide = net.pick(1, 1, 2) if k == 3 else 1
    bias = [net.weight(outs)] if net.chance(0.6) else []
    attrs = {"group": group} if group > 1 or net.chance(0.2) else {}
    return net.op(
        "Conv", x, w, *bias, pads=[wide * (k // 2)] * 2 * n, dilations=[wide] * n, kernel_shape=[k] * n, **attrs
    )


def after(net: Net, x: Value) -> Value:
    """A normalisation and an activation, each perhaps."""
    if net.chance(0.5):
        c = x.shape[1]
        x = net.op("BatchNormalization", x, *[net.weight(c) for _ in range(3)], net.weight(c, positive=True))
    if net.chance(0.6):
        x = net.op(
            net.pick("Relu", "Relu", "Sigmoid", "HardSwish" if net.opset >= 14 else "Elu", "LeakyRelu", "Tanh"), x
        )
    return x


def layer(net: Net) -> None:
    net.keep(after(net, conv(net, net.features())))


def layers(net: Net) -> None:
    """A chain, in which now and then two layers share a weight."""
    x = net.features()
    for _ in range(net.pick(2, 3)):
        x = after(net, conv(net, x))
    net.keep(x)


def shared(net: Net) -> None:
    """One weight read by two layers, on the same or on another tensor of as many channels."""
    x = net.features()
    w = net.weight(net.pick(2, 4, 6), x.shape[1], *[1] * (x.rank - 2))
    y = conv(net, x, x.shape[1]) if net.chance() else x
    net.keep(conv(net, x, w.shape[0], size=1, weight=w), conv(net, y, w.shape[0], size=1, weight=w))


def depthwise(net: Net) -> None:
    """A channel by itself makes one or several."""
    x = net.features()
    c = x.shape[1]
    net.keep(after(net, conv(net, x, c * net.pick(1, 1, 2, 3), group=c)))


def grouped(net: Net) -> None:
    """Few groups of many channels, many of few, and as many as they have."""
    x = net.features(fits=lambda v: v.shape[1] in (4, 6, 8, 12))
    group = net.pick(*[g for g in (2, 3, 4, 6) if x.shape[1] % g == 0])
    net.keep(after(net, conv(net, x, group * net.pick(1, 2, 3, 4), group=group)))


def turned(net: Net) -> None:
    """A transposed convolution: plain, grouped, or of each channel by itself."""
    x = net.features(net.pick(3, 4))
    c, n = x.shape[1], x.rank - 2
    group = net.pick(1, 1, c, *[g for g in (2, 3, 4) if c % g == 0])
    outs = net.pick(1, 2, 3)
    bias = [net.weight(outs * group)] if net.chance() else []
    w = net.weight(c, outs, *[2] * n)
    net.keep(after(net, net.op("ConvTranspose", x, w, *bias, strides=[net.pick(1, 2)] * n, group=group)))


def residual(net: Net) -> None:
    """A chain of blocks around which their input goes."""
    x = net.features()
    for _ in range(net.pick(1, 2, 3)):
        inner = after(net, conv(net, x, x.shape[1]))
        if net.chance(0.4):
            inner = conv(net, inner, x.shape[1])
        x = after(net, net.both("Add", x, inner))
    net.keep(x)


def inverted(net: Net) -> None:
    """Wide, by each channel itself, narrow again, and around it."""
    x = net.features(4)
    wide = x.shape[1] * net.pick(2, 3)
    h = after(net, conv(net, x, wide, size=1))
    h = after(net, conv(net, h, wide, group=wide, size=3))
    if net.chance():
        h = excited(net, h)
    h = conv(net, h, x.shape[1], size=1)
    net.keep(net.op("Add", x, h) if net.chance() else h)


def excited(net: Net, x: Value) -> Value:
    """Squeeze and excite: every channel times a number that is computed of the means of all."""
    h = net.op("GlobalAveragePool", x)
    h = net.op("Relu", conv(net, h, net.pick(2, 3), size=1))
    h = net.op("Sigmoid", conv(net, h, x.shape[1], size=1))
    return net.both("Mul", x, h)


def excite(net: Net) -> None:
    net.keep(excited(net, net.features(4)))


def dense(net: Net) -> None:
    """Every layer reads all before it."""
    found = [net.features(4)]
    for _ in range(net.pick(2, 3)):
        found.append(after(net, conv(net, net.concat(found, 1) if len(found) > 1 else found[0], net.pick(2, 3, 4))))
    net.keep(net.concat(found, 1))


def handed(net: Net) -> None:
    """A weight that comes through ops which only hand it on."""
    x = net.features()
    outs, ins, n = net.pick(2, 4, 6), x.shape[1], x.rank - 2
    way = net.pick("turned", "same", "view", "cast", "joined", "made", "stacked")
    if way == "turned":
        w = net.transpose(net.weight(ins, outs, *[1] * n), [1, 0, *range(2, n + 2)])
    elif way == "same":
        w = net.op("Identity", net.weight(outs, ins, *[1] * n))
    elif way == "view":
        w = net.reshape(net.weight(outs * ins), (outs, ins, *[1] * n))
    elif way == "cast":
        w = net.op("Cast", net.const(net.numpy.integers(-3, 4, (outs, ins, *[1] * n)), np.int32), to=1)
    elif way == "joined":
        w = net.concat([net.weight(outs - 1, ins, *[1] * n), net.weight(1, ins, *[1] * n)], 0)
    elif way == "stacked":
        w = net.unsqueeze(net.weight(outs, ins), *range(2, n + 2))
    else:
        value = numpy_helper.from_array(np.array([0.25], np.float32))
        w = net.op("ConstantOfShape", net.ints([outs, ins, *[1] * n]), value=value)
    net.keep(net.op("Conv", x, w))


def quantised(net: Net) -> None:
    """A weight of int8 with one scale, or one for each output."""
    if net.opset < 13:
        raise Refused("one scale for each came later")
    x = net.features(4)
    outs, ins = net.pick(2, 4, 6), x.shape[1]
    many = net.chance(0.7)
    form = (outs,) if many else ()
    q = net.const(net.numpy.integers(-50, 50, (outs, ins, 1, 1)), np.int8)
    scale = net.const(net.numpy.uniform(0.01, 0.05, form), np.float32)
    zero = [net.const(net.numpy.integers(-9, 9, form), np.int8)] if net.chance(0.7) else []
    w = net.op("DequantizeLinear", q, scale, *zero, axis=0 if many else None)
    if net.chance(0.4):
        edges = [net.const(0.05, np.float32), net.const(0, np.int8)]
        x = net.op("DequantizeLinear", net.op("QuantizeLinear", x, *edges), *edges)
    net.keep(net.op("Conv", x, w))


def branching(net: Net) -> None:
    """An If whose branches read a tensor of the graph around them, and a weight of it."""
    x = net.features()
    h = conv(net, x)
    b = net.weight(1, h.shape[1], *[1] * (h.rank - 2))
    bodies = []
    for kind in ("Add", "Mul"):
        name = net.name("b")
        out = helper.make_tensor_value_info(name, 1, None)
        bodies.append(helper.make_graph([helper.make_node(kind, [h.name, b.name], [name])], kind, [], [out]))
    test = net.op("Greater", net.op("ReduceSum", x, keepdims=0), net.const(0.0, np.float32))
    chosen = net.ops("If", [test], captured=[h, b], then_branch=bodies[0], else_branch=bodies[1])
    net.keep(*chosen, net.op("Relu", h))


MOTIFS: tuple[Motif, ...] = (
    layer, layer, layers, shared, depthwise, grouped, grouped, turned, residual, inverted, excite, dense, handed,
    quantised, branching,
)  # fmt: skip
