"""What ONNX Runtime's QNN provider and the HTP compiler said of a model, as a line of a record. `ask` writes it.

A line has the nodes with the provider each went to, or the error that left no session, and the reasons (`rejected`).
"""

from __future__ import annotations

from typing import Any

from edgeplan.verify.answer import Answer

__all__ = ["line"]

PROVIDERS = {"htp": "QNNExecutionProvider", "cpu": "CPUExecutionProvider"}
REASONS = 6
"""How many are kept."""


def line(model: str, soc: str, answer: Answer) -> dict[str, Any]:
    """One line of the record. That the HTP takes nothing of a model is no error: its nodes went to the CPU."""
    said, found = answer.said, {"model": model, "soc": int(soc)}
    rejected = list(dict.fromkeys(f"{n.type}: {n.words}" for n in said.nodes if n.words))[:REASONS]
    if said.done:
        nodes = [(PROVIDERS.get(n.unit, n.unit), n.type, n.name) for n in said.nodes]
        return {**found, "nodes": nodes, **({"rejected": rejected} if rejected else {})}
    return {**found, "error": answer.words, **({"rejected": rejected} if rejected else {})}
