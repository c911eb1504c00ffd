"""Kernels that look at the axes which a file leaves open, and size their result only when the model runs."""

from __future__ import annotations

from edgeplan.frontends.tflite.infer import Sizes
from edgeplan.frontends.tflite.read import Operator, Subgraph

__all__ = ["DYNAMIC", "dynamic"]

DYNAMIC = "dynamic"
"""The attribute that says so of an op, beside the options of its schema."""


def dynamic(op: Operator, graph: Subgraph, sizes: Sizes) -> bool | None:
    """Whether an op's result has no size before it runs; None for ops that do not look at open axes.

    Those are SLICE and TOPK_V2 (LiteRT `kernels/slice.cc`, `kernels/topk_v2.cc`: HasUnspecifiedDimension). They look at
    what the file says of their tensors, whatever the inputs are resized to.
    """

    def is_open(tensor: int) -> bool:
        return any(d < 0 for d in graph.tensors[tensor].signature or ())

    def is_known(tensor: int) -> bool:
        return tensor in sizes.const or tensor in sizes.contents

    if op.type == "SLICE" and len(op.inputs) > 2:
        result = op.outputs[0]
        if graph.tensors[result].signature and not is_open(result):
            return False
        return is_open(op.inputs[0]) or not all(is_known(t) for t in op.inputs[1:3])
    if op.type == "TOPK_V2" and len(op.inputs) > 1:
        return is_open(op.inputs[0]) or not is_known(op.inputs[1])
    return None
