"""What LiteRT said of a .tflite file, as a line of a record: its ops in the order of the file and for each `1` (taken)
or `0`; or the message with which the model is refused. `ask` writes it.
"""

from __future__ import annotations

from edgeplan.verify.answer import Answer

__all__ = ["line"]


def line(file: str, unit: str, answer: Answer) -> dict[str, str]:
    """One line of the record: what the answer says of a unit."""
    if not answer.said.done:
        return {"file": file, "error": answer.words}
    types = " ".join(n.type for n in answer.said.nodes)
    return {"file": file, "ops": types, "taken": "".join("01"[n.unit == unit] for n in answer.said.nodes)}
