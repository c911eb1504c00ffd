"""The whole verification: a model and a target in, what each referee says beside the prediction out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from edgeplan.frontends import load_model
from edgeplan.plan import analyze_graph
from edgeplan.summary import ModelSummary, TargetSummary
from edgeplan.target import Target
from edgeplan.verify import mil_ops
from edgeplan.verify.agreement import Agreement
from edgeplan.verify.answer import Answer, Status
from edgeplan.verify.compare import compare, lower_for
from edgeplan.verify.converted import beside
from edgeplan.verify.prepare import Prepared, prepare
from edgeplan.verify.process import Limits, Question, ask
from edgeplan.verify.referees import Referee, absent, load_referee, referee_names
from edgeplan.verify.stand_in import StandIn, stand_in
from edgeplan.verify.to_tflite import Conversion, to_tflite
from edgeplan.verify.vulkan import vulkan_environment

__all__ = ["NotAsked", "Verification", "verify"]

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class NotAsked:
    """A referee that could not be asked about this model and target, or units that have none, and why."""

    name: str
    why: str


@dataclass(frozen=True)
class Verification:
    """Prediction and compilers side by side. `units` are the units' titles by name.

    `not_asked` are referees that could have answered, `no_referee` units that nobody off the device can speak for.
    """

    model: ModelSummary
    target: TargetSummary
    units: Mapping[str, str]
    agreements: tuple[Agreement, ...]
    not_asked: tuple[NotAsked, ...]
    no_referee: tuple[NotAsked, ...]
    schema_version: int = field(default=SCHEMA_VERSION)


def verify(
    model: Path,
    target: Target,
    *,
    referees: Sequence[str] = (),
    dims: Mapping[str, int] | None = None,
    inputs: Mapping[str, Sequence[int]] | None = None,
    values: Mapping[str, float] | None = None,
    limits: Limits | None = None,
    pythons: Mapping[str, Path] | None = None,
    tell: Callable[[str, float], None] | None = None,
) -> Verification:
    """Ask the referees that fit the target, or those named, each in a process of its own, and compare.

    `limits` hold for each of them (else each has its own patience); `pythons` name the interpreter of the environment
    that has a referee's packages, by referee, `""` for all. `tell` is called with a referee's name and the seconds it
    has taken. Raises `ModelError` and `BindingError` as `analyze` does, `KeyError` for a referee that does not exist.
    """
    found: list[Agreement] = []
    open_: list[NotAsked] = []
    with TemporaryDirectory(prefix="edgeplan-") as folder:
        prepared = prepare(model, Path(folder), dims, inputs, values)
        plan = analyze_graph(
            prepared.graph, target, name=model.name, file_bytes=model.stat().st_size,
            free=prepared.free, missing=prepared.missing,
        )  # fmt: skip
        hearing = _Hearing(prepared, Path(folder), pythons or {}, limits)
        for name in referees or referee_names():
            referee = load_referee(name)
            where = stand_in(target, referee)
            if isinstance(where, StandIn):
                told = (lambda seconds, name=name: tell(name, seconds)) if tell else None
                said = hearing.hear(referee, where, told)
                if isinstance(said, NotAsked):
                    open_.append(said)
                else:
                    found.append(said)
            elif referees:
                open_.append(NotAsked(name, where))
    titles = {u.name: u.title for u in target.units}
    return Verification(plan.model, plan.target, titles, tuple(found), tuple(open_), tuple(_nobody(target)))


class _Hearing:
    """Referees asked about one model, each in turn; what several of them need is made once."""

    def __init__(self, prepared: Prepared, folder: Path, pythons: Mapping[str, Path], limits: Limits | None) -> None:
        self._prepared = prepared
        self._folder = folder
        self._pythons = pythons
        self._limits = limits
        self._converted: Conversion | None = None

    def hear(self, referee: Referee, where: StandIn, tell: Callable[[float], None] | None) -> Agreement | NotAsked:
        """Ask one referee and hold the placement against its answer."""
        graph, path, environment = self._prepared.graph, self._prepared.path, {}
        if self._prepared.missing:
            return NotAsked(referee.name, f"the model's weights are not there: {', '.join(self._prepared.missing)}")
        limits = self._limits or Limits(referee.seconds)
        options: dict[str, object] = {"inputs": self._prepared.shapes}
        view = None
        if referee.needs == "vulkan":
            driver = vulkan_environment()
            if isinstance(driver, str):
                return NotAsked(referee.name, driver)
            environment = driver
        if referee.takes == "tflite" and graph.dialect != "tflite":
            converted = self._conversion(limits, tell)
            if converted.path is None:
                return NotAsked(referee.name, converted.why)
            graph, path, options = load_model(converted.path).graph, converted.path, {}
            view = beside(self._prepared.graph, graph, where.target, converted)
        if referee.compares == "operators":
            options = mil_ops.options(graph, where.target)
        python = self._pythons.get(referee.name, self._pythons.get(""))
        question = Question(referee.name, referee.program, path, where.chip, options, python, environment)
        answer = ask(question, limits, tell)
        if answer.status is Status.MISSING:
            return NotAsked(referee.name, _install(referee, answer))
        if referee.compares == "operators":
            lowered = lower_for(graph, where.target)
            counts = mil_ops.op_counts(lowered, answer, referee)
            return compare(graph, where, answer, referee, counts, {"weights": mil_ops.predicted_weights(lowered)})
        return replace(compare(graph, where, answer, referee), converted=view)

    def _conversion(self, limits: Limits, tell: Callable[[float], None] | None) -> Conversion:
        if self._converted is None:
            self._converted = to_tflite(self._prepared.path, self._folder / "model.tflite", limits, tell)
        return self._converted


def _install(referee: Referee, answer: Answer) -> str:
    """What is not there, and the command that installs it."""
    return f"{answer.words} is not installed: pip install 'edgeplan[{referee.extra}]' ({referee.licence})"


def _nobody(target: Target) -> list[NotAsked]:
    """The target's units that have no referee anywhere."""
    units = {u.name: u.title for u in target.units}
    found = []
    for one in absent():
        mine = [title for name, title in units.items() if not one.units or name in one.units]
        if one.backend == target.backend.name and mine:
            found.append(NotAsked(", ".join(mine), one.why))
    return found
