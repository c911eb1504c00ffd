"""A BatchNormalization behind a linear layer becomes part of its weights and bias.

Before:
    h = Gemm(x, W, b)                           # or MatMul, or Add(MatMul(x, W), b)
    y = BatchNormalization(h, scale, shift, mean, variance)
After:
    y = Gemm(x, W * s, b * s + t)               # s = scale / sqrt(variance + epsilon), t = shift - mean * s

After training a BatchNormalization multiplies and adds one number a channel, and so can each column of W and b. Ops
between the two that only move data are passed, where they keep the layer's outputs on one axis: vision transformers
flatten tokens for their BatchNormalization and unflatten them afterwards.

Not done in training mode, where the normalized axis is not that of the layer's outputs, and where others read a result
on the way, or the weights.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import onnx_ir as ir

from edgeplan.surgery.affine import batchnorm
from edgeplan.surgery.claim import EQUAL, Claim
from edgeplan.surgery.linear import Linear, linear
from edgeplan.surgery.looking import attributes, dims, made_by, only_reader
from edgeplan.surgery.reshaping import MOVES
from edgeplan.surgery.rewrite import Array, Context, Edit, NearMiss, Replacement, Rewrite, Stage
from edgeplan.surgery.transposing import order_of

__all__ = ["BatchnormIntoLinear"]

_FAR = 6
"""Ops between a layer and its BatchNormalization, at most."""


class BatchnormIntoLinear(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "batchnorm-into-linear"
    claim: ClassVar[Claim] = EQUAL
    stage: ClassVar[Stage] = Stage.FOLD
    roots: ClassVar[frozenset[str]] = frozenset({"BatchNormalization"})

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on a BatchNormalization of what a linear layer gives."""
        found = _layer(node)
        if found is None:
            return None
        if isinstance(found, str):
            return NearMiss(found)
        layer, steps = found
        norm = batchnorm(node, context)
        if isinstance(norm, str):
            return NearMiss(norm)

        def scaled(old: Array, *given: Array) -> Array:
            return np.asarray(old * norm.compute(*given)[0])

        def shifted(old: Array, *given: Array) -> Array:
            scale, shift = norm.compute(*given)
            return np.asarray(old * scale + shift)

        edit = Edit()
        made = layer.with_weights(edit, scaled, shifted, *norm.sources)
        for step in steps:
            edit.typed(made, like=step.inputs[0], shape=dims(step.inputs[0]))
            made = edit.op(step.op_type, [made, *step.inputs[1:]], attributes(step))
        return edit.replaces([*layer.nodes, *steps, node], {node.outputs[0]: made})


def _layer(norm: ir.Node) -> tuple[Linear, list[ir.Node]] | str | None:
    """The layer whose outputs are normalized, and the ops from there, or why it is none to use."""
    value, reader, axis = norm.inputs[0], norm, 1
    steps: list[ir.Node] = []
    for _ in range(_FAR):
        if value is None:
            return None
        layer, step = linear(value), made_by(value, *MOVES)
        if isinstance(layer, str):
            return layer
        if (layer is not None or step is not None) and only_reader(value) is not reader:
            return None if layer is None else "something else reads the layer's result"
        if layer is not None:
            outputs = len(dims(value) or ()) - 1
            return (
                (layer, steps[::-1]) if axis == outputs else "the layer's outputs are not the axis that is normalized"
            )
        if step is None:
            return None
        before = _axis_before(step, axis)
        if before is None:
            return "the axis that is normalized is made of others" if _from_layer(step) else None
        steps.append(step)
        value, reader, axis = step.inputs[0], step, before
    return None


def _from_layer(step: ir.Node) -> bool:
    return made_by(step.inputs[0], "Gemm", "MatMul") is not None


def _axis_before(step: ir.Node, axis: int) -> int | None:
    """The axis that becomes `axis` by an op that moves data; None where it is not one axis, or not known."""
    old, new = dims(step.inputs[0]), dims(step.outputs[0])
    if old is None or new is None:
        return None
    if step.op_type == "Transpose":
        order = order_of(step)
        return None if order is None else order[axis]
    size, before, behind = new[axis], _larger(new[:axis]), _larger(new[axis + 1 :])
    for at in reversed(range(len(old))):
        same = (_larger(old[:at]) == before and None not in before) or (
            _larger(old[at + 1 :]) == behind and None not in behind
        )
        if isinstance(size, int) and old[at] == size and same:
            return at
    return None


def _larger(axes: tuple[int | str | None, ...]) -> tuple[int | str | None, ...]:
    return tuple(d for d in axes if d != 1)
