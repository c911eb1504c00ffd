"""Random models of one operator and what the HTP compiler said of them: drawn again from their seed, never kept.

A record is made of the answers that `ask` writes:

    python -m benchmarks.agreement.ask qnn-htp random:SEED:COUNT --chip 57 --python PYTHON -o ANSWERS.jsonl
    python -m benchmarks.agreement.qnn_random 57 SEED COUNT ANSWERS.jsonl > rules/qnn/runs/random-SEED-soc57.json
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmarks.agreement import tensorrt_random
from benchmarks.agreement.case import Case
from benchmarks.agreement.judge import ask_model
from edgeplan.target import Target

__all__ = ["drawn"]

RUNS = Path(__file__).resolve().parent.parent.parent / "rules" / "qnn" / "runs"
UNREADABLE = ("INVALID_GRAPH", "Exception during init", "Could not find an implementation")
"""Errors of ONNX Runtime itself, before its providers are asked."""


def truth(answer: Mapping[str, Any]) -> str:
    """A word of `case.WORDS`, `folded` where nothing is left of the model, or `unread` where it is no valid one."""
    error = str(answer.get("error", ""))
    if error:
        return "unread" if any(words in error for words in UNREADABLE) else "fails"
    providers = {node[0] for node in answer["nodes"] if node[1] not in ("QuantizeLinear", "DequantizeLinear")}
    return "folded" if not providers else "refuses" if "CPUExecutionProvider" in providers else "runs"


def drawn(record: str, target: Target) -> Iterator[Case]:
    """The cases of a record; left out are models that ONNX Runtime does not load, or folds away."""
    found = json.loads((RUNS / record).read_text("utf-8"))
    told = found["answers"]
    for question in tensorrt_random.models(found["seed"], found["count"]):
        word = told.get(question.name, "")
        if word in ("folded", "unread"):
            reason = "ONNX Runtime folds the model away" if word == "folded" else "ONNX Runtime does not load the model"
            yield Case(question.name, "unknown", "unknown", "", reason)
        elif word:
            yield Case(question.name, word, *ask_model(question.model, target))


def main() -> None:
    """Print a record of the answers in a file."""
    soc, seed, count, path = sys.argv[1:]
    lines = [json.loads(line) for line in Path(path).read_text("utf-8").splitlines()]
    answers = {line["model"]: truth(line) for line in lines}
    json.dump({"soc_model": int(soc), "seed": int(seed), "count": int(count), "answers": answers}, sys.stdout, indent=0)


if __name__ == "__main__":
    main()
