"""Makes the .tflite of an ONNX model that LiteRT's referees are asked about, by onnx2tf, and trusts none unchecked."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from edgeplan.verify.answer import Answer, Fact, Said, Status
from edgeplan.verify.process import Limits, Question, ask

__all__ = ["TOLERANCE", "VARIABLE", "Conversion", "environment", "to_tflite"]

VARIABLE = "EDGEPLAN_ONNX2TF"
"""Names the virtual environment that has onnx2tf, where it is not in the user's cache."""

TOLERANCE = 1e-3
"""How far an output may be from ONNX Runtime's, relative to its largest magnitude.

Both compute in float32 and sum in another order: 89 of 96 networks that were converted right were within 1e-4, two
within 5e-4; what is wrong (a softmax over another axis) is off by about 1. Functions that a converter approximates, as
GELU by its tanh form, lie between.
"""

_NOISE = 10
"""Where a network makes much of roundings (peaks picked by equality, large scores ranked), the difference may be this
many times what moving the input by eight roundings of its type does.
"""

_SHARE = 0.1
"""How much of the change that another input makes the difference may come to: more would tell nothing about the ops."""

_PACKAGE = "onnx2tf==2.6.9"
_PER = 1e9


@dataclass(frozen=True, slots=True)
class Conversion:
    """What became of a model: the file, or why there is none, in one line.

    Where there is a file, `answer.said.kernels` has its ops in order, each with the ops of the ONNX model it came from,
    as far as the converter says.
    """

    path: Path | None
    why: str
    answer: Answer


def environment() -> Path:
    """The folder of the environment that has onnx2tf: its pinned packages fit no other."""
    given = os.environ.get(VARIABLE)
    if given:
        return Path(given).expanduser()
    cache = os.environ.get("XDG_CACHE_HOME")
    return (Path(cache) if cache else Path.home() / ".cache") / "edgeplan" / "onnx2tf"


def to_tflite(
    model: Path, output: Path, limits: Limits | None = None, tell: Callable[[float], None] | None = None
) -> Conversion:
    """Convert an ONNX model whose sizes are bound, float32, channels last, and put the file at `output`.

    It is there afterwards only if it can be trusted: no custom ops, and LiteRT computes from it what ONNX Runtime
    computes from the model, on the same random input and weights. The weights that were all one number are random
    in the file, too.
    """
    output.unlink(missing_ok=True)
    python = environment() / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not python.exists():
        why = f"onnx2tf (MIT) is not installed: {' && '.join(_commands(environment()))}"
        return Conversion(None, why, Answer("onnx2tf", "", Status.MISSING, Said(missing=why), why))
    options = {"output": str(output.resolve())}
    question = Question("onnx2tf", "onnx2tf_convert", model, options=options, python=python.absolute())
    answer = ask(question, limits or Limits(), tell)
    if answer.status is Status.MISSING:
        why = f"{answer.words} is not installed in {environment()}: {_commands(environment())[1]}"
    elif answer.status is not Status.COMPILED:
        why = f"onnx2tf: {answer.words}"
    else:
        why = _distrust(answer.said.facts)
    if why:
        output.unlink(missing_ok=True)
    return Conversion(None if why else output, why, answer)


def _commands(folder: Path) -> tuple[str, str]:
    return f"python3.12 -m venv {folder}", f"{folder}/bin/pip install {_PACKAGE}"


def _distrust(facts: Sequence[Fact]) -> str:
    """Why a conversion that succeeded is not believed; empty when it is.

    Integers are compared only where there are no floats: an index may follow from a tie.
    """
    difference, integers, change, noise = (_figures(facts, k) for k in ("difference", "integers", "change", "noise"))
    judged = difference or integers
    for name, found in judged.items():
        if found > max(TOLERANCE, _NOISE * noise[name]):
            return f"onnx2tf's result differs from ONNX Runtime's: {found:.4g} relative, output {name}"
    if not any(change[name] and found <= _SHARE * change[name] for name, found in judged.items()):
        return "onnx2tf's result cannot be checked: no output depends on the input enough to tell"
    return ""


def _figures(facts: Sequence[Fact], kind: str) -> dict[str, float]:
    return {f.name.removeprefix(f"{kind} "): f.value / _PER for f in facts if f.name.startswith(f"{kind} ")}
