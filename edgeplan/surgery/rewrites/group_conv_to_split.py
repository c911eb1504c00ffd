"""A convolution with groups becomes one convolution a group, over parts of the channels.

Before:
    y = Conv(x, w, b, group=2)
After:
    x1, x2 = Split(x)
    y = Concat(Conv(x1, w1, b1), Conv(x2, w2, b2))

That is what groups mean. Some runtimes have no convolution with groups but the depthwise one, or a slow one. Not
done on depthwise convolutions, on more than 32 groups, and where the weights are computed at run time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

import onnx_ir as ir

from edgeplan.surgery.claim import EQUAL, Claim
from edgeplan.surgery.convolution import convolution, like
from edgeplan.surgery.looking import attribute, dims, sizes
from edgeplan.surgery.rewrite import Array, Context, Edit, NearMiss, Replacement, Rewrite, Stage
from edgeplan.surgery.spelling import concatenated, split

__all__ = ["GroupConvToSplit"]

_GROUPS = 32


class GroupConvToSplit(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "group-conv-to-split"
    claim: ClassVar[Claim] = EQUAL
    stage: ClassVar[Stage] = Stage.FORM
    roots: ClassVar[frozenset[str]] = frozenset({"Conv", "ConvTranspose"})

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on a convolution with 2 to 32 groups of several channels."""
        groups = int(attribute(node, "group", 1))
        if groups == 1:
            return None
        conv = convolution(node)
        if isinstance(conv, str):
            return NearMiss(conv)
        if groups == conv.inputs:
            return None
        if groups > _GROUPS:
            return NearMiss(f"it would take {groups} convolutions, over {_GROUPS}")
        if len(dims(conv.source) or ()) != 2 + conv.spatial or dims(conv.result) is None:
            return NearMiss("the rank of the input is not known")
        edit = Edit()
        parts = split(edit, context.opset, conv.source, 1, [conv.inputs // groups] * groups)
        shape = sizes(conv.weight) or ()
        made = []
        for at, part in enumerate(parts):
            weight = edit.folded(_part(at, groups), conv.weight, shape=[shape[0] // groups, *shape[1:]])
            own = [conv.outputs // groups]
            bias = edit.folded(_part(at, groups), conv.bias, shape=own) if conv.bias is not None else None
            one = like(edit, conv, weight, bias, part, "group")
            old = dims(conv.result) or ()
            made.append(edit.typed(one, like=conv.source, shape=[old[0], *own, *old[2:]]))
        return edit.replaces([node], {node.outputs[0]: concatenated(edit, made, 1)})


def _part(at: int, groups: int) -> Callable[[Array], Array]:
    """What takes the `at`th of so many equal parts of weights."""
    return lambda old: old.reshape(groups, -1, *old.shape[1:])[at]
