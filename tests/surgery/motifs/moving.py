"""Ops that only move data: Transposes, Reshapes and Casts; and ops that do nothing."""

from __future__ import annotations

from math import prod

import numpy as np

from tests.surgery.sketch import Sketch, Value


def transposes(s: Sketch) -> None:
    x = s.any(2, 6)
    a = s.transpose(x, s.order(x.rank))
    back = [list(np.argsort(s.order(x.rank)))]
    if s.chance():
        perm = list(s.nodes[-1].attribute[0].ints)
        back = [[int(i) for i in np.argsort(perm)]]
    b = s.transpose(a, [int(i) for i in back[0]])
    s.keep(b)
    if s.chance(0.2):
        s.keep(a)


def lone_transpose(s: Sketch) -> None:
    """Of a tensor some of whose axes have size 1, or of many axes."""
    x = s.take(lambda: [s.pick(1, 1, 2, 3) for _ in range(s.pick(3, 4, 5, 6))], lambda v: v.rank >= 3)
    s.keep(s.transpose(x, s.order(x.rank)) if s.chance(0.8) else s.op("Transpose", x))


def elementwise(s: Sketch, x: Value) -> Value:
    """An op that treats all elements alike, with something that broadcasts."""
    how = s.rng.randrange(6)
    if how == 0:
        return s.op(s.pick("Relu", "Sigmoid", "Tanh", "Neg", "Abs", "Identity", "LeakyRelu", "HardSigmoid"), x)
    if how == 1:
        shape = [d if s.chance() else 1 for d in x.shape]
        return s.both(s.pick("Add", "Mul"), x, s.weight(*shape[s.rng.randrange(max(x.rank, 1)) :]))
    if how == 2:
        return s.op("Sub", x, s.number(0.5, x.rank))
    if how == 3:
        return s.clip(x, -1.0, 2.0)
    if how == 4:
        return s.both("Add", x, x)
    return s.reduce(s.pick("ReduceMean", "ReduceMax", "ReduceSum"), x, [s.rng.randrange(x.rank)], 1)


def around_transposes(s: Sketch) -> None:
    """Ops between a Transpose and the way back, on one branch or several."""
    x = s.take(lambda: (s.batch, s.pick(1, 3), s.pick(2, 4), s.pick(3, 5)), lambda v: 3 <= v.rank <= 5)
    perm = s.pick([0, *range(2, x.rank), 1], s.order(x.rank))
    back = [int(i) for i in np.argsort(perm)]
    a = s.transpose(x, perm)
    for _ in range(s.pick(0, 1, 2, 3)):
        a = elementwise(s, a)
    how = s.rng.randrange(6)
    if how == 0:
        b = s.transpose(x if s.chance() else s.input(x.shape), perm)
        a = s.concat([a, elementwise(s, b)], s.rng.randrange(x.rank))
    elif how == 1:
        b = s.transpose(x if s.chance() else s.input(x.shape), perm)
        a = s.both("Add", a, elementwise(s, b))
    elif how == 2:
        axis = s.rng.randrange(x.rank)
        a, b = s.split(a, axis, s.parts(a.shape[axis], 2))
        s.keep(s.transpose(elementwise(s, b), back))
    elif how == 3:
        a = s.op("Softmax", a, axis=s.axis(a, s.rng.randrange(x.rank)))
    elif how == 4:
        axis = s.rng.randrange(x.rank)
        a = s.slice(a, [axis], [0], [max(1, a.shape[axis] - 1)])
    y = s.transpose(a, back if s.chance(0.8) else s.order(x.rank))
    s.keep(y)
    if s.chance(0.15):
        s.keep(s.op("Relu", a))


def _other_shape(s: Sketch, shape: tuple[int, ...]) -> list[int]:
    """The same elements in another shape: axes merged, cut, or 1s put in."""
    found = list(shape)
    how = s.rng.randrange(4)
    if how == 0 and len(found) > 1:
        at = s.rng.randrange(len(found) - 1)
        found[at : at + 2] = [found[at] * found[at + 1]]
    elif how == 1:
        found.insert(s.rng.randrange(len(found) + 1), 1)
    elif how == 2:
        at = s.rng.randrange(max(len(found), 1))
        for k in (2, 3):
            if at < len(found) and found[at] % k == 0:
                found[at : at + 1] = [found[at] // k, k]
                break
    else:
        found = [prod(found)] if s.chance() else [*found[:1], prod(found[1:])]
    return found[:6] if len(found) <= 6 else [prod(shape)]


def view(s: Sketch, x: Value) -> Value:
    """A Reshape of some kind."""
    how = s.rng.randrange(5)
    ones = [i for i, d in enumerate(x.shape) if d == 1]
    if how == 0 and x.rank < 6:
        return s.unsqueeze(x, s.rng.randrange(x.rank + 1))
    if how == 1 and ones:
        return s.squeeze(x, *s.rng.sample(ones, s.rng.randint(1, len(ones))))
    if how == 2 and x.rank:
        return s.op("Flatten", x, axis=s.rng.randrange(x.rank + 1))
    return s.reshape(x, _other_shape(s, x.shape))


def views(s: Sketch) -> None:
    x = first = s.any(1, 5)
    for _ in range(s.pick(2, 2, 3, 4)):
        x = view(s, x)
        if s.chance(0.1):
            s.keep(x)
    if s.chance(0.4):
        x = s.reshape(x, first.shape)
    s.keep(x)


def window_views(s: Sketch) -> None:
    """Reshape, Transpose, Reshape, as windows are taken and heads are cut."""
    b, h, w, c = s.batch, s.pick(2, 4), s.pick(4, 6), s.pick(2, 3)
    x = s.take(lambda: (b, h, w, c), lambda v: v.shape == (b, h, w, c))
    a = s.op("Reshape", x, s.const(s.pick([b, h // 2, 2, w // 2, 2, c], [-1, h // 2, 2, w // 2, 2, c])))
    t = s.transpose(a, s.pick([0, 1, 3, 2, 4, 5], [0, 1, 3, 2, 4, 5], [0, 1, 3, 5, 2, 4], s.order(6)))
    s.keep(s.op("Reshape", t, s.const(s.pick([-1, 4, c], [-1, c], [b, -1]))))
    if s.chance(0.1):
        s.keep(t)


def shuffled_channels(s: Sketch) -> None:
    """What pixel shuffles and unshuffles are exported as."""
    r, c = 2, s.pick(1, 2)
    how = s.pick("crd", "dcr", "space", "unshuffle")
    if how in ("crd", "dcr"):
        h, w = s.pick(2, 3), 2
        x = s.take(lambda: (s.batch, c * r * r, h, w), lambda v: v.shape == (s.batch, c * r * r, h, w))
        inner, perm = ([c, r, r], [0, 1, 4, 2, 5, 3]) if how == "crd" else ([r, r, c], [0, 3, 4, 1, 5, 2])
        a = s.op("Reshape", x, s.const([s.pick(s.batch, -1), *inner, h, w]))
        s.keep(s.op("Reshape", s.transpose(a, perm), s.const([s.pick(s.batch, -1), c, h * r, w * r])))
        return
    x = s.image(lambda v: v.shape[2] % 2 == 0 and v.shape[3] % 2 == 0, side=4)
    n, c, h, w = x.shape
    a = s.op("Reshape", x, s.const([s.pick(n, -1), c, h // r, r, w // r, r]))
    t = s.transpose(a, [0, 3, 5, 1, 2, 4] if how == "space" else [0, 1, 3, 5, 2, 4])
    s.keep(s.op("Reshape", t, s.const([s.pick(n, -1), c * r * r, h // r, w // r])))


def casts(s: Sketch) -> None:
    x = s.any(1, 4)
    kinds = (1, 10, 11, 6, 7, 9, 3, 2)
    to = {np.dtype(np.float32): 1, np.dtype(np.float16): 10, np.dtype(np.float64): 11}[s.dtype]
    if s.chance(0.3):
        x = s.op("Cast", s.clip(s.op("Abs", x), 0.0, 10.0), to=s.pick(6, 7, 2))
    for _ in range(s.pick(1, 2, 3)):
        x = s.op("Cast", x, to=s.pick(*kinds[:3], to, *kinds))
    s.keep(s.op("Cast", x, to=to))


def nothing(s: Sketch) -> None:
    """Ops that do nothing, or nearly look so."""
    x = s.any(1, 5)
    for _ in range(s.pick(1, 2, 3)):
        x = _no_op(s, x)
        if s.chance(0.1):
            s.keep(x)
    s.keep(x)


def _no_op(s: Sketch, x: Value) -> Value:
    rank, ones = x.rank, [1.0] * x.rank
    wide = s.const(np.zeros(s.pick((), (1,), (1,) * rank, x.shape, (1,) * (rank + 1))), s.dtype)
    choices = (
        lambda: s.op("Identity", x),
        lambda: s.op("Dropout", x),
        lambda: s.ops("Dropout", [x], 2)[0],
        lambda: s.both("Add", x, wide),
        lambda: s.op("Sub", x, wide),
        lambda: s.op("Sub", wide, x),
        lambda: s.both("Mul", x, s.number(1.0, rank)),
        lambda: s.op("Div", x, s.number(1.0, rank)),
        lambda: s.op("Pow", x, s.number(1.0, rank)),
        lambda: s.pad(x, [0] * (2 * rank)),
        lambda: s.slice(x, [0], [0], [2**31 - 1]),
        lambda: s.op("Expand", x, s.const([1] * rank)),
        lambda: s.op("Expand", x, s.const(list(x.shape))),
        lambda: s.op("Tile", x, s.const([1] * rank)),
        lambda: s.op("Resize", x, None, s.const(ones, np.float32), mode=s.pick("nearest", "linear")),
        lambda: s.op("Reshape", x, s.const(list(x.shape))),
        lambda: s.op("Reshape", x, s.const([0] * rank)),
        lambda: s.op("Concat", x, axis=0),
        lambda: s.op(s.pick("Sum", "Max", "Min", "Mean"), x),
        lambda: s.split(x, 0, [x.shape[0]])[0],
        lambda: s.op(
            "MaxPool", x, kernel_shape=[1] * (rank - 2), strides=s.pick(None, [1] * (rank - 2), [2] * (rank - 2))
        ),
        lambda: s.op("AveragePool", x, kernel_shape=[1] * (rank - 2)),
        lambda: s.clip(x, None, None),
        lambda: s.op("Relu", s.op("Relu", x)),
        lambda: s.op("Relu", s.op("Sigmoid", x)),
        lambda: s.op("Abs", s.op("Relu", x)),
        lambda: s.op("Abs", s.op("Abs", x)),
        lambda: s.op("Neg", s.op("Neg", x)),
        lambda: s.op(s.pick("Floor", "Ceil", "Round"), s.op(s.pick("Floor", "Ceil"), x)),
        lambda: s.op("Cast", x, to=1),
        lambda: s.reduce(
            s.pick("ReduceMean", "ReduceSum", "ReduceMax"), x, [i for i, d in enumerate(x.shape) if d == 1][:1] or [0]
        ),
        lambda: s.op("Transpose", x, perm=list(range(rank))),
        lambda: s.op("DepthToSpace", x, blocksize=1),
        lambda: s.op("Where", s.const(True, bool), x, x),
    )
    made: Value = s.pick(*choices)()
    return made


def between_views(s: Sketch) -> None:
    """Elementwise ops in another shape."""
    x = s.any(1, 4)
    a = b = s.reshape(x, _other_shape(s, x.shape))
    for _ in range(s.pick(1, 2)):
        how = s.rng.randrange(4)
        if how == 0:
            b = s.both("Mul", b, s.op("Sigmoid", b))
        elif how == 1:
            b = s.both("Add", b, s.weight(*s.pick((1,), b.shape[-1:], ())))
        elif how == 2:
            b = s.both("Mul", a, b)
        else:
            b = s.op(s.pick("Relu", "Tanh", "Neg"), b)
    s.keep(s.reshape(b, x.shape))
    if s.chance(0.1):
        s.keep(a)


MOTIFS = (
    transposes, transposes, lone_transpose, lone_transpose, around_transposes, around_transposes, views, views,
    window_views, window_views, shuffled_channels, shuffled_channels, between_views, casts, casts, nothing, nothing,
)  # fmt: skip
