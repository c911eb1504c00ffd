"""Typed readers of ONNX attributes and of the small constants that newer opsets pass as inputs instead."""

from __future__ import annotations

from edgeplan.graph import Attr, Op, Scalar
from edgeplan.lower.builder import Builder

__all__ = ["axes", "flag", "integer", "integers", "number", "one_integer", "one_number", "port", "text", "vector"]


def port(op: Op, name: str, slot: int) -> str | None:
    """The value at a port; ops of a schema that the frontend lacks call theirs input0, input1 and so on."""
    found = op.input(name)
    return op.input(f"input{slot}") if found is None else found


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _integers(value: Attr | tuple[Scalar, ...] | None) -> tuple[int, ...] | None:
    if not isinstance(value, tuple):
        return None
    found = tuple(v for v in value if isinstance(v, int) and not isinstance(v, bool))
    return found if len(found) == len(value) else None


def integer(op: Op, name: str, default: int) -> int | None:
    """The attribute, its default when absent, None when it is not an integer."""
    value = op.attrs.get(name, default)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def flag(op: Op, name: str, default: bool) -> bool | None:
    """An integer attribute that means yes or no; None when it is not an integer."""
    value = op.attrs.get(name, int(default))
    return bool(value) if _is_integer(value) else None


def number(op: Op, name: str, default: float) -> float | None:
    """The attribute as a float, its default when absent, None when it is not a number."""
    value = op.attrs.get(name, default)
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def text(op: Op, name: str, default: str) -> str | None:
    """The attribute, its default when absent, None when it is not a string."""
    value = op.attrs.get(name, default)
    return value if isinstance(value, str) else None


def integers(op: Op, name: str, default: tuple[int, ...]) -> tuple[int, ...] | None:
    """The attribute, its default when absent, None when it is not a list of integers."""
    return _integers(op.attrs[name]) if name in op.attrs else default


def vector(op: Op, b: Builder, name: str, default: tuple[int, ...] | None = None) -> tuple[int, ...] | None:
    """Integers given as an attribute (older opsets) or as a constant input (newer ones) of the same name.

    `default` when neither is there; None when the input is not a small constant of integers.
    """
    given = op.input(name)
    if given is not None:
        return _integers(b.data(given))
    return _integers(op.attrs[name]) if name in op.attrs else default


def one_integer(b: Builder, name: str | None) -> int | None:
    """The element of a constant scalar or one-element tensor; None for anything else."""
    data = _integers(b.data(name))
    return data[0] if data is not None and len(data) == 1 else None


def one_number(b: Builder, name: str | None) -> float | None:
    """The element of a constant scalar or one-element tensor as a float; None for anything else."""
    data = b.data(name)
    if data is None or len(data) != 1 or isinstance(data[0], (bool, str)):
        return None
    return float(data[0])


def axes(op: Op, b: Builder, rank: int | None, default: tuple[int, ...] = ()) -> tuple[int, ...] | None:
    """`axes` of an op counted from the front, in the given order; `default` when absent.

    As given while the rank is unknown. None when they are computed at run time, repeated, or outside -rank..rank-1.
    """
    given = vector(op, b, "axes", default)
    if given is None or (rank is not None and any(not -rank <= a < rank for a in given)):
        return None
    front = given if rank is None else tuple(a % rank for a in given)
    return front if len(set(front)) == len(front) else None
