"""Normalizations, as ops and written out, and reductions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tests.surgery.sketch import Refused, Sketch, Value


def centred(s: Sketch, x: Value, axes: list[int]) -> tuple[Value, Value]:
    m = s.reduce("ReduceMean", x, axes)
    return m, s.op("Sub", x, m)


def varied(x: Value, axes: Sequence[int]) -> None:
    """Refuses to normalize what is all the same: nothing over nothing is any number."""
    array = x.array.astype(float)
    if array.size == 0 or not np.isfinite(array).all() or array.std(tuple(axes)).min() < 0.05:
        raise Refused("nothing varies")


def square(s: Sketch, d: Value) -> Value:
    return s.op("Pow", d, s.number(2.0)) if s.chance() else s.op("Mul", d, d)


def divided(s: Sketch, d: Value, v: Value) -> Value:
    """By the root of a variance and its epsilon."""
    shifted = s.both("Add", v, s.number(s.pick(1e-5, 1e-3, 1e-2)))
    how = s.rng.randrange(4)
    if how == 0:
        return s.op("Div", d, s.op("Sqrt", shifted))
    if how == 1:
        return s.both("Mul", d, s.op("Reciprocal", s.op("Sqrt", shifted)))
    if how == 2:
        return s.both("Mul", d, s.op("Pow", shifted, s.number(-0.5)))
    return s.op("Div", d, s.op("Pow", shifted, s.number(0.5)))


def scaled(s: Sketch, z: Value, shape: tuple[int, ...], bias: bool = True) -> Value:
    if s.chance(0.8):
        z = s.both("Mul", z, s.weight(*shape))
    if bias and s.chance(0.8):
        z = s.both("Add", z, s.weight(*shape))
    return z


def layernorm_written(s: Sketch) -> None:
    x = s.rows() if s.chance(0.8) else s.image()
    count = s.pick(1, 1, 2) if x.rank > 2 else 1
    axes = [s.axis(x, x.rank - count + i) for i in range(count)]
    if s.chance(0.1):
        axes = [1]
    varied(x, axes)
    _, d = centred(s, x, axes)
    v = s.reduce("ReduceMean", square(s, d), axes)
    z = divided(s, d, v)
    s.keep(scaled(s, z, s.pick(x.shape[-1:], x.shape[-count:], x.shape[-1:])))
    if s.chance(0.1):
        s.keep(d)


def layernorm_of_tensorflow(s: Sketch) -> None:
    x = s.rows()
    axes = [s.axis(x, x.rank - 1)]
    varied(x, axes)
    m, d = centred(s, x, axes)
    v = s.reduce("ReduceMean", square(s, d), axes)
    inverse = s.op("Reciprocal", s.op("Sqrt", s.op("Add", v, s.number(1e-3))))
    factor = s.both("Mul", inverse, s.weight(x.shape[-1]))
    shift = s.op("Sub", s.weight(x.shape[-1]), s.both("Mul", m, factor))
    s.keep(s.both("Add", s.both("Mul", x, factor), shift))


def rmsnorm_written(s: Sketch) -> None:
    x = s.rows()
    v = s.reduce("ReduceMean", square(s, x), [s.axis(x, x.rank - 1)])
    s.keep(scaled(s, divided(s, x, v), x.shape[-1:], s.chance(0.1)))


def layernorm(s: Sketch) -> None:
    x = s.rows() if s.chance(0.7) else s.image()
    axis = x.rank - s.pick(1, 1, 2)
    if axis < 1:
        raise Refused("too few axes")
    shape = x.shape[axis:]
    varied(x, range(axis, x.rank))
    bias = [s.weight(*shape)] if s.chance(0.7) else []
    more = 3 if s.chance(0.15) else 1
    found = s.ops(
        "LayerNormalization",
        [x, s.weight(*shape), *bias],
        more,
        axis=s.pick(axis, axis - x.rank),
        epsilon=s.pick(None, 1e-3),
    )
    s.keep(*found)


def layernorm_between(s: Sketch) -> None:
    x = s.image(lambda v: v.shape[1] > 1, channels=s.pick(3, 4))
    varied(x, [1])
    t = s.transpose(x, [0, 2, 3, 1])
    c = x.shape[1]
    bias = [s.weight(c)] if s.chance(0.7) else []
    n = s.op("LayerNormalization", t, s.weight(c), *bias)
    s.keep(s.transpose(n, [0, 3, 1, 2]) if s.chance(0.7) else n)


def rmsnorm(s: Sketch) -> None:
    x = s.rows()
    s.keep(s.op("RMSNormalization", x, s.weight(x.shape[-1]), axis=s.pick(-1, x.rank - 1), epsilon=s.pick(None, 1e-3)))


def instancenorm(s: Sketch) -> None:
    x = s.take(
        lambda: (s.batch, s.pick(2, 3), *[4] * s.pick(1, 2, 3)), lambda v: 3 <= v.rank <= 5 and np.prod(v.shape[2:]) > 1
    )
    c = x.shape[1]
    varied(x, range(2, x.rank))
    s.keep(s.op("InstanceNormalization", x, s.weight(c), s.weight(c), epsilon=s.pick(None, 1e-3)))


def groupnorm_written(s: Sketch) -> None:
    g, each = s.pick(1, 2), s.pick(1, 2, 3)
    x = s.image(lambda v: v.shape[2] * v.shape[3] > 1, channels=g * each, side=s.pick(2, 4))
    n, c, h, w = x.shape
    varied(x, [2, 3])
    a = s.op("Reshape", x, s.const(s.pick([n, g, -1], [0, g, -1])))
    ones = s.const(np.ones(g), s.dtype), s.const(np.zeros(g), s.dtype)
    given = ones if s.chance() else (s.weight(g), s.weight(g))
    i = s.op("InstanceNormalization", a, *given, epsilon=1e-3)
    if s.chance(0.3):
        back = s.op("Reshape", i, s.op("Shape", x))
    else:
        back = s.op("Reshape", i, s.const(s.pick([n, c, h, w], [-1, c, h, w])))
    s.keep(scaled(s, back, s.pick((c, 1, 1), (1, c, 1, 1))))


def groupnorm(s: Sketch) -> None:
    g, each = s.pick(1, 2, 2, 4), s.pick(1, 2, 3)
    x = s.image(lambda v: v.shape[2] * v.shape[3] > 1, channels=g * each, side=s.pick(2, 4))
    varied(x, [2, 3])
    c = g if s.opset < 21 else x.shape[1]
    s.keep(s.op("GroupNormalization", x, s.weight(c), s.weight(c), num_groups=g, epsilon=s.pick(None, 1e-3)))


def lrn(s: Sketch) -> None:
    attrs = {"alpha": s.pick(None, 0.1), "beta": s.pick(None, 0.5), "bias": s.pick(None, 2.0)}
    s.keep(s.op("LRN", s.image(), size=s.pick(1, 3, 3, 5, 2), **attrs))


def lpnorm(s: Sketch) -> None:
    x = s.any(1, 4)
    s.keep(s.op("LpNormalization", x, axis=s.rng.randrange(-x.rank, x.rank), p=s.pick(1, 2)))


def mvn(s: Sketch) -> None:
    x = s.any(2, 5)
    axes = s.rng.sample(range(x.rank), s.rng.randint(1, x.rank - 1))
    varied(x, axes)
    s.keep(s.op("MeanVarianceNormalization", x, axes=sorted(axes)))


def reduced(s: Sketch) -> None:
    x = s.any(1, 5)
    kind = s.pick(
        "ReduceL1", "ReduceL2", "ReduceSumSquare", "ReduceLogSum", "ReduceMean", "ReduceProd", "ReduceLogSumExp"
    )
    if kind == "ReduceLogSum":
        x = s.op("Add", s.op("Abs", x), s.number(0.5))
    axes = [s.axis(x, a) for a in sorted(s.rng.sample(range(x.rank), s.rng.randint(1, x.rank)))]
    if s.chance(0.1):
        s.keep(s.op(kind, x, keepdims=s.pick(0, 1)))
    else:
        s.keep(s.reduce(kind, x, axes, s.pick(None, 0, 1)))


def softmax(s: Sketch) -> None:
    x = s.any(1, 5)
    s.keep(s.op(s.pick("Softmax", "Softmax", "LogSoftmax"), x, axis=s.axis(x, s.rng.randrange(x.rank))))


MOTIFS = (
    layernorm_written, layernorm_written, layernorm_of_tensorflow, rmsnorm_written, rmsnorm_written, rmsnorm_written,
    layernorm, layernorm, layernorm_between, layernorm_between, rmsnorm, rmsnorm, instancenorm, groupnorm_written,
    groupnorm_written, groupnorm_written, groupnorm, groupnorm, lrn, lpnorm, mvn, reduced, reduced, softmax, softmax,
)  # fmt: skip
