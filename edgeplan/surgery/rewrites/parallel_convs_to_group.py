"""Equal convolutions over the equal parts of a tensor become one convolution with groups.

Before:
    x1, x2 = Split(x)                         # equal parts of the channels
    y = Concat(Conv(x1, w1, b1), Conv(x2, w2, b2))
After:
    y = Conv(x, Concat(w1, w2), Concat(b1, b2), group=2)

That is what groups mean. Not done where the parts are not taken in their order, where the convolutions differ in
shape or attributes, where something else reads one of them, and where weights are computed at run time.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import onnx_ir as ir

from edgeplan.surgery.claim import EQUAL, Claim
from edgeplan.surgery.convolution import Convolution, convolution, like
from edgeplan.surgery.looking import attribute, attributes, dims, made_by, only_reader, sizes
from edgeplan.surgery.rewrite import Array, Context, Edit, NearMiss, Replacement, Rewrite, Stage

__all__ = ["ParallelConvsToGroup"]


class ParallelConvsToGroup(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "parallel-convs-to-group"
    claim: ClassVar[Claim] = EQUAL
    stage: ClassVar[Stage] = Stage.FUSE
    roots: ClassVar[frozenset[str]] = frozenset({"Concat"})

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on a Concat of the channels of convolutions over all parts of one Split, in order."""
        makers = [made_by(value, "Conv") for value in node.inputs]
        nodes = [m for m in makers if m is not None]
        if len(nodes) < 2 or len(nodes) != len(makers):
            return None
        whole = made_by(nodes[0].inputs[0], "Split")
        if whole is None or whole.inputs[0] is None or any(made_by(n.inputs[0], "Split") is not whole for n in nodes):
            return None
        rank = len(dims(nodes[0].outputs[0]) or ())
        if (
            rank < 3
            or attribute(node, "axis", 1) not in (1, 1 - rank)
            or attribute(whole, "axis", 0) not in (1, 1 - rank)
        ):
            return NearMiss("the tensor is not split and joined along its channels")
        if [n.inputs[0] for n in nodes] != list(whole.outputs):
            return NearMiss("the parts are not taken in their order")
        if any(only_reader(n.outputs[0]) is not node for n in nodes):
            return NearMiss("something else reads one of the convolutions")
        read = [convolution(n) for n in nodes]
        convs = [c for c in read if isinstance(c, Convolution)]
        if len(convs) != len(read):
            return NearMiss(next(c for c in read if isinstance(c, str)))
        first = convs[0]
        shape = sizes(first.weight) or ()
        if any(sizes(c.weight) != shape or not _alike(c.node, first.node) for c in convs):
            return NearMiss("the convolutions differ in shape or attributes")
        edit = Edit()
        weight = edit.folded(_joined, *(c.weight for c in convs), shape=[shape[0] * len(convs), *shape[1:]])
        biases = [c.bias for c in convs if c.bias is not None]
        bias = None
        if biases:
            at = [i for i, c in enumerate(convs) if c.bias is not None]

            def joined(*given: Array) -> Array:
                made = np.zeros((len(convs), shape[0]), given[0].dtype)
                made[at] = np.stack(given)
                return made.reshape(-1)

            bias = edit.folded(joined, *biases, shape=[shape[0] * len(convs)])
        made = like(edit, first, weight, bias, whole.inputs[0], group=first.groups * len(convs))
        return edit.replaces([whole, *nodes, node], {node.outputs[0]: made})


def _joined(*given: Array) -> Array:
    return np.concatenate(given)


def _alike(one: ir.Node, other: ir.Node) -> bool:
    return attributes(one) == attributes(other)
