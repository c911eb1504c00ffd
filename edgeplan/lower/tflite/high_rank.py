"""Binary ops of more than four axes, which run on fewer: neighbouring axes that broadcast alike become one."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from edgeplan.lower.shapes import static
from edgeplan.lower.tflite.builder import Builder

__all__ = ["Merged", "merged_axes", "with_axes"]

_BINARY = frozenset({
    "ADD", "DIV", "EQUAL", "GREATER", "GREATER_EQUAL", "LESS", "LESS_EQUAL", "LOGICAL_AND", "LOGICAL_OR", "MAXIMUM",
    "MINIMUM", "MUL", "NOT_EQUAL", "POW", "SUB",
})  # fmt: skip
_MOST_AXES = 4

Merged = tuple[tuple[int, ...], ...]
"""The shape of each operand with fewer axes, and last that of the result."""


def merged_axes(b: Builder, type: str, names: Sequence[str]) -> Merged | None:
    """Shapes of at most four axes for a binary op of more; None where it is not one or axes do not go together.

    Before: `ADD([2,3,4,5,6], [6])`
    After:  `ADD([120,6], [1,6])`, between RESHAPEs

    Source: onnx2tf `tflite_builder/passes/high_rank_binary.py`.
    """
    if type not in _BINARY or len(names) != 2:
        return None
    shapes = [static(b.shape(n)) for n in names]
    known = [s for s in shapes if s is not None]
    rank = max((len(s) for s in known), default=0)
    if len(known) != 2 or rank <= _MOST_AXES:
        return None
    padded = [(1,) * (rank - len(s)) + s for s in known]
    whole = tuple(max(pair) for pair in zip(*padded, strict=True))
    if 0 in (*padded[0], *padded[1]):
        return None
    alike = [tuple(d == w for d in pair) for pair, w in zip(zip(*padded, strict=True), whole, strict=True)]
    groups: list[list[int]] = []
    for axis, pattern in enumerate(alike):
        if groups and alike[groups[-1][-1]] == pattern:
            groups[-1].append(axis)
        else:
            groups.append([axis])
    if len(groups) > _MOST_AXES:
        return None
    return tuple(tuple(prod(shape[a] for a in group) for group in groups) for shape in (*padded, whole))


def with_axes(b: Builder, x: str, shape: tuple[int, ...]) -> str:
    """A tensor under another shape: a constant anew, else RESHAPE."""
    return b.relaid_constant(x, shape, ()) if b.is_weight(x) else b.reshape(x, shape)
