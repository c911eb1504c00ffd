"""Activations, as ops and as exporters spell them, and elementwise arithmetic."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tests.surgery.motifs.moving import elementwise
from tests.surgery.sketch import Sketch, Value


def product(s: Sketch, *factors: Value) -> Value:
    """A product, in any order."""
    left = list(factors)
    s.rng.shuffle(left)
    made = left.pop()
    while left:
        made = s.both("Mul", made, left.pop())
    return made


def gelu(s: Sketch) -> None:
    x = s.any(1, 5)
    if s.chance(0.55):
        root = s.pick(2**0.5, 2**0.5, 1.4142135, 1.41)
        inner = s.op("Div", x, s.number(root)) if s.chance() else s.both("Mul", x, s.number(1 / root))
        gate = s.both("Add", s.op("Erf", inner), s.number(1.0))
    else:
        cube = s.op("Pow", x, s.number(3.0)) if s.chance() else product(s, x, x, x)
        inner = s.both("Add", x, s.both("Mul", cube, s.number(0.044715)))
        gate = s.both("Add", s.op("Tanh", s.both("Mul", inner, s.number((2 / np.pi) ** 0.5))), s.number(1.0))
    if s.chance(0.2):
        s.keep(s.op("Div", product(s, x, gate), s.number(2.0)))
    else:
        s.keep(product(s, x, gate, s.number(0.5)))
    if s.chance(0.1):
        s.keep(gate)


def hard_swish(s: Sketch) -> None:
    x = s.any(1, 5)
    how = s.rng.randrange(3)
    if how == 0:
        y = s.both("Mul", x, s.op("HardSigmoid", x, alpha=s.pick(1 / 6, 1 / 6, 0.2), beta=0.5))
    else:
        gate = s.clip(s.both("Add", x, s.number(3.0)), 0.0, s.pick(6.0, 6.0, 6.0, 5.0))
        if how == 1:
            y = s.op("Div", s.both("Mul", x, gate), s.number(6.0))
        else:
            y = s.both("Mul", x, s.op("Div", gate, s.number(6.0)))
    s.keep(y)


def mish(s: Sketch) -> None:
    x = s.any(1, 5)
    soft = s.op("Softplus", x)
    s.keep(s.both("Mul", x, s.op("Tanh", soft)))
    if s.chance(0.1):
        s.keep(soft)


def silu(s: Sketch) -> None:
    x = s.any(1, 5)
    if s.chance(0.7):
        s.keep(s.op("QuickGelu", x, domain="com.microsoft", alpha=s.pick(None, 1.0, 1.702)))
    else:
        s.keep(s.both("Mul", x, s.op("Sigmoid", x)))


def vendor_gelu(s: Sketch) -> None:
    x = s.any(2, 4)
    kind = s.pick("Gelu", "FastGelu", "BiasGelu")
    bias = [s.weight(x.shape[-1])] if kind == "BiasGelu" or (kind == "FastGelu" and s.chance()) else []
    s.keep(s.op(kind, x, *bias, domain="com.microsoft"))


_KINDS: dict[str, tuple[dict[str, object], ...]] = {
    "Gelu": ({}, {"approximate": "tanh"}),
    "HardSwish": ({},),
    "Mish": ({},),
    "HardSigmoid": ({}, {"alpha": 1 / 6, "beta": 0.5}, {"alpha": -0.3}),
    "LeakyRelu": ({}, {"alpha": 1.5}, {"alpha": 0.0}),
    "Selu": ({}, {"alpha": 1.2, "gamma": 0.7}),
    "Celu": ({}, {"alpha": 0.5}, {"alpha": 2.0}),
    "Elu": ({}, {"alpha": 0.3}),
    "Softplus": ({},),
    "Softsign": ({},),
    "Abs": ({},),
    "Neg": ({},),
    "Swish": ({}, {"alpha": 1.7}),
    "ThresholdedRelu": ({},),
}


def standard(kind: str) -> Callable[[Sketch], None]:
    """An activation that is one op."""

    def motif(s: Sketch) -> None:
        s.keep(s.op(kind, s.any(0, 5), **s.pick(*_KINDS[kind])))

    motif.__name__ = kind.lower()
    return motif


def sloped(s: Sketch) -> None:
    x = s.any(1, 5)
    shape = s.pick((1,), x.shape[1:2] + (1,) * max(x.rank - 2, 0), x.shape[-1:], x.shape)
    slope = s.weight(*shape) if s.chance(0.8) else s.op("Sigmoid", s.weight(*shape))
    s.keep(s.op("PRelu", x, slope))


def bounds(s: Sketch) -> None:
    """Clips, Relus, Mins and Maxes one behind the other."""
    x = s.any(1, 4)
    for _ in range(s.pick(1, 2, 3)):
        how = s.rng.randrange(6)
        low, high = s.pick(None, -1.0, 0.0, 0.5), s.pick(None, 0.0, 1.0, 6.0)
        if how < 2:
            x = s.clip(x, low, high)
        elif how == 2:
            x = s.op("Relu", x)
        elif how == 3:
            x = s.both("Max", x, s.number(s.pick(0.0, -0.5, -np.inf), x.rank))
        elif how == 4:
            x = s.both("Min", x, s.number(s.pick(6.0, 1.0, np.inf), x.rank))
        else:
            x = s.op(s.pick("Max", "Min"), x, s.weight(x.shape[-1]) if s.chance() else s.number(0.5))
        if s.chance(0.08):
            s.keep(x)
    s.keep(x)


def powers(s: Sketch) -> None:
    x = s.any(0, 4)
    exponent = s.pick(2.0, 2.0, 3.0, 0.5, -1.0, -0.5, 4.0, 1.5)
    if exponent not in (2.0, 3.0, 4.0):
        x = s.op("Add", s.op("Abs", x), s.number(0.5))
    wide = s.opset >= 13 and s.chance(0.2)
    e = s.const(exponent, np.float32) if wide else s.number(exponent, x.rank)
    s.keep(s.op("Pow", x, e))


def quotients(s: Sketch) -> None:
    x = s.any(0, 4)
    how = s.rng.randrange(5)
    if how == 0:
        divisor = s.weight(*[d if s.chance() else 1 for d in x.shape], positive=True)
    elif how == 1:
        divisor = s.number(s.pick(8.0, 0.125, 3.0, 60000.0, 1e-30), x.rank)
    elif how == 2:
        s.keep(s.op("Div", s.number(2.0), s.op("Add", s.op("Abs", x), s.number(1.0))))
        return
    else:
        divisor = s.number(s.pick(8.0, 3.0, -2.5), x.rank)
    s.keep(s.op("Div", x, divisor))


def sums(s: Sketch) -> None:
    x = s.any(1, 4)
    terms = [x, *(s.input([d if s.chance(0.7) else 1 for d in x.shape]) for _ in range(s.pick(1, 2, 3)))]
    s.rng.shuffle(terms)
    s.keep(s.op(s.pick("Sum", "Mean"), *terms))


def chain(s: Sketch) -> None:
    """Elementwise ops with no pattern in mind."""
    x = s.any(1, 5)
    for _ in range(s.pick(1, 2, 4)):
        x = elementwise(s, x)
    s.keep(x)


MOTIFS = (
    gelu, gelu, gelu, hard_swish, hard_swish, mish, silu, vendor_gelu, *map(standard, _KINDS), sloped, bounds, bounds,
    powers, quotients, sums, chain,
)  # fmt: skip
