"""How many multiply-accumulates an op does, by dialect: contractions only."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from edgeplan.cost.macs.onnx import ONNX_MACS, UNCOUNTED
from edgeplan.cost.macs.ports import Ports
from edgeplan.cost.macs.tflite import NO_MACS, TFLITE_MACS
from edgeplan.graph import Graph, Op

__all__ = ["macs_of"]

_KNOWN_DOMAINS = frozenset({"", "onnx", "ai.onnx.ml", "com.microsoft"})

_BY_DIALECT: Mapping[str, Mapping[str, Callable[[Ports], int | None]]] = {
    "onnx": ONNX_MACS,
    "mil": ONNX_MACS,
    "tflite": {**{label: count for label, count in ONNX_MACS.items() if "." in label}, **TFLITE_MACS},
}
"""Formulas by op label. A label with a domain is an op of ONNX that was not lowered, in whatever dialect."""


def macs_of(graph: Graph, op: Op) -> int | None:
    """The MACs of one op without its bodies; None while a shape or what the op computes is not known."""
    count = _BY_DIALECT[graph.dialect].get(op.label)
    if count is not None:
        return count(Ports(graph, op))
    opaque = op.domain not in _KNOWN_DOMAINS or op.label in UNCOUNTED
    return None if opaque and op.label not in NO_MACS else 0
