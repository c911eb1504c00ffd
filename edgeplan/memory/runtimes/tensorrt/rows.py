"""Products of a single row with weights, which TensorRT computes as a sum and not as a product: without a workspace.

Probed with TensorRT-RTX 1.7.1 around the boundaries, in float32 and float16
(`rules/tensorrt/runs/2026-11-22-memory-rows.csv`): rows of less than 512 bytes, whatever the number of columns, and
longer ones with less than 512 columns, or with 512 of them up to 256 elements. Two rows are a product.
"""

from __future__ import annotations

from edgeplan.graph import Graph, Op
from edgeplan.memory.runtimes.tensorrt.kernels import Kernel

__all__ = ["summed"]

_SHORT = 512
"""Bytes of a row that is summed for any number of columns when it is shorter."""
_NARROW = 512
_DEEP = 256


def summed(graph: Graph, kernel: Kernel, half: bool) -> bool:
    """Whether a kernel is such a sum; products that are one count with all their columns."""
    products = [op for op in (graph.ops[i] for i in kernel.ops) if op.type in ("Gemm", "MatMul")]
    sides = [_sides(graph, op) for op in products]
    if not products or any(side is None for side in sides) or graph.ops[kernel.ops[0]] is not products[0]:
        return False
    known = [side for side in sides if side is not None]
    columns, depth = sum(n for n, _ in known), known[0][1]
    dtype = graph.values[products[0].inputs[0]].dtype
    width = 2 if half or (dtype is not None and dtype.bits == 16) else 4
    return depth * width < _SHORT or columns < _NARROW or (columns == _NARROW and depth <= _DEEP)


def _sides(graph: Graph, op: Op) -> tuple[int, int] | None:
    """Columns and depth of the product of one row with weights; None for any other."""
    if len(op.inputs) < 2:
        return None
    weight, made = graph.values[op.inputs[1]], graph.values[op.outputs[0]].shape
    sizes = [n for n in weight.shape or () if isinstance(n, int)]
    if not weight.const or len(sizes) != 2 or not made or any(n != 1 for n in made[:-1]):
        return None
    columns = sizes[0] if op.attrs.get("transB") else sizes[1]
    return columns, sizes[0] * sizes[1] // max(columns, 1)
