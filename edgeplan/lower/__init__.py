"""From the graph a file holds to the graph a runtime runs, in the runtime's own dialect."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from edgeplan.graph import Graph, Op
from edgeplan.lower.fold import drop_dead, drop_noops, fold
from edgeplan.lower.fuse import fuse

__all__ = ["lower_to"]


def lower_to(
    graph: Graph, dialect: str, precision: str = "model", fusions: Sequence[str] = (), keep: Collection[str] = ()
) -> Graph:
    """Lower a graph to `onnx` (folded and fused only), `mil` or `tflite`; one that is there already stays as it is.

    `precision` is what the runtime computes floats in: `model` (as the file says), `float16` or `float32`. `fusions`
    name what it fuses, in order; `keep` the ops it runs even where they change nothing.
    """
    if graph.dialect == dialect != "onnx":
        return _traced(graph)
    fused = _traced(fuse(fold(graph, keep), fusions))
    if dialect == "onnx":
        return fused
    if dialect == "tflite":
        from edgeplan.lower.tflite import lower_tflite

        return lower_tflite(fused, precision)
    from edgeplan.lower.mil import lower_mil

    lowered = lower_mil(fused, precision)
    return drop_dead(drop_noops(lowered, lambda op, values: op.type == "identity" and not op.domain))


def _traced(graph: Graph) -> Graph:
    """Every op says which source ops it came from; one that was not fused came from itself."""
    if all(op.sources for op in graph.ops):
        return graph
    return replace(graph, ops=tuple(op if op.sources else _from_itself(op) for op in graph.ops))


def _from_itself(op: Op) -> Op:
    return Op(op.name, op.type, op.inputs, op.ports, op.outputs, op.attrs, op.domain, op.version, op.bodies, (op.name,))
