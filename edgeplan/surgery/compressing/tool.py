"""A vendor's tool in a process of its own: asked, and what it says of a model's weights in this project's words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

import msgspec

from edgeplan.surgery.compressing.outcome import Applied, CompressError, Unapplied
from edgeplan.surgery.compressing.rounding import decibels
from edgeplan.verify.answer import Status
from edgeplan.verify.process import Limits, Question, ask

__all__ = ["Tool", "Weight", "layers"]

_PATIENCE = Limits(seconds=3600.0)
"""Palettes of a large model are looked for through many minutes."""


class Weight(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a compressing program says of one weight.

    `form` is how it is stored in the result, empty where it is as before, `reason` why it is not as asked; `signal` and
    `noise` are the sums of squares of its elements and of what they changed by, None where they say nothing.
    """

    weight: str
    op: str
    label: str
    shape: tuple[int, ...]
    form: str
    signal: float | None
    noise: float | None
    reason: str


@dataclass(frozen=True, slots=True)
class Tool:
    """A vendor's tool: its package, the program that works with it, the extra it is installed by.

    `python` is the interpreter that has it, this one where None; `tell` hears the seconds that have gone by.
    """

    name: str
    program: str
    extra: str
    python: Path | None = None
    limits: Limits | None = None
    tell: Callable[[float], None] | None = None

    def run(self, model: Path, options: Mapping[str, Any], scratch: Path) -> Mapping[str, str]:
        """Let it work; the versions of its packages. Raises `CompressError` with its last words.

        What it leaves behind when it is ended lies in the folder `scratch`.
        """
        question = Question(self.name, self.program, model, "", options, self.python, {"TMPDIR": str(scratch)})
        answer = ask(question, self.limits or _PATIENCE, self.tell)
        if answer.status is Status.MISSING:
            raise CompressError(f"{answer.words} is not installed: pip install 'edgeplan[{self.extra}]'")
        if answer.status is not Status.COMPILED:
            raise CompressError(f"{self.name}: {answer.words}")
        return answer.said.versions


def layers(weights: Sequence[Weight]) -> tuple[tuple[Applied, ...], tuple[Unapplied, ...]]:
    """The layers that are compressed in a result, and those that are not."""
    done = tuple(Applied(w.weight, w.op, w.label, w.shape, w.form, _snr(w)) for w in weights if w.form)
    return done, tuple(Unapplied(w.weight, w.op, w.label, w.shape, w.reason) for w in weights if not w.form)


def _snr(weight: Weight) -> float | None:
    """The signal of a weight over what it changed by, in dB."""
    if weight.signal is None or weight.noise is None:
        return None
    found = decibels(weight.signal, weight.noise)
    return found if isfinite(found) or not weight.noise else None
