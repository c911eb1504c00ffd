"""The Gaussian error linear unit, exact and by tanh, as exporters take it apart."""

from __future__ import annotations

from math import pi, sqrt

from edgeplan.lower.fuse.pattern import Fused, Matcher

__all__ = ["fuse_gelu"]


def fuse_gelu(m: Matcher, index: int) -> Fused | None:
    """The multiplications that end in x * 0.5 * (1 + f(x)).

    Before: `e = Erf(x / sqrt(2)); y = x * (1 + e) * 0.5`, or
            `t = Tanh(sqrt(2 / pi) * (x + 0.044715 * x**3)); y = 0.5 * x * (1 + t)`, the factors in any order
    After:  `y = Gelu<approximate = none | tanh>(x)`
    """
    factors: list[str] = []
    gone: list[int] = []
    _factors(m, index, factors, gone, 0)
    if len(factors) != 3 or not gone:
        return None
    half = next((f for f in factors if m.close(f, 0.5)), None)
    rest = [f for f in factors if f is not half]
    if half is None or len(rest) != 2:
        return None
    for x, one_plus in (rest, rest[::-1]):
        found = _one_plus(m, one_plus, x)
        if found is not None and m.same_shape(x, m.op(index).outputs[0]):
            approximate, inner = found
            outs = m.op(index).outputs
            return Fused("Gelu", (x,), ("X",), outs, {"approximate": approximate}, (*inner, *gone[1:], index))
    return None


def _factors(m: Matcher, index: int, factors: list[str], gone: list[int], depth: int) -> None:
    """Flatten a product of three into its factors, through inner products nobody else reads."""
    gone.append(index)
    for name in m.op(index).inputs:
        inner = m.producer(name, "Mul") if depth == 0 else None
        if inner is not None and m.sole(name) == index and len(factors) < 3:
            _factors(m, inner, factors, gone, 1)
            continue
        factors.append(name)


def _one_plus(m: Matcher, name: str, x: str) -> tuple[str, tuple[int, ...]] | None:
    add = m.producer(name, "Add")
    if add is None or m.sole(name) is None:
        return None
    for f, one in m.operands(add):
        if not m.close(one, 1.0):
            continue
        erf = m.producer(f, "Erf", "Tanh")
        if erf is None or m.sole(f) != add:
            continue
        argument = m.op(erf).inputs[0]
        inner = _scaled(m, argument, x, erf) if m.op(erf).type == "Erf" else _cubic(m, argument, x, erf)
        if inner is not None:
            return ("none" if m.op(erf).type == "Erf" else "tanh"), (*inner, erf, add)
    return None


def _scaled(m: Matcher, name: str, x: str, reader: int) -> tuple[int, ...] | None:
    """x / sqrt(2), divided or multiplied."""
    at = m.producer(name, "Div", "Mul")
    if at is None or m.sole(name) != reader:
        return None
    if m.op(at).type == "Div":
        a, b = m.op(at).inputs
        return (at,) if a == x and m.close(b, sqrt(2)) else None
    return (at,) if any(a == x and m.close(b, 1 / sqrt(2)) for a, b in m.operands(at)) else None


def _cubic(m: Matcher, name: str, x: str, reader: int) -> tuple[int, ...] | None:
    """sqrt(2 / pi) * (x + 0.044715 * x**3), the cube as Pow or as products."""
    outer = m.producer(name, "Mul")
    if outer is None or m.sole(name) != reader:
        return None
    for total, scale in m.operands(outer):
        add = m.producer(total, "Add")
        if not m.close(scale, sqrt(2 / pi)) or add is None or m.sole(total) != outer:
            continue
        for a, small in m.operands(add):
            times = m.producer(small, "Mul") if a == x else None
            if times is None or m.sole(small) != add:
                continue
            for cube, factor in m.operands(times):
                if not m.close(factor, 0.044715):
                    continue
                power = _cube(m, cube, x, times)
                if power is not None:
                    return (*power, times, add, outer)
    return None


def _cube(m: Matcher, name: str, x: str, reader: int) -> tuple[int, ...] | None:
    at = m.producer(name, "Pow", "Mul")
    if at is None or m.sole(name) != reader:
        return None
    if m.op(at).type == "Pow":
        base, exponent = m.op(at).inputs
        return (at,) if base == x and m.close(exponent, 3.0) else None
    for square, other in m.operands(at):
        inner = m.producer(square, "Mul") if other == x else None
        if inner is not None and m.sole(square) == at and m.op(inner).inputs == (x, x):
            return (inner, at)
    return None
