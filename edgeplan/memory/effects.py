"""Ops that do more than make their outputs, and so must run in the order in which the model has them."""

from __future__ import annotations

from edgeplan.graph import Op

__all__ = ["has_effect"]

_PURE_DOMAINS = frozenset({"", "ai.onnx.ml", "com.microsoft", "onnx", "mil", "tflite"})
_EFFECTS = frozenset(
    {
        *("Bernoulli", "Multinomial", "MULTINOMIAL"),
        *("ASSIGN_VARIABLE", "CALL_ONCE", "READ_VARIABLE", "VAR_HANDLE"),
        *("HASHTABLE", "HASHTABLE_FIND", "HASHTABLE_IMPORT", "HASHTABLE_SIZE"),
        *("coreml_update_state", "read_state", "write_state"),
    }
)


def has_effect(op: Op) -> bool:
    """True for ops that draw random numbers, read or write what lasts, have bodies, or are of a domain nobody knows."""
    stateful = any(port.endswith("_state") for port in op.ports)
    random = op.type.lower().startswith("random")
    return random or stateful or bool(op.bodies) or op.type in _EFFECTS or op.domain not in _PURE_DOMAINS
