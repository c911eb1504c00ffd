"""Asks LiteRT which ops of .tflite files XNNPACK or its GPU accelerator takes, as `edgeplan verify` does.

    python -m benchmarks.agreement.ask_litert xnnpack|gpu MODEL.tflite ... > answers.jsonl

Run with a Python that has ai-edge-litert beside edgeplan. Each line holds a file's name, its ops in the order of the
file and for each `1` (taken) or `0`; or the message with which the model is refused.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from edgeplan.verify.answer import Answer
from edgeplan.verify.process import Limits, Question, ask
from edgeplan.verify.vulkan import vulkan_environment

__all__ = ["line"]

PROGRAMS = {"xnnpack": "litert_cpu", "gpu": "litert_gpu"}


def line(file: str, unit: str, answer: Answer) -> dict[str, str]:
    """One line of the record: what the answer says of a unit."""
    if not answer.said.done:
        return {"file": file, "error": answer.words}
    types = " ".join(n.type for n in answer.said.nodes)
    return {"file": file, "ops": types, "taken": "".join("01"[n.unit == unit] for n in answer.said.nodes)}


def main() -> None:
    """Print a line for each file."""
    unit, *paths = sys.argv[1:]
    environment = vulkan_environment() if unit == "gpu" else {}
    if isinstance(environment, str):
        sys.exit(environment)
    for path in map(Path, paths):
        answer = ask(Question(unit, PROGRAMS[unit], path, environment=environment), Limits(300.0))
        print(json.dumps(line(path.name, unit, answer)), flush=True)


if __name__ == "__main__":
    main()
