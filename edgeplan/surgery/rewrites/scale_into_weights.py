"""A scale before a linear layer, or one behind it that data movement keeps away from it, goes into its weights.

Before:
    h = Mul(x, s)                       # s one number, or one a channel
    y = MatMul(h, W)
or
    h = Gemm(x, W, b)
    t = Transpose(Reshape(h, shape))
    y = Mul(t, s)                       # s one number; or a MatMul of t by something else is scaled
After:
    y = MatMul(x, diag(s) W)
or
    y = Transpose(Reshape(Gemm(x, W * s, b * s), shape))

(x s) W = x (diag(s) W). One number commutes with moving data about, and with a matrix product from either side: the
scale of an attention's scores goes into the weights that make its queries.

Not done where others read a result on the way, or the weights, and where the scale is the end of a GELU or HardSwish
taken apart, which runtimes know as one op.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import onnx_ir as ir

from edgeplan.surgery.activation import Spelled, gelu, hard_swish
from edgeplan.surgery.claim import EQUAL, Claim
from edgeplan.surgery.linear import Linear, linear, made_in_gelu
from edgeplan.surgery.looking import (
    attribute,
    attributes,
    by_constant,
    dims,
    is_channelwise,
    is_constant,
    made_by,
    only_reader,
    scalar,
)
from edgeplan.surgery.reshaping import MOVES
from edgeplan.surgery.rewrite import Array, Context, Edit, NearMiss, Replacement, Rewrite, Stage

__all__ = ["ScaleIntoWeights"]

_FAR = 8
"""Ops between a scale and the layer it goes into, at most."""


class ScaleIntoWeights(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "scale-into-weights"
    claim: ClassVar[Claim] = EQUAL
    stage: ClassVar[Stage] = Stage.FOLD
    roots: ClassVar[frozenset[str]] = frozenset({"MatMul", "Gemm", "Mul", "Div"})

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on a layer whose input is scaled, and on a scale whose operand comes from a layer."""
        if context.opset < 7:
            return None
        return _before(node, context.opset) if node.op_type in ("MatMul", "Gemm") else _behind(node)


def _before(node: ir.Node, opset: int) -> Replacement | NearMiss | None:
    scale = made_by(node.inputs[0], "Mul", "Div")
    if scale is None:
        return None
    found = _operand(scale)
    if found is None or not is_constant(node.inputs[1]):
        return None
    data, factor = found
    layer = linear(node.outputs[0])
    if layer is None or isinstance(layer, str):
        return NearMiss(layer or "the weights are not constant")
    axes = dims(data)
    if axes is None or not is_channelwise(factor, -1, len(axes), layer.inputs) or axes[-1] != layer.inputs:
        return NearMiss("the scale is neither one number nor one a channel of the layer's input")
    if node.op_type == "Gemm" and attribute(node, "transA", 0):
        return NearMiss("the Gemm turns its input, and the scale with it")
    if only_reader(scale.outputs[0]) is not node:
        return NearMiss("something else reads the scaled tensor")
    if isinstance(gelu(scale), Spelled) or isinstance(hard_swish(scale, opset), Spelled):
        return None
    divide = scale.op_type == "Div"

    def scaled(old: Array, by: Array) -> Array:
        flat = by.reshape(-1, 1)
        return np.asarray(old / flat if divide else old * flat)

    edit = Edit()
    made = layer.with_weights(edit, scaled, None, factor, data=data)
    return edit.replaces([scale, *layer.nodes], {node.outputs[0]: made})


def _behind(node: ir.Node) -> Replacement | NearMiss | None:
    found = _operand(node)
    if found is None:
        return None
    value, factor = found
    if made_by(value, *MOVES, "MatMul") is None or scalar(factor) is None:
        return None
    if len(factor.shape or ()) > len(dims(value) or ()):
        return None
    path = _path(value, node, _FAR)
    if path is None or isinstance(path, str):
        return None if path is None or made_in_gelu(node) else NearMiss(path)
    layer, steps = path
    if not steps:
        return None
    divide = node.op_type == "Div"

    def scaled(old: Array, by: Array) -> Array:
        return np.asarray(old / by.reshape(-1) if divide else old * by.reshape(-1))

    edit = Edit()
    made = layer.with_weights(edit, scaled, scaled if layer.bias is not None else None, factor)
    for step, at in steps:
        before = step.inputs[at]
        edit.typed(made, like=before, shape=dims(before))
        inputs = [made if i == at else v for i, v in enumerate(step.inputs)]
        made = edit.op(step.op_type, inputs, attributes(step))
    return edit.replaces([*layer.nodes, *(step for step, _ in steps), node], {node.outputs[0]: made})


def _operand(scale: ir.Node) -> tuple[ir.Value, ir.Value] | None:
    """What a Mul or a Div scales, and the constant it scales by."""
    found = by_constant(scale)
    return None if found is None or (scale.op_type == "Div" and found[2] == 0) else found[:2]


def _path(value: ir.Value | None, reader: ir.Node, far: int) -> tuple[Linear, list[tuple[ir.Node, int]]] | str | None:
    """The layer that a value comes from, and the steps from there, each with the place it reads the step before at."""
    if value is None or far == 0:
        return None
    layer = linear(value)
    step = made_by(value, *MOVES, "MatMul")
    if layer is None and step is None:
        return None
    if only_reader(value) is not reader:
        return "something else reads a result between the layer and its scale"
    if isinstance(layer, Linear):
        return layer, []
    if step is None or isinstance(layer, str):
        return layer
    why: str | None = None
    for at in (0, 1) if step.op_type == "MatMul" else (0,):
        found = _path(step.inputs[at], step, far - 1)
        if found is not None and not isinstance(found, str):
            return found[0], [*found[1], (step, at)]
        why = why or found
    return why
