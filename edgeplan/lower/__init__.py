"""From the graph a file holds to the graph a runtime runs, in the runtime's own dialect."""

from __future__ import annotations

from dataclasses import replace

from edgeplan.graph import Graph, Op
from edgeplan.lower.fold import drop_dead, drop_noops, fold
from edgeplan.lower.fuse import COREML, FOLDED_AFFINE, fuse

__all__ = ["lower_to"]


def lower_to(graph: Graph, dialect: str, precision: str = "model") -> Graph:
    """Lower an ONNX graph to `onnx` (folded only), `mil` or `tflite` (not lowered yet: folded only).

    `precision` is what the runtime computes floats in: `model` (as the file says), `float16` or `float32`.
    """
    folded = fold(graph)
    if dialect != "mil":
        return _traced(fuse(folded, FOLDED_AFFINE))
    from edgeplan.lower.mil import lower_mil

    lowered = lower_mil(_traced(fuse(folded, COREML)), precision)
    return drop_dead(drop_noops(lowered, lambda op, values: op.type == "identity" and not op.domain))


def _traced(graph: Graph) -> Graph:
    """Every op says which source ops it came from; one that was not fused came from itself."""
    return replace(graph, ops=tuple(op if op.sources else _from_itself(op) for op in graph.ops))


def _from_itself(op: Op) -> Op:
    return Op(op.name, op.type, op.inputs, op.ports, op.outputs, op.attrs, op.domain, op.version, op.bodies, (op.name,))
