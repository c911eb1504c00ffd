"""ONNX to the ops of LiteRT, in NHWC."""

from __future__ import annotations

from edgeplan.graph import Graph

__all__ = ["lower_tflite"]


def lower_tflite(graph: Graph, precision: str) -> Graph:
    """The graph with every op in ONNX's words still."""
    return graph
