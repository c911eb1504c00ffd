"""Reshapes in a row become one, or none: Reshape, Flatten, Squeeze and Unsqueeze alike.

Before:
    a = Reshape(x, [N, 8, 64, 64])          # x is [N, 512, 64]
    b = Flatten(a)
    y = Reshape(b, [0, 512, 64])
After:
    y = x

None of them moves an element, so only the last shape counts. A free dimension is kept by a 0 where it stays in its
place, and one size may be left open; Squeezes and Unsqueezes alone become one Squeeze or Unsqueeze, which needs no
sizes. Not done where others read a shape in between (unless nothing is left to do), or where the last shape cannot be
said: where several sizes are not known before the model runs, or where a size would be left open and a Reshape could
not tell it from a tensor without elements.
"""

from __future__ import annotations

from typing import ClassVar

import onnx_ir as ir

from edgeplan.surgery.axes import axes_named
from edgeplan.surgery.claim import EXACT, Claim
from edgeplan.surgery.looking import attribute, dims, integers, made_by, only_reader, same_shape, shape_makers
from edgeplan.surgery.reshaping import VIEWS, target
from edgeplan.surgery.rewrite import Context, Edit, NearMiss, Replacement, Rewrite, Stage
from edgeplan.surgery.spelling import Dim

__all__ = ["MergeReshapes"]

_LONGEST = 16
"""Reshapes looked at in a row."""


class MergeReshapes(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "merge-reshapes"
    claim: ClassVar[Claim] = EXACT
    stage: ClassVar[Stage] = Stage.TIDY
    roots: ClassVar[frozenset[str]] = frozenset(VIEWS)

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on a reshape that reads another one."""
        chain = _chain(node)
        if len(chain) < 2:
            return None
        out = node.outputs[0]
        for at in range(1, len(chain)):
            source = chain[at].inputs[0]
            if source is not None and same_shape(source, out):
                return Edit().replaces([*shape_makers(*chain[: at + 1]), *chain[at::-1]], {out: source})
        alone = 1
        while alone < len(chain) and only_reader(chain[alone].outputs[0]) is chain[alone - 1]:
            alone += 1
        if alone < 2:
            return NearMiss("something else reads the tensor between the two reshapes")
        why = ""
        for length in range(alone, 1, -1):
            found = _one(chain[:length], context.opset)
            if isinstance(found, Replacement):
                return found
            why = why or found
        return NearMiss(why)


def _chain(node: ir.Node) -> list[ir.Node]:
    """The reshapes in a row that end in a node, last first."""
    found = [node]
    while len(found) < _LONGEST and (before := made_by(found[-1].inputs[0], *VIEWS)) is not None:
        if before.graph is not node.graph:
            break
        found.append(before)
    return found


def _one(chain: list[ir.Node], opset: int) -> Replacement | str:
    """One op for a whole chain, or why there is none."""
    source, last = chain[-1].inputs[0], chain[0]
    before, after = dims(source), dims(last.outputs[0])
    if source is None or before is None or after is None:
        return "the rank of the tensor is not known"
    edit = Edit()
    axes = _axes_only(chain, len(before))
    if axes is not None:
        kind, list_of_axes = axes
        if opset < 13:
            made = edit.op(kind, [source], {"axes": list_of_axes})
        else:
            made = edit.op(kind, [source, edit.constant(list_of_axes, ir.DataType.INT64, name="axes")])
    else:
        sizes = _as_told(last, before) or target(before, after, _open_beside(chain))
        if sizes is None:
            return "the shape at the end cannot be said in one Reshape: its sizes are not known before the model runs"
        made = edit.op("Reshape", [source, edit.constant(sizes, ir.DataType.INT64, name="shape")])
    edit.typed(made, like=source, shape=after)
    return edit.replaces([*shape_makers(*chain), *chain[::-1]], {last.outputs[0]: made})


def _as_told(last: ir.Node, before: tuple[Dim, ...]) -> list[int] | None:
    """What the last Reshape was told, where that means the same for the tensor at the start."""
    told = _told(last)
    here = dims(last.inputs[0])
    if told is None or here is None:
        return None
    found = []
    for at, size in enumerate(told):
        if size == 0:
            kept = here[at] if at < len(here) else None
            if isinstance(kept, int) and kept > 0:
                size = kept
            elif kept is None or at >= len(before) or before[at] != kept:
                return None
        found.append(size)
    return found


def _told(node: ir.Node) -> tuple[int, ...] | None:
    """The shape a Reshape is told, where that is known and a 0 keeps a size."""
    if node.op_type != "Reshape" or attribute(node, "allowzero", 0):
        return None
    return integers(node.inputs[1]) if len(node.inputs) > 1 else None


def _open_beside(chain: list[ir.Node]) -> set[Dim]:
    """The free dimensions beside which a Reshape of the chain leaves a size open."""
    found: set[Dim] = set()
    for node in chain:
        told, shape = _told(node), dims(node.outputs[0])
        if told is not None and shape is not None and -1 in told:
            found |= {size for at, size in enumerate(shape) if told[at] != -1}
    return found


def _axes_only(chain: list[ir.Node], rank: int) -> tuple[str, list[int]] | None:
    """The one Squeeze or Unsqueeze that a chain of these alone is."""
    axes: list[int | None] = list(range(rank))  # of the tensor at the start; None for a new one
    gone: list[int] = []
    for node in reversed(chain):
        given = axes_named(node) if node.op_type in ("Squeeze", "Unsqueeze") else None
        if not given:
            return None
        if node.op_type == "Squeeze":
            places = {a % len(axes) for a in given}
            gone += [axis for at, axis in enumerate(axes) if at in places and axis is not None]
            axes = [axis for at, axis in enumerate(axes) if at not in places]
        else:
            wide = len(axes) + len(given)
            places, rest = {a % wide for a in given}, iter(axes)
            axes = [None if at in places else next(rest) for at in range(wide)]
    new = [at for at, axis in enumerate(axes) if axis is None]
    if bool(gone) == bool(new):
        return None
    return ("Squeeze", sorted(gone)) if gone else ("Unsqueeze", new)
