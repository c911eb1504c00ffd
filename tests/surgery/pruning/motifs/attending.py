"""Linear layers, attentions of every kind, and recurrent layers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tests.surgery.pruning.net import Motif, Net
from tests.surgery.sketch import Value


def linear(net: Net, x: Value, outs: int = 0, bias: bool | None = None) -> Value:
    """A product with a weight over the last axis, and mostly a bias."""
    outs = outs or net.pick(2, 4, 6, 8)
    if x.rank == 2 and net.chance(0.6):
        return gemm(net, x, outs)
    made = net.op("MatMul", x, net.weight(x.shape[-1], outs, scale=0.5))
    if bias is False or (bias is None and net.chance(0.4)):
        return made
    return net.both("Add", made, net.weight(outs))


def gemm(net: Net, x: Value, outs: int) -> Value:
    """A Gemm, either operand turned or not, with an addend of any shape it may have, perhaps a computed one."""
    ins = x.shape[-1]
    turned, first = net.chance(), net.chance(0.2)
    w = net.weight(outs, ins) if turned else net.weight(ins, outs)
    a = net.transpose(x, [1, 0]) if first else x
    form = net.pick((outs,), (1, outs), (1,), (), (x.shape[0], 1), (x.shape[0], outs))
    if len(form) == 2 and form[0] != 1 and net.chance():
        c = [net.op("MatMul", x, net.weight(ins, outs))]
    else:
        c = [net.weight(*form)]
    if net.opset >= 11 and net.chance(0.3):
        c = []
    attrs = {"alpha": 0.5, "beta": 2.0} if net.chance(0.3) else {}
    return net.op("Gemm", a, w, *c, transA=int(first), transB=int(turned), **attrs)


def layer(net: Net) -> None:
    x = net.tokens() if net.chance(0.5) else net.op("Flatten", net.features(), axis=1)
    net.keep(linear(net, x))


def feeding(net: Net) -> None:
    """A transformer's second half, with what it normalises and goes around it."""
    x = net.tokens()
    h = normalised(net, x) if net.chance() else x
    h = linear(net, h, net.pick(6, 8))
    if net.chance(0.3):
        one, two = net.split(h, 2, [h.shape[2] // 2] * 2)
        h = net.op("Mul", one, net.op("Sigmoid", two))
    else:
        h = net.op(net.pick("Relu", "Erf", "Sigmoid"), h)
    h = linear(net, h, x.shape[2])
    net.keep(net.both("Add", x, h))


def normalised(net: Net, x: Value) -> Value:
    """A LayerNormalization, as an op or written out."""
    c = x.shape[-1]
    if net.opset >= 17 and net.chance():
        return net.op("LayerNormalization", x, net.weight(c), net.weight(c), axis=-1)
    apart = net.op("Sub", x, net.reduce("ReduceMean", x, [x.rank - 1]))
    spread = net.reduce("ReduceMean", net.op("Mul", apart, apart), [x.rank - 1])
    root = net.op("Sqrt", net.op("Add", spread, net.const(1e-3, np.float32)))
    return net.op("Add", net.op("Mul", net.op("Div", apart, root), net.weight(c)), net.weight(c))


def left(net: Net) -> None:
    """A weight on the left: positions are mixed, then channels."""
    x = net.features(net.pick(3, 4))
    h = net.op("MatMul", net.weight(net.pick(2, 4), x.shape[-2]), x)
    if x.rank == 3:  # channels are the rows that it sums over
        h = net.op("Relu", h)
    net.keep(h)


def batched(net: Net) -> None:
    """A weight for every channel."""
    x = net.features(4)
    net.keep(net.op("MatMul", x, net.weight(net.pick(1, x.shape[1]), x.shape[3], net.pick(2, 3))))


def gram(net: Net) -> None:
    """A tensor times itself, turned."""
    x = net.tokens()
    turned = net.transpose(x, [0, 2, 1])
    net.keep(net.op("MatMul", x, turned) if net.chance() else net.op("MatMul", turned, x))


def heads(net: Net, x: Value, count: int) -> Value:
    """[batch, length, channels] to [batch, heads, length, channels of a head]."""
    return net.transpose(net.reshape(x, (x.shape[0], x.shape[1], count, x.shape[2] // count)), [0, 2, 1, 3])


def joined(net: Net, x: Value) -> Value:
    """Back again."""
    b, n, length, d = x.shape
    return net.reshape(net.transpose(x, [0, 2, 1, 3]), (b, length, n * d))


def attended(net: Net, q: Value, k: Value, v: Value) -> Value:
    """softmax(q k / s) v of [batch, heads, length, channels], now and then with a bias of each head."""
    scores = net.op("MatMul", q, net.transpose(k, [0, 1, 3, 2]))
    scores = net.op(net.pick("Mul", "Div"), scores, net.const(net.pick(0.5, 2.0), np.float32))
    if net.chance(0.4):
        form = net.pick((q.shape[1], 1, 1), (1, q.shape[1], *scores.shape[2:]), scores.shape[2:])
        scores = net.op("Add", scores, net.weight(*form))
    return net.op("MatMul", net.op("Softmax", scores, axis=3), v)


def attention(net: Net) -> None:
    """Three layers for queries, keys and values; of two sources now and then."""
    x = net.tokens()
    other = net.keep(net.stem((x.shape[0], net.pick(2, 4), net.pick(4, 6)))) if net.chance(0.3) else x
    count, d = net.pick(1, 2, 3, 4), net.pick(1, 2, 4)
    q, k = heads(net, linear(net, x, count * d), count), heads(net, linear(net, other, count * d), count)
    e = net.pick(d, 2)
    v = heads(net, linear(net, other, count * e), count)
    out = joined(net, attended(net, q, k, v))
    made = linear(net, out, x.shape[2])
    net.keep(net.op("Add", x, made) if net.chance(0.7) else made)


def packed(net: Net) -> None:
    """One layer for all three, in either order of what is split."""
    x = net.tokens()
    (b, length, _), count, d = x.shape, net.pick(2, 3), net.pick(2, 4)
    made = linear(net, x, 3 * count * d)
    way = net.pick("split", "first", "last", "slice")
    if way == "split":
        q, k, v = (heads(net, part, count) for part in net.split(made, 2, [count * d] * 3))
    elif way == "slice":
        parts = [net.slice(made, [2], [i * count * d], [(i + 1) * count * d]) for i in range(3)]
        q, k, v = (heads(net, part, count) for part in parts)
    else:
        form = (b, length, 3, count, d) if way == "first" else (b, length, count, 3, d)
        whole = net.transpose(net.reshape(made, form), [2, 0, 3, 1, 4] if way == "first" else [3, 0, 2, 1, 4])
        q, k, v = (net.op("Gather", whole, net.ints(i), axis=0) for i in range(3))
    net.keep(net.op("Add", x, linear(net, joined(net, attended(net, q, k, v)), x.shape[2])))


def in_groups(net: Net) -> None:
    """Several heads of queries for each of keys and values."""
    x = net.tokens()
    (b, length, _), few, times, d = x.shape, net.pick(1, 2, 3), net.pick(2, 3), net.pick(2, 4)
    q = heads(net, linear(net, x, few * times * d), few * times)
    pair = [heads(net, linear(net, x, few * d), few) for _ in range(2)]
    shape = (b, few, times, length, d)
    wide = [
        net.reshape(net.op("Expand", net.unsqueeze(p, 2), net.ints(list(shape))), (b, few * times, length, d))
        for p in pair
    ]
    net.keep(linear(net, joined(net, attended(net, q, *wide)), x.shape[2]))


def across(net: Net) -> None:
    """An attention among channels: the positions are summed over."""
    x = net.tokens()
    q, k, v = (net.transpose(linear(net, x, 4), [0, 2, 1]) for _ in range(3))
    scores = net.op("Softmax", net.op("MatMul", q, net.transpose(k, [0, 2, 1])), axis=2)
    net.keep(net.op("MatMul", scores, v))


def recurrent(net: Net) -> None:
    """A GRU, an LSTM or an RNN, and perhaps one after it."""
    x = net.transpose(net.tokens(), [1, 0, 2])
    for _ in range(net.pick(1, 1, 2)):
        x = _cell(net, x, net.pick("LSTM", "GRU", "RNN"))
    net.keep(net.transpose(x, [1, 0, 2]))


def _cell(net: Net, x: Value, kind: str) -> Value:
    gates = {"LSTM": 4, "GRU": 3, "RNN": 1}[kind]
    (steps, batch, ins), hidden = x.shape, net.pick(2, 3, 4)
    dirs = net.pick(1, 1, 2)
    w, r = net.weight(dirs, gates * hidden, ins, scale=0.5), net.weight(dirs, gates * hidden, hidden, scale=0.5)
    given: list[Value | None] = [net.weight(dirs, 2 * gates * hidden) if net.chance(0.7) else None, None]
    if net.chance(0.5):
        given.append(_state(net, x, dirs, hidden))
        if kind == "LSTM" and net.chance():
            given.append(net.weight(dirs, batch, hidden))
            if net.chance():
                given.append(net.weight(dirs, 3 * hidden))
    while given and given[-1] is None:
        given.pop()
    said = {"direction": "bidirectional"} if dirs == 2 else {"direction": net.pick("forward", "reverse")}
    if kind == "GRU":
        said["linear_before_reset"] = net.pick(0, 1)
    found = net.ops(kind, [x, w, r, *given], net.pick(1, 2), hidden_size=hidden, **said)
    y = net.transpose(found[0], [0, 2, 1, 3])
    if len(found) > 1 and net.chance():
        net.keep(net.transpose(found[1], [1, 0, 2]))
    return net.reshape(y, (steps, batch, dirs * hidden))


def _state(net: Net, x: Value, dirs: int, hidden: int) -> Value:
    """A first state: a weight, zeros, or what a layer makes of the first step."""
    batch = x.shape[1]
    if net.chance(0.4):
        return net.weight(dirs, batch, hidden)
    if net.chance(0.4):
        return net.op("ConstantOfShape", net.ints([dirs, batch, hidden]))
    first = net.op("Gather", x, net.ints(0), axis=0)
    if dirs == 1:
        return net.unsqueeze(linear(net, first, hidden), 0)
    return net.transpose(net.reshape(linear(net, first, 2 * hidden), (batch, 2, hidden)), [1, 0, 2])


def embedded(net: Net) -> None:
    """Rows of a table, chosen by the input, and one of positions."""
    ids = net.input((net.batch, 3), np.int64)
    table = net.weight(4, net.pick(4, 6, 8))
    x = net.op("Gather", table, ids, axis=net.pick(0, -2) if net.opset >= 11 else 0)
    places: Sequence[int] = net.pick((3, x.shape[2]), (1, 3, x.shape[2]), (x.shape[2],))
    net.keep(net.op("Add", x, net.weight(*places)))


MOTIFS: tuple[Motif, ...] = (
    layer, layer, feeding, left, batched, gram, attention, attention, packed, packed, in_groups, across,
    recurrent, recurrent, embedded,
)  # fmt: skip
