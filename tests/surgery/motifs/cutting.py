"""Slices, Splits, Concats, Gathers and Expands."""

from __future__ import annotations

from tests.surgery.motifs.moving import elementwise
from tests.surgery.sketch import Sketch


def slices(s: Sketch) -> None:
    x = s.any(1, 5)
    for _ in range(s.pick(1, 2, 2, 3)):
        axes = s.rng.sample(range(x.rank), min(x.rank, s.pick(1, 1, 2)))
        starts, ends, steps = [], [], []
        for axis in axes:
            size = x.shape[axis]
            a = s.rng.randrange(max(size, 1))
            b = s.pick(size, 2**31 - 1, s.rng.randint(a, size), -1 if a < size - 1 else size)
            starts.append(a - size if s.chance(0.2) else a)
            ends.append(b)
            steps.append(s.pick(1, 1, 1, 2))
        x = s.slice(x, axes, starts, ends, steps if s.chance(0.5) else [])
        if s.chance(0.1):
            s.keep(x)
    s.keep(x)


def pieces(s: Sketch) -> None:
    """Slices that take a tensor apart."""
    x = s.any(2, 5)
    axis = s.rng.randrange(x.rank)
    size = x.shape[axis]
    parts = s.parts(size, s.pick(2, 2, 3))
    at, made = 0, []
    for part in parts:
        end = at + part if at + part < size or s.chance() else 2**31 - 1
        made.append(s.slice(x, [axis], [at], [end]))
        at += part
    if s.chance(0.3):
        made.append(s.slice(x, [axis], [0], [parts[0]]))
    s.rng.shuffle(made)
    for one in made[: s.pick(1, 2, 3, 4)] if s.chance(0.2) else made:
        s.keep(s.op(s.pick("Relu", "Neg", "Sigmoid"), one) if s.chance() else one)


def joins(s: Sketch) -> None:
    x = s.any(1, 5)
    axis = s.rng.randrange(x.rank)
    inner = s.concat([x, s.input(x.shape)], axis)
    parts = [inner, *(s.input(x.shape) if s.chance() else s.weight(*x.shape) for _ in range(s.pick(1, 2)))]
    other = [i for i in range(x.rank) if i != axis]
    if other and s.chance(0.2):
        axis, parts = s.pick(*other), [inner, inner]
    s.rng.shuffle(parts)
    s.keep(s.concat(parts, axis))
    if s.chance(0.15):
        s.keep(inner)


def split_joined(s: Sketch) -> None:
    """A Split and a Concat, either way round."""
    x = s.any(1, 5)
    axis = s.rng.randrange(x.rank)
    if s.chance():
        parts = s.split(x, axis, s.parts(x.shape[axis], s.pick(2, 3)))
        if s.chance(0.25):
            s.rng.shuffle(parts)
        more = [s.input(x.shape)] if s.chance(0.5) else []
        s.keep(s.concat([*parts, *more] if s.chance() else [*more, *parts], axis))
        if s.chance(0.2):
            s.keep(parts[0])
    else:
        others = [x, s.input(x.shape)]
        joined = s.concat(others, axis)
        cuts = [x.shape[axis]] * 2 if s.chance(0.8) else s.parts(joined.shape[axis], 2)
        for part in s.split(joined, axis, cuts):
            s.keep(elementwise(s, part))


def gathers(s: Sketch) -> None:
    x = s.any(1, 5)
    axis = s.rng.randrange(x.rank)
    n = x.shape[axis]
    how = s.rng.randrange(5)
    if how == 0:
        index = s.const(s.rng.randrange(-n, n))
    elif how == 1:
        a = s.rng.randrange(n)
        index = s.const(list(range(a, s.rng.randint(a + 1, n))))
    elif how == 2:
        index = s.const(list(range(s.rng.randrange(n), n, 2)))
    elif how == 3:
        index = s.const([s.rng.randrange(n) for _ in range(3)])
    else:
        index = s.const([[s.rng.randrange(n)], [0]])
    s.keep(s.op("Gather", x, index, axis=axis if s.chance(0.7) else axis - x.rank))


def picked(s: Sketch) -> None:
    """A Gather of one element, and the axis back or away."""
    x = s.any(2, 4)
    axis = s.rng.randrange(x.rank)
    i = s.rng.randrange(x.shape[axis])
    if s.chance():
        s.keep(s.unsqueeze(s.op("Gather", x, s.const(i), axis=axis), s.pick(axis, axis, 0)))
    else:
        s.keep(s.squeeze(s.op("Gather", x, s.const([i]), axis=axis), axis))


def repeats(s: Sketch) -> None:
    """An Expand or Tile before an op that would broadcast."""
    x = s.take(lambda: (s.pick(1, s.batch), s.pick(1, 4), s.pick(1, 3)), lambda v: 1 <= v.rank <= 4 and 1 in v.shape)
    whole = [d if d != 1 else s.pick(1, 2, 3) for d in x.shape]
    if s.chance(0.7):
        made = s.op("Expand", x, s.const(([s.batch] if s.chance(0.2) else []) + whole))
    else:
        made = s.op("Tile", x, s.const([w // d for w, d in zip(whole, x.shape, strict=True)]))
    how = s.rng.randrange(4)
    other = s.input(made.shape if s.chance(0.7) else [d if s.chance() else 1 for d in made.shape])
    if how == 0 and made.rank >= 2:
        s.keep(s.op("MatMul", made, s.input((*made.shape[:-2], made.shape[-1], 2))))
    elif how == 1:
        s.keep(s.op("Sub", made, other))
    else:
        s.keep(s.both(s.pick("Add", "Mul"), made, other))
    if s.chance(0.1):
        s.keep(made)


MOTIFS = (
    slices, slices, pieces, pieces, joins, split_joined, split_joined, gathers, picked, repeats, repeats,
)  # fmt: skip
