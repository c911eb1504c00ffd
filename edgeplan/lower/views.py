"""Ops that only look at a tensor under another shape."""

from __future__ import annotations

from collections.abc import Mapping

from edgeplan.graph import Graph, Op

__all__ = ["VIEWS", "is_view"]

VIEWS: Mapping[str, frozenset[str]] = {
    "onnx": frozenset({"Reshape", "Flatten", "Squeeze", "Unsqueeze", "Identity", "Dropout"}),
    "mil": frozenset({"reshape", "squeeze", "expand_dims", "identity", "flatten2d"}),
    "tflite": frozenset({"BITCAST", "EXPAND_DIMS", "RESHAPE", "SQUEEZE"}),
}
"""Ops whose output is their input under another shape: no bytes move, and no new buffer is needed."""


def is_view(graph: Graph, op: Op) -> bool:
    """True when the op's output can share its first input's buffer."""
    return not op.domain and op.type in VIEWS[graph.dialect] and bool(op.inputs)
