"""Conditions on equations and products."""

from __future__ import annotations

from edgeplan.graph import Op, Value

__all__ = [
    "diagonal_in_equation",
    "ellipsis_in_equation",
    "letter_in_equation_not_lower_case",
    "vector_times_batch",
]


def _equation(op: Op) -> str:
    return str(op.attrs.get("equation", ""))


def diagonal_in_equation(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """An operand of the equation repeats a letter."""
    terms = _equation(op).partition("->")[0].replace(" ", "").replace(".", "").split(",")
    return any(len(set(t)) < len(t) for t in terms)


def ellipsis_in_equation(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """The equation has an ellipsis, or more than two operands."""
    return "..." in _equation(op) or len(inputs) > 2


def letter_in_equation_not_lower_case(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """The equation names an axis by something else than a letter from a to z."""
    return any(c not in "abcdefghijklmnopqrstuvwxyz->., " for c in _equation(op))


def vector_times_batch(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """A vector is multiplied with a stack of several matrices."""
    if len(inputs) < 2 or inputs[0].shape is None or inputs[1].shape is None:
        return None
    if len(inputs[0].shape) != 1 or len(inputs[1].shape) < 3:
        return False
    stack = inputs[1].shape[0]
    return stack != 1 if isinstance(stack, int) else None
