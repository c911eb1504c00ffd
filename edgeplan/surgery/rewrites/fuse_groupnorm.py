"""InstanceNormalization of groups of channels becomes GroupNormalization.

Before:
    g = Reshape(x, [N, G, -1])
    i = InstanceNormalization(g, s, b, epsilon)
    y = Add(Mul(Reshape(i, shape of x), scale), bias)   # one number a channel each; or one of them, or neither
After:
    y = GroupNormalization(x, scale', bias', num_groups=G, epsilon)

One channel of the reshaped tensor is one group of channels of x. Both scales become one: scale' = s of the group times
scale, bias' = b of the group times scale plus bias. Not done below opset 21: before, the op's scale is one number a
group, a form that was withdrawn and that runtimes read differently.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import onnx_ir as ir

from edgeplan.surgery.claim import EQUAL, Claim
from edgeplan.surgery.groups import leaks
from edgeplan.surgery.looking import dims, floats, is_channelwise, is_constant, made_by, only_reader
from edgeplan.surgery.normalization import partner
from edgeplan.surgery.rewrite import Array, Context, Edit, NearMiss, Replacement, Rewrite, Stage

__all__ = ["FuseGroupNorm"]

_FIRST_OPSET = 21


class FuseGroupNorm(Rewrite):
    """See the module's page. Its root is the InstanceNormalization in the middle, whatever stands behind."""

    id: ClassVar[str] = "fuse-groupnorm"
    claim: ClassVar[Claim] = EQUAL
    stage: ClassVar[Stage] = Stage.FUSE
    roots: ClassVar[frozenset[str]] = frozenset({"InstanceNormalization"})

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on an InstanceNormalization between a Reshape to groups and the one back."""
        ahead, back = made_by(node.inputs[0], "Reshape"), only_reader(node.outputs[0])
        if ahead is None or back is None or back.op_type != "Reshape" or back.domain != "":
            return None
        source, inner, outer = ahead.inputs[0], node.inputs[1], node.inputs[2]
        whole, grouped = dims(source), dims(node.inputs[0])
        if source is None or whole is None or grouped is None or dims(back.outputs[0]) != whole or len(whole) < 3:
            return NearMiss("the Reshapes are not known to lead to groups of channels and back")
        channels, groups = whole[1], grouped[1]
        if None in whole or whole[0] != grouped[0] or not isinstance(channels, int) or not isinstance(groups, int):
            return NearMiss("the Reshapes are not known to lead to groups of channels and back")
        if channels % groups:
            return NearMiss("the groups are not of whole channels")
        if inner is None or outer is None or not (is_constant(inner) and is_constant(outer)):
            return NearMiss("the scale or the bias is no constant")
        if context.opset < _FIRST_OPSET:
            return NearMiss(
                f"opset {context.opset} has no GroupNormalization with a scale for each channel, {_FIRST_OPSET} has"
            )
        nodes, last, found = [ahead, node, back], back, {}
        shape = made_by(back.inputs[1], "Shape")
        if shape is not None and shape.inputs[0] is source:
            nodes.append(shape)
        for kind in ("Mul", "Add"):
            user = only_reader(last.outputs[0])
            other = partner(user, last.outputs[0]) if user is not None and user.op_type == kind else None
            if user is None or other is None or not is_constant(other):
                continue
            if is_channelwise(other, 1, len(whole), channels):
                found[kind], last = other, user
                nodes.append(user)
        if leaks([n for n in nodes if n not in (ahead, shape)], last):
            return NearMiss("something else reads what lies between")
        edit = Edit()
        scale, bias = found.get("Mul"), found.get("Add")

        def spread(values: Array) -> Array:
            return np.repeat(values, channels // groups)

        def wide(values: Array) -> Array:
            return np.broadcast_to(values.reshape(-1), (channels,))

        factors = [inner] if scale is None else [inner, scale]
        scales = edit.folded(
            lambda s, f=None: spread(s) if f is None else spread(s) * wide(f), *factors, shape=[channels]
        )
        terms = [outer, *([] if scale is None else [scale]), *([] if bias is None else [bias])]

        def shifted(own: Array, *rest: Array) -> Array:
            moved = spread(own) if scale is None else spread(own) * wide(rest[0])
            return moved if bias is None else moved + wide(rest[-1])

        biases = edit.folded(shifted, *terms, shape=[channels])
        given = {"num_groups": groups, "epsilon": floats(node, "epsilon", 1e-5)}
        made = edit.typed(edit.op("GroupNormalization", [source, scales, biases], given), source, whole)
        return edit.replaces(nodes, {last.outputs[0]: made})
