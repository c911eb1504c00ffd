"""What TensorRT-RTX's parser and builder said of many models, as one record. `ask` writes it.

A record says what was asked and groups the models by the answer: `runs`, or the stage that refused (`parser`,
`builder`, `crash`) with the first words of the message.
"""

from __future__ import annotations

import json
import re
import sys
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime

import onnx

from edgeplan.verify.answer import Answer, Status

__all__ = ["record", "stage"]

WORDS = 140
"""Characters of a message that are kept."""
_PARSER = re.compile(r"the parser refuses .*?, so nothing is built: (?:(\w*) \([^()]*\): )?(.*)")
_UNASKED = ("no optimization profile", "TensorRT-RTX ")
"""How words begin with which nobody was asked: free sizes without values, a chip the builder does not know."""


def stage(answer: Answer) -> tuple[str, str]:
    """Who refused, or `runs`, and the message; an empty stage when the builder could not be asked."""
    if answer.status is Status.COMPILED:
        return "runs", ""
    if answer.status is not Status.REFUSED:
        return "crash", answer.words
    if found := _PARSER.match(answer.words):
        return "parser", f"{found[1] or ''}: {found[2]}"
    return ("", answer.words) if answer.words.startswith(_UNASKED) else ("builder", answer.words)


def shortened(message: str) -> str:
    """The message without the names, numbers and places that differ from model to model."""
    message = re.sub(r"\s+", " ", message)
    message = re.sub(r"^IBuilder::buildSerializedNetwork: ", "", message)
    message = re.sub(r"^Error Code \d+: Myelin \(\[[^\]]*\] ?", "Myelin: ", message)
    message = re.sub(r"In node \d+ with name: \S* and operator: (\w+) \((\w+)\): ", r"\1: ", message)
    return message[:WORDS]


def record(title: str, chip: str, answers: Iterable[tuple[str, Answer]]) -> str:
    """The record of a set as JSON. Models that could not be asked about are named on standard error instead."""
    grouped: dict[tuple[str, str], list[str]] = defaultdict(list)
    version = ""
    for at, (name, answer) in enumerate(answers):
        word, message = stage(answer)
        version = answer.said.versions.get("tensorrt_rtx", version)
        if word:
            grouped[word, shortened(message)].append(name)
        if at % 100 == 0 or not word:
            print(f"{at} {name} {'' if word else message}", file=sys.stderr)
    found = {
        "tool": "TensorRT-RTX",
        "version": version,
        "mode": "CPU-only ahead-of-time build",
        "target": chip,
        "onnx": onnx.__version__,
        "date": datetime.now(UTC).date().isoformat(),
        "set": title,
        "answers": [{"stage": s, "message": m, "models": models} for (s, m), models in sorted(grouped.items())],
    }
    return json.dumps(found, indent=0, ensure_ascii=False).replace('",\n"', '", "')
