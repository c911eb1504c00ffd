"""An Expand or Tile is left out where the op that reads it broadcasts anyway.

Before:
    a = Expand(x, [N, 8, 16])       # x is [1, 8, 1]
    y = Add(a, z)                   # z is [N, 8, 16]
After:
    y = Add(x, z)

Elementwise ops repeat axes of size 1 themselves, so the repeated tensor need not be written to memory; MatMul does so
on all axes but the last two. Not done where the result would get a smaller shape, because the other operand does not
have the whole one, or where that is not known.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import onnx_ir as ir

from edgeplan.surgery.claim import EXACT, Claim
from edgeplan.surgery.elementwise import BROADCASTING
from edgeplan.surgery.looking import attributes, dims, made_by, shape_makers
from edgeplan.surgery.rewrite import Context, Edit, NearMiss, Replacement, Rewrite, Stage
from edgeplan.surgery.spelling import Dim

__all__ = ["ExpandBeforeBroadcast"]


class ExpandBeforeBroadcast(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "expand-before-broadcast"
    claim: ClassVar[Claim] = EXACT
    stage: ClassVar[Stage] = Stage.TIDY
    roots: ClassVar[frozenset[str]] = BROADCASTING | {"MatMul"}

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on a broadcasting op that reads an Expand or a Tile."""
        if context.opset < 8:
            return None
        given, repeats = list(node.inputs), []
        why = ""
        for at, value in enumerate(node.inputs):
            repeat = made_by(value, "Expand", "Tile")
            if value is None or repeat is None or repeat.graph is not node.graph:
                continue
            if node.op_type == "PRelu" and at == 0:  # whose slopes broadcast to the tensor, and not the other way
                continue
            source = repeat.inputs[0]
            shapes = [dims(source), dims(value), dims(node.outputs[0])]
            others = [dims(v) for i, v in enumerate(given) if i != at]
            if source is None or any(s is None for s in (*shapes, *others)):
                why = f"the shape the {repeat.op_type} is for is not known"
                continue
            if not _only_repeats(shapes[0] or (), shapes[1] or ()):
                why = f"the {repeat.op_type} repeats more than axes of size 1" if repeat.op_type == "Tile" else why
                continue
            if node.op_type == "MatMul":
                whole, own = [s[:-2] for s in (*others, shapes[0]) if s is not None], (shapes[2] or ())[:-2]
                matrices = min(len(s or ()) for s in (*shapes, *others)) >= 2
                enough = matrices and (shapes[0] or ())[-2:] == (shapes[1] or ())[-2:] and _broadcast(whole) == own
            else:
                enough = _broadcast([s for s in (*others, shapes[0]) if s is not None]) == shapes[2]
            if not enough:
                why = "the other operands do not have the whole shape"
                continue
            given[at] = source
            repeats.append(repeat)
        if not repeats:
            return NearMiss(why) if why else None
        edit = Edit()
        made = edit.op(node.op_type, given, attributes(node))
        edit.typed(made, like=node.outputs[0], shape=dims(node.outputs[0]))
        return edit.replaces([*shape_makers(*repeats), *dict.fromkeys(repeats), node], {node.outputs[0]: made})


def _only_repeats(small: Sequence[Dim], large: Sequence[Dim]) -> bool:
    """Whether one shape broadcasts to the other, so that only axes of size 1 are repeated."""
    pairs = zip(reversed(small), reversed(large), strict=False)
    return len(small) <= len(large) and all(s == 1 or (s is not None and s == d) for s, d in pairs)


def _broadcast(shapes: Sequence[Sequence[Dim]]) -> tuple[Dim, ...] | None:
    """The shape of several broadcast with each other; None where that cannot be told."""
    found: list[Dim] = []
    for back in range(1, max(len(s) for s in shapes) + 1):
        named = {s[-back] for s in shapes if len(s) >= back} - {1}
        if len(named) > 1 or None in named:
            return None
        found.append(named.pop() if named else 1)
    return tuple(reversed(found))
