"""How much TensorRT's kernels do, as far as that decides which of them get a stream of their own."""

from __future__ import annotations

from math import prod

from edgeplan.graph import Graph, Op
from edgeplan.memory.runtimes.tensorrt.kernels import Kernel

__all__ = ["work_of"]


def work_of(graph: Graph, kernel: Kernel) -> int:
    """Multiply-accumulates of its convolutions and matrix products, and the elements it reads and writes.

    Weights are left out, and so is what is not known.
    """
    if not kernel.ops or kernel.kind == "copy":
        return 0
    read = sum(graph.values[n].elements or 0 for n in kernel.reads if n in graph.values)
    written = graph.values[graph.ops[kernel.ops[-1]].outputs[0]].elements or 0
    return read + written + sum(_macs(graph, graph.ops[i]) for i in kernel.ops)


def _macs(graph: Graph, op: Op) -> int:
    out = graph.values[op.outputs[0]].elements or 0
    if op.type in ("MatMul", "Gemm") and op.inputs:
        shape = graph.values[op.inputs[0]].shape or ()
        inner = shape[0 if op.attrs.get("transA") else -1] if shape else 0
        return out * inner if isinstance(inner, int) else 0
    weight = op.input("W")
    if op.type in ("Conv", "ConvTranspose") and weight is not None:
        sizes = (graph.values[weight].shape or ())[1:]
        taps = prod(d for d in sizes if isinstance(d, int)) if sizes else 0
        moved = out if op.type == "Conv" else graph.values[op.inputs[0]].elements or 0
        return moved * taps
    return 0
