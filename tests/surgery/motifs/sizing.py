"""Shapes that the model computes, weights that are moved first, and tensors of no axes or no elements."""

from __future__ import annotations

import numpy as np

from tests.surgery.sketch import Refused, Sketch, Value


def sizes_of(s: Sketch, x: Value) -> list[Value]:
    """Each size of a tensor as a row of one, now and then by way of int32."""
    whole = s.op("Shape", x)
    if s.chance(0.4):
        whole = s.op("Cast", whole, to=6)
    found = []
    for i in range(x.rank):
        if s.chance():
            found.append(s.unsqueeze(s.op("Gather", whole, s.const(i), axis=0), 0))
        else:
            found.append(s.slice(whole, [0], [i], [i + 1]))
    return found


def told_shape(s: Sketch) -> None:
    """A Reshape to sizes of the same tensor."""
    x = s.any(2, 4)
    sizes = sizes_of(s, x)
    kind = sizes[0].array.dtype
    rest = [s.const([d], kind) for d in x.shape[1:]]
    to = [sizes[0], *s.pick([s.const([-1], kind)], rest, [s.const([1], kind), *rest])]
    if s.chance(0.3):
        s.rng.shuffle(to)
    shape = s.concat(to, 0)
    if kind != np.int64:
        shape = s.op("Cast", shape, to=7)
    s.keep(s.op("Reshape", x, shape))


def guarded_expand(s: Sketch) -> None:
    """An Expand as PyTorch's exporter spells it, with a guard against -1."""
    x = s.any(2, 3)
    z = s.input([1, *x.shape[1:]])
    sizes = s.op("Shape", x)
    parts = [s.slice(sizes, [0], [0], [1]), *(s.const(s.pick([-1], [d])) for d in x.shape[1:])]
    told = s.concat(parts, 0)
    ones = s.const([1] * x.rank)
    guard = s.op("Equal", told, s.const([-1] * x.rank))
    s.keep(s.op("Expand", z, s.op("Where", guard, ones, told)))


def shape_arithmetic(s: Sketch) -> None:
    """A shape that the model computes of its own tensors' shapes."""
    x = s.any(2, 5)
    other = x if s.chance(0.8) else s.any(2, 5)
    whole = s.op("Shape", other)
    if other is not x or s.chance(0.3):
        flat = s.op("Reshape", x, s.const([-1]))
        n = s.op("Shape", flat)
        total = s.op("Div", n, s.const([1]))
        s.keep(s.op("Reshape", flat, s.op("Concat", total, s.const([1]), axis=0)))
        return
    dims = []
    for i in range(x.rank):
        how = s.rng.randrange(3)
        if how == 0:
            dims.append(s.const([x.shape[i]]))
        elif how == 1:
            dims.append(s.unsqueeze(s.op("Gather", whole, s.const(i), axis=0), 0))
        else:
            dims.append(s.slice(whole, [0], [i], [i + 1]))
    if x.rank > 2 and s.chance(0.6):
        dims[1:3] = [s.op("Mul", dims[1], dims[2])]
    if s.chance(0.3):
        dims[s.rng.randrange(len(dims))] = s.const([-1])
    target = s.concat(dims, 0)
    if s.chance(0.3):
        target = s.op("Cast", s.op("Cast", target, to=6), to=7)
    s.keep(s.op("Reshape", x, target))


def moved_weights(s: Sketch) -> None:
    """A weight that is turned, reshaped, cut or cast before it is used."""
    x = s.rows()
    n = x.shape[-1]
    w = s.weight(3, n)
    t = s.transpose(w, [1, 0])
    if s.chance(0.3):
        t = s.op("Reshape", s.op("Flatten", w, axis=0), s.const([n, 3]))
    s.keep(s.op("MatMul", x, t))
    if s.chance(0.2):
        s.keep(s.op("MatMul", x, s.transpose(w, [1, 0])))
    if s.chance(0.3):
        s.keep(s.op("Add", x, s.op("Reshape", s.weight(n, 1), s.const([n]))))


def extreme_sizes(s: Sketch) -> None:
    """Tensors of rank 0, and ones without elements."""
    if s.chance():
        x = s.input(())
        s.keep(s.op("Mul", s.any(1, 3), elementwise_scalar(s, x)))
        return
    x = s.any(1, 3)
    empty = s.slice(x, [0], [0], [0])
    s.keep(s.concat([s.op("Relu", empty), x], 0))


def elementwise_scalar(s: Sketch, x: Value) -> Value:
    made: Value = s.pick(
        lambda: s.op("Relu", x),
        lambda: s.op("Add", x, s.number(1.0)),
        lambda: s.unsqueeze(x, 0),
        lambda: s.clip(x, 0.0, 1.0),
    )()
    if made.rank > 1:
        raise Refused("no scalar")
    return made


MOTIFS = (
    shape_arithmetic, told_shape, told_shape, guarded_expand, moved_weights, extreme_sizes,
)  # fmt: skip
