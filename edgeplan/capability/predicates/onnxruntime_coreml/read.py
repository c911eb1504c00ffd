"""How a predicate reads the parameters of an op."""

from __future__ import annotations

from collections.abc import Sequence

from edgeplan.graph import Op, Scalar, Value

__all__ = ["any_known", "axes_of", "input_at", "known", "numbers", "whole"]


def input_at(op: Op, inputs: Sequence[Value], port: str) -> Value | None:
    """The value at a port."""
    return next((v for p, v in zip(op.ports, inputs, strict=True) if p == port), None)


def numbers(op: Op, inputs: Sequence[Value], name: str) -> tuple[Scalar, ...] | None:
    """A list that older opsets give as an attribute and newer ones as an input; None where it is not known."""
    given = op.attrs.get(name)
    if isinstance(given, tuple):
        return tuple(g for g in given if not isinstance(g, tuple))
    value = input_at(op, inputs, name)
    return None if value is None else value.data


def whole(found: Sequence[Scalar] | None) -> tuple[int, ...]:
    """The elements as whole numbers; nothing where there are none."""
    return tuple(int(n) for n in found or () if isinstance(n, int | float))


def known(shape: Sequence[object] | None) -> tuple[int, ...]:
    """The sizes of a shape that are known."""
    return tuple(d for d in shape or () if isinstance(d, int))


def any_known(truths: Sequence[bool | None]) -> bool | None:
    """Kleene's or."""
    return True if True in truths else None if None in truths else False


def axes_of(op: Op, inputs: Sequence[Value], count: int, rank: int) -> tuple[int, ...]:
    """The axes that a list of sizes, scales or pads speaks of, counted from the front."""
    given = whole(numbers(op, inputs, "axes"))
    return tuple(a + rank if a < 0 else a for a in given) if len(given) == count else tuple(range(rank))
