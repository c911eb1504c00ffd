"""A transpose of five axes or more, no two of which stay neighbours, becomes several of four.

Before:
    y = Transpose(x, perm=[2, 0, 3, 1, 4])        # x has the shape [64, 49, 3, 6, 32]
After:
    a = Transpose(Reshape(x, [64, 147, 6, 32]), perm=[0, 2, 1, 3])
    b = Transpose(Reshape(a, [384, 49, 3, 32]), perm=[2, 0, 1, 3])    # what is left to do
    y = Reshape(b, [3, 64, 6, 49, 32])

Each step moves up to four blocks of neighbouring axes; one step after the other they make any order, two of them most
orders of six axes. Of the shortest ways the one with the longest pieces is taken. The tensor is copied once more for
each step: worth it only where a runtime has no transpose of so many axes. Not done where more than one size is open.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import combinations, pairwise, permutations
from math import prod
from typing import ClassVar

import onnx_ir as ir

from edgeplan.surgery.claim import EXACT, Claim
from edgeplan.surgery.looking import dims
from edgeplan.surgery.rewrite import Context, NearMiss, Replacement, Rewrite, Stage
from edgeplan.surgery.transposing import in_steps, merged_axes, order_of, runs

__all__ = ["TransposeInSteps"]

_MOST = 4
"""Axes that every runtime transposes."""

_OPEN = 64
"""What an open size counts for, where pieces are compared."""


class TransposeInSteps(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "transpose-in-steps"
    claim: ClassVar[Claim] = EXACT
    stage: ClassVar[Stage] = Stage.FORM
    roots: ClassVar[frozenset[str]] = frozenset({"Transpose"})

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on a Transpose of which more than four axes are left when those that stay together are merged."""
        shape = dims(node.inputs[0])
        if shape is None or len(shape) <= _MOST:
            return None
        order = order_of(node)
        if order is None:
            return None
        parts, kept = merged_axes(shape, order)
        if len(kept) <= _MOST:
            return None
        if len(kept) > 8:
            return NearMiss("more than eight axes change places")
        return in_steps(node, order, parts, _steps(kept, tuple(p if isinstance(p, int) else _OPEN for p in parts)))


@lru_cache(maxsize=1024)
def _steps(order: tuple[int, ...], parts: tuple[int, ...]) -> tuple[tuple[int, ...], ...]:
    """Orders of the groups to go through one after the other, each of at most four blocks: few, and in large pieces."""
    if len(runs(order)) <= _MOST:
        return (order,)

    def cost(move: tuple[int, ...]) -> tuple[int, int]:
        left = tuple(move.index(a) for a in order)
        blocks = len(runs(left))
        moved = tuple(parts[a] for a in move)
        return max(blocks, _MOST), -min(_piece(move, parts), _piece(left, moved))

    first = min(_moves(len(order)), key=cost)
    rest = tuple(first.index(a) for a in order)
    return (first, *_steps(rest, tuple(parts[a] for a in first)))


def _piece(order: tuple[int, ...], parts: Sequence[int]) -> int:
    """Elements that a step moves in one piece: those of the last axes, where they stay last."""
    size = len(order)
    still = next((i for i in range(size) if order[size - 1 - i] != size - 1 - i), size)
    return prod(parts[size - still :])


def _moves(size: int) -> Iterator[tuple[int, ...]]:
    """Every order of so many axes that up to four blocks of them can be put in."""
    for cuts in combinations(range(1, size), _MOST - 1):
        edges = (0, *cuts, size)
        blocks = [tuple(range(a, b)) for a, b in pairwise(edges)]
        for turned in permutations(blocks):
            move = tuple(a for block in turned for a in block)
            if move != tuple(range(size)):
                yield move
