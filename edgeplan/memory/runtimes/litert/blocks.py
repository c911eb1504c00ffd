"""The blocks of its operands that a matrix product of the builtin kernels lays out anew while it runs.

Eigen, which computes float convolutions on PCs, copies as much of both operands as fits the caches; ruy, which does so
on ARM and computes those of integers and of three dimensions everywhere, all of both.
Source: Eigen, src/Core/products/GeneralBlockPanelKernel.h, evaluateProductBlockingSizesHeuristic; google/ruy,
ruy/trmul.cc (packed matrices of the whole sides); google-ai-edge/LiteRT@f67457790, tflite/kernels/conv.cc and
tflite/kernels/internal/optimized/optimized_ops.h, Conv3D (a column-major left side, which Eigen's way does not take).
"""

from __future__ import annotations

from collections.abc import Iterable
from math import prod

from edgeplan.graph import Graph, Op

__all__ = ["blocks"]


def blocks(graph: Graph, ops: Iterable[int]) -> tuple[int, int]:
    """Bytes of the blocks copied on a PC, and of those on ARM, of the convolution with the largest."""
    cached = whole = 0
    for op in (graph.ops[i] for i in ops):
        if op.label not in ("CONV_2D", "CONV_3D", "TRANSPOSE_CONV") or len(op.inputs) < 2 or not op.outputs:
            continue
        m, k, n = _sides(graph, op)
        weights = graph.values[op.inputs[1]].dtype
        integer = weights is not None and not weights.is_float
        both = (1 if integer else _ELEMENT) * k * (m + n)
        fitting = _ELEMENT * _depth(k) * (_columns(k, n) + min(m, _ROWS))
        cached, whole = max(cached, both if integer or op.label == "CONV_3D" else fitting), max(whole, both)
    return cached, whole


_ELEMENT = 4
_CACHE = 3 * 2**20
"""Bytes of the second-level cache for the block of weights, of which it takes half."""
_DEPTH, _ROWS = 432, 1152
"""Where Eigen cuts depth and rows for float32 with a first-level cache of 48 KiB."""


def _depth(depth: int) -> int:
    return min(depth, _DEPTH)


def _columns(depth: int, columns: int) -> int:
    return min(columns, _CACHE // (2 * _ELEMENT * max(_depth(depth), 1)))


def _sides(graph: Graph, op: Op) -> tuple[int, int, int]:
    """Rows, depth and columns of the product: positions, elements under the window, output channels."""
    sizes = [n for n in graph.values[op.inputs[1]].shape or () if isinstance(n, int)]
    elements = graph.values[op.outputs[0]].elements
    if len(sizes) not in (4, 5) or elements is None or not prod(sizes):
        return 0, 0, 0
    outputs = sizes[0] if len(sizes) == 4 else sizes[-1]
    return elements // outputs, prod(sizes) // outputs, outputs
