"""The blocks of its operands that a matrix product of the builtin kernels lays out anew while it runs.

Eigen, which computes float convolutions on PCs, copies as much of both operands as fits the caches; ruy, which does so
on ARM and computes those of integers and of three dimensions everywhere, all of both. Ruy keeps its memory: what an op
wants beyond it is taken from the system and freed with all the rest behind the op, for one piece as large as both
together. A product with one column, as of one pixel, is computed where its operands lie.
Source: Eigen, src/Core/products/GeneralBlockPanelKernel.h, evaluateProductBlockingSizesHeuristic; google/ruy,
ruy/trmul.cc (packed matrices of the whole sides) and ruy/allocator.cc (AllocateBytes, FreeAll);
google-ai-edge/LiteRT@f67457790, tflite/kernels/conv.cc, tflite/kernels/cpu_backend_gemm.h (CustomGemv) and
tflite/kernels/internal/optimized/optimized_ops.h, Conv3D (a column-major left side, which Eigen's way does not take).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import prod

from edgeplan.graph import Graph, Op

__all__ = ["Blocks", "blocks"]


@dataclass(frozen=True, slots=True)
class Blocks:
    """Bytes at most: what Eigen and what ruy copy on a PC, and what ruy copies on ARM, where it computes all."""

    cached: int
    packed: int
    on_arm: int


def blocks(graph: Graph, ops: Iterable[int]) -> Blocks:
    """What the convolutions among these ops copy, one after the other."""
    cached, pc, arm = 0, _Ruy(), _Ruy()
    for op in (graph.ops[i] for i in ops):
        if op.label not in ("CONV_2D", "CONV_3D", "TRANSPOSE_CONV") or len(op.inputs) < 2 or not op.outputs:
            continue
        m, k, n = _sides(graph, op)
        if m <= 1:
            continue
        weights = graph.values[op.inputs[1]].dtype
        integer = weights is not None and not weights.is_float
        element = 1 if integer else _ELEMENT
        arm.pack(element * k * n, element * k * m)
        if integer or op.label == "CONV_3D":
            pc.pack(element * k * n, element * k * m)
        else:
            cached = max(cached, _ELEMENT * _depth(k) * (_columns(k, n) + min(m, _ROWS)))
    return Blocks(cached, pc.peak, arm.peak)


class _Ruy:
    """Ruy's memory: one piece of which pages count once they are written, and more of it while an op runs."""

    def __init__(self) -> None:
        self.peak = 0
        self._size = 0
        self._written = 0

    def pack(self, *sides: int) -> None:
        """Pack the operands of a product, each on its own, and give the memory back."""
        at = more = 0
        for side in sides:
            if at + side <= self._size:
                at += side
            else:
                more += side
        self._written = max(self._written, at)
        self.peak = max(self.peak, self._written + more)
        if more:
            self._size, self._written = self._size + more, 0


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
