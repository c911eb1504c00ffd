"""A Gemm becomes the MatMul it is, and an Add for its bias.

Before:
    y = Gemm(x, W, b, alpha, beta, transA, transB)
After:
    h = MatMul(x, alpha * W)    # W transposed beforehand where transB is set; Transpose(x) where transA is
    y = Add(h, beta * b)

A Gemm is alpha A B + beta C by definition. Constants take the factors and the transposition into themselves; a factor
of an operand that is computed becomes a Mul, its transposition a Transpose. Where a Reshape brings a tensor of more
axes down to the Gemm's two, and one behind it brings it back, both go: a MatMul takes more axes.

Not done for integers, which the factors would have to be rounded to.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import onnx_ir as ir

from edgeplan.surgery.claim import EQUAL, Claim
from edgeplan.surgery.looking import (
    FLOATS,
    attribute,
    dims,
    floats,
    is_channelwise,
    is_constant,
    made_by,
    only_reader,
    sizes,
)
from edgeplan.surgery.rewrite import Array, Context, Edit, NearMiss, Replacement, Rewrite, Stage

__all__ = ["GemmToMatmul"]


class GemmToMatmul(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "gemm-to-matmul"
    claim: ClassVar[Claim] = EQUAL
    stage: ClassVar[Stage] = Stage.FORM
    roots: ClassVar[frozenset[str]] = frozenset({"Gemm"})
    undone_by: ClassVar[frozenset[str]] = frozenset({"matmul-add-to-gemm"})

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on every Gemm of floating-point numbers."""
        data, weight = node.inputs[0], node.inputs[1]
        bias = node.inputs[2] if len(node.inputs) > 2 else None
        if data is None or weight is None or data.dtype is None:
            return NearMiss("the type of its operands is not known")
        if data.dtype not in FLOATS:
            return NearMiss("its operands are no floating-point numbers")
        if context.opset < 7:
            return NearMiss("this version of Gemm says itself whether its bias is broadcast")
        alpha, beta = floats(node, "alpha", 1.0), floats(node, "beta", 1.0)
        turn_data, turn = attribute(node, "transA", 0), attribute(node, "transB", 0)
        around = None if turn_data else _reshapes(node, bias)
        if around is not None:
            data = around[0].inputs[0]
            assert data is not None
        shape = sizes(weight)
        fixed = is_constant(weight) and shape is not None
        edit = Edit()
        if turn_data:
            axes = dims(data)
            data = edit.typed(edit.op("Transpose", [data], {"perm": [1, 0]}), data, axes[::-1] if axes else None)
        if fixed and shape is not None and (turn or alpha != 1):

            def matrix(old: Array) -> Array:
                return np.asarray((old.T if turn else old) * alpha)

            weight = edit.folded(matrix, weight, shape=shape[::-1] if turn else shape)
        elif not fixed and turn:
            weight = edit.op("Transpose", [weight], {"perm": [1, 0]})
        out = edit.op("MatMul", [data, weight])
        steps: list[ir.Value] = [out]
        if alpha != 1 and not fixed:
            steps.append(edit.op("Mul", [out, edit.constant(alpha, data.dtype)]))
        if bias is not None and beta != 0:
            bias_shape = sizes(bias)
            if beta != 1 and is_constant(bias) and bias_shape is not None:
                bias = edit.folded(lambda old: np.asarray(old * beta), bias, shape=bias_shape)
            elif beta != 1:
                bias = edit.op("Mul", [bias, edit.constant(beta, data.dtype)])
            steps.append(edit.op("Add", [steps[-1], bias]))
        end = (around[1] if around is not None else node).outputs[0]
        for value in steps:
            edit.typed(value, end, dims(end))
        old = [node] if around is None else [around[0], node, around[1]]
        return edit.replaces(old, {end: steps[-1]})


def _reshapes(gemm: ir.Node, bias: ir.Value | None) -> tuple[ir.Node, ir.Node] | None:
    """The Reshapes before and behind a Gemm that take axes together and apart again."""
    before, behind = made_by(gemm.inputs[0], "Reshape"), only_reader(gemm.outputs[0])
    if before is None or behind is None or behind.op_type != "Reshape" or behind.inputs[0] is not gemm.outputs[0]:
        return None
    wide, flat, out, end = (dims(v) for v in (before.inputs[0], before.outputs[0], gemm.outputs[0], behind.outputs[0]))
    if not wide or not flat or not out or not end or only_reader(before.outputs[0]) is not gemm:
        return None
    same = wide[:-1] == end[:-1] and None not in wide[:-1] and len(wide) >= 3
    columns = isinstance(flat[-1], int) and wide[-1] == flat[-1] and isinstance(out[-1], int) and end[-1] == out[-1]
    fits = bias is None or (columns and is_channelwise(bias, -1, 2, int(out[-1] or 0)))
    return (before, behind) if same and columns and fits else None
