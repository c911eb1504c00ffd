"""Shapes as rewrites handle them: products of axes, what a Reshape can be told, and views of the same data."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import onnx_ir as ir

from edgeplan.surgery.looking import dims, made_by
from edgeplan.surgery.rewrite import Edit
from edgeplan.surgery.spelling import Dim, reshaped

__all__ = ["MOVES", "VIEWS", "can_reshape", "formed", "merged", "same_data", "target"]

VIEWS = ("Reshape", "Squeeze", "Unsqueeze", "Flatten")
"""Ops that give the same elements in the same order another shape."""

MOVES = (*VIEWS, "Transpose", "Identity")
"""Ops that give the same elements another shape or order."""


def merged(axes: Sequence[Dim]) -> Dim:
    """The size of neighbouring axes taken as one."""
    free = [d for d in axes if not isinstance(d, int)]
    size = 1
    for d in axes:
        size *= d if isinstance(d, int) else 1
    if not free:
        return size
    return free[0] if len(free) == 1 and size == 1 else None


def can_reshape(shape: Sequence[Dim]) -> bool:
    """Whether a Reshape with a constant can make this shape: one open size at most, and elements in it."""
    return sum(not isinstance(d, int) for d in shape) <= 1 and 0 not in shape


def target(before: Sequence[Dim], after: Sequence[Dim], open_beside: Collection[Dim] = ()) -> list[int] | None:
    """The constant that has a Reshape make `after` of `before`; None where there is none.

    A free dimension that stays at its place is 0, which keeps it. One other size may be left open, if the rest cannot
    be 0: of a tensor without elements a Reshape cannot tell what is missing. `open_beside` are the free dimensions
    beside which a Reshape that is replaced left a size open, too.
    """
    found, kept, left_open = [], set(), 0
    for at, size in enumerate(after):
        same = at < len(before) and before[at] == size
        if isinstance(size, int) and size > 0:
            found.append(size)
        elif size is not None and same:
            found.append(0)
            kept.add(size)
        elif size == 0:
            return None
        else:
            found.append(-1)
            left_open += 1
    return found if left_open == 0 or (left_open == 1 and kept <= set(open_beside)) else None


def formed(edit: Edit, value: ir.Value, shape: Sequence[Dim]) -> ir.Value:
    """The value in another shape, which `can_reshape`; itself where it has that shape already."""
    return value if dims(value) == tuple(shape) and None not in shape else reshaped(edit, value, shape)


def same_data(value: ir.Value) -> tuple[ir.Value, list[ir.Node]]:
    """The earliest value with the same elements in the same order, and the reshapes behind it that lead here."""
    passed: list[ir.Node] = []
    while (view := made_by(value, *VIEWS)) is not None:
        source = view.inputs[0]
        if source is None or dims(source) is None or source.dtype is None:
            break
        passed.append(view)
        value = source
    return value, passed[::-1]
