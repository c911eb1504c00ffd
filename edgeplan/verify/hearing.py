"""One model put to one referee after the other: each is given the file it takes, asked, and held against the plan."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from edgeplan.frontends import load_model
from edgeplan.graph import Graph
from edgeplan.place.lowered import lower_for
from edgeplan.verify import mil_ops
from edgeplan.verify.agreement import Agreement, Converted
from edgeplan.verify.answer import Answer, Status
from edgeplan.verify.compare import compare
from edgeplan.verify.prepare import Prepared
from edgeplan.verify.process import Limits, Question, ask
from edgeplan.verify.referees import Referee
from edgeplan.verify.stand_in import StandIn
from edgeplan.verify.tflite.beside import beside
from edgeplan.verify.tflite.conversion import Conversion, to_tflite
from edgeplan.verify.tflite.fields import NotWritableError
from edgeplan.verify.tflite.writer import write_tflite
from edgeplan.verify.vulkan import vulkan_environment

__all__ = ["Hearing", "hold"]

Tell = Callable[[float], None] | None


@dataclass(frozen=True, slots=True)
class _File:
    """What a referee is handed: the graph the comparison is about, the file, and what is to be said of it."""

    graph: Graph
    path: Path
    options: Mapping[str, object]
    converted: Converted | None = None
    notes: tuple[str, ...] = ()


class Hearing:
    """The referees asked about one prepared model; what several of them need is made once.

    `folder` is for files that live as long as the hearing, `pythons` the interpreters that have the referees' packages
    (`""` for all that are not named), `limits` hold for every asking unless each has its own.
    """

    def __init__(self, prepared: Prepared, folder: Path, pythons: Mapping[str, Path], limits: Limits | None) -> None:
        self._prepared = prepared
        self._folder = folder
        self._pythons = pythons
        self._limits = limits
        self._conversion: Conversion | None = None

    def hear(self, referee: Referee, where: StandIn, tell: Tell = None) -> Agreement | str:
        """The agreement, or why the referee could not be asked."""
        limits = self._limits or Limits(referee.seconds)
        python = self._pythons.get(referee.name, self._pythons.get(""))
        if self._prepared.missing:
            return f"the model's weights are not there: {', '.join(self._prepared.missing)}"
        environment = vulkan_environment() if referee.needs == "vulkan" else {}
        if isinstance(environment, str):
            return environment
        file = self._file(referee, where, limits, python, tell)
        if isinstance(file, str):
            return file
        question = Question(referee.name, referee.program, file.path, where.chip, file.options, python, environment)
        answer = ask(question, limits, tell)
        if answer.status is Status.MISSING:
            return _install(referee, answer)
        found = hold(file.graph, where, answer, referee)
        return replace(found, converted=file.converted, notes=(*found.notes, *file.notes))

    def _file(self, referee: Referee, where: StandIn, limits: Limits, python: Path | None, tell: Tell) -> _File | str:
        graph, path = self._prepared.graph, self._prepared.path
        if referee.compares == "operators":
            return _File(graph, path, mil_ops.options(graph, where.target))
        if referee.takes == "onnx" or graph.dialect == "tflite":
            return _File(graph, path, {"inputs": self._prepared.shapes})
        if self._conversion is None:
            self._conversion = to_tflite(path, self._folder / "converted.tflite", limits, tell)
        if self._conversion.path is None:
            return self._own_lowering(where, python, limits)
        file = load_model(self._conversion.path).graph
        return _File(file, self._conversion.path, {}, beside(graph, file, where.target, self._conversion))

    def _own_lowering(self, where: StandIn, python: Path | None, limits: Limits) -> _File | str:
        """edgeplan's lowering written as a file where no converter made one: LiteRT still says what it takes of it."""
        assert self._conversion is not None
        why = self._conversion.why
        path = self._folder / "lowered.tflite"
        try:
            answer = write_tflite(lower_for(self._prepared.graph, where.target), path, python, limits)
        except NotWritableError as e:
            return f"{why}; and its own lowering has no form as a file: {e}"
        if answer.status is not Status.COMPILED:
            return f"{why}; and its own lowering was not written: {answer.words}"
        note = f"no converter's file ({why}): asked about edgeplan's own lowering, with made-up weights"
        return _File(load_model(path).graph, path, {}, notes=(note,))


def hold(graph: Graph, where: StandIn, answer: Answer, referee: Referee) -> Agreement:
    """An answer held against the placement or, where the referee places nothing, against the ops of the lowering."""
    if referee.compares == "placement":
        return compare(graph, where, answer, referee)
    lowered = lower_for(graph, where.target)
    counts = mil_ops.op_counts(lowered, answer, referee)
    return compare(graph, where, answer, referee, counts, {"weights": mil_ops.predicted_weights(lowered)})


def _install(referee: Referee, answer: Answer) -> str:
    """What is not there, and the command that installs it."""
    return f"{answer.words} is not installed: pip install 'edgeplan[{referee.extra}]' ({referee.licence})"
