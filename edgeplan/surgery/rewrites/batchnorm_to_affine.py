"""A BatchNormalization that no op before it can take in becomes a Mul and an Add.

Before:
    y = BatchNormalization(x, scale, shift, mean, variance)
After:
    y = Add(Mul(x, s), t)       # s = scale / sqrt(variance + epsilon), t = shift - mean * s, shaped (C, 1, 1)

After training the op multiplies each channel by one number and adds another one. Not done in training mode, and behind
a convolution or a linear layer of constant weights that nothing else reads: those take s and t into their weights.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import onnx_ir as ir

from edgeplan.surgery.affine import batchnorm
from edgeplan.surgery.claim import EQUAL, Claim
from edgeplan.surgery.looking import FLOATS, dims, is_constant, made_by, only_reader, sizes
from edgeplan.surgery.rewrite import Array, Context, Edit, NearMiss, Replacement, Rewrite, Stage

__all__ = ["BatchnormToAffine"]


class BatchnormToAffine(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "batchnorm-to-affine"
    claim: ClassVar[Claim] = EQUAL
    stage: ClassVar[Stage] = Stage.FORM
    roots: ClassVar[frozenset[str]] = frozenset({"BatchNormalization"})

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on a BatchNormalization of constants."""
        norm = batchnorm(node, context)
        if isinstance(norm, str):
            return NearMiss(norm)
        axes, shape = dims(norm.data), sizes(norm.sources[0])
        if axes is None or len(axes) < 2 or shape is None or norm.data.dtype not in FLOATS:
            return NearMiss("the type or rank of its input is not known")
        before = made_by(norm.data, "Conv", "ConvTranspose", "Gemm")
        if before is not None and is_constant(before.inputs[1]) and only_reader(norm.data) is node:
            return NearMiss(f"the {before.op_type} before it takes it into its weights")
        edit = Edit()
        whole = [shape[0], *[1] * (len(axes) - 2)]

        def part(at: int) -> ir.Value:
            def compute(*given: Array) -> Array:
                return np.asarray(norm.compute(*given)[at].reshape(whole))

            return edit.folded(compute, *norm.sources, shape=whole, dtype=norm.data.dtype)

        scaled = edit.typed(edit.op("Mul", [norm.data, part(0)]), like=norm.data, shape=axes)
        return edit.replaces([node], {node.outputs[0]: edit.op("Add", [scaled, part(1)])})
