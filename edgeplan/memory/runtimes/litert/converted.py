"""What hangs on the converter that is still to make the .tflite file.

A product of a tensor of three axes or more with weights is a FULLY_CONNECTED here and of litert-torch, onnx2tf writes
it as BATCH_MATMUL. The builtin kernel of that one keeps the weights a second time, transposed.
Source: google-ai-edge/LiteRT@f67457790, tflite/kernels/batch_matmul.cc, Prepare: the second operand, where it is a
constant, in the arena of what outlives a call.
"""

from __future__ import annotations

from collections.abc import Iterator

from edgeplan.graph import Graph, Op
from edgeplan.memory.deployment import Deployment
from edgeplan.memory.range import Range
from edgeplan.memory.runtimes.litert.delegates import OWN
from edgeplan.memory.term import Term

__all__ = ["converted_terms"]

_MATRIX = 2
"""Axes of what both converters write as FULLY_CONNECTED."""


def converted_terms(given: Deployment) -> Iterator[Term]:
    """The second copy of weights that another converter's op would keep; nothing where the file is there."""
    if given.file_bytes is not None:
        return
    ops = (given.graph.ops[i] for segment in given.segments if segment.unit in OWN for i in segment.ops)
    size = sum(_weights(given.graph, op) for op in ops)
    if size:
        yield Term(
            "transposed weights",
            Range(0, 0, size),
            "computed",
            "always",
            "weights of matrix products once more, where the converter writes them as BATCH_MATMUL, as onnx2tf does for"
            " tensors of three axes and more, and builtin kernels run them",
            given.figures.evidence("arena-alignment"),
        )


def _weights(graph: Graph, op: Op) -> int:
    if op.label != "FULLY_CONNECTED" or len(op.inputs) < 2:
        return 0
    read, weights = (graph.values[name] for name in op.inputs[:2])
    turned = weights.const and read.shape is not None and len(read.shape) > _MATRIX
    return (weights.bytes or 0) if turned else 0
