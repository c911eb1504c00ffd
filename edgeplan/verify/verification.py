"""The whole verification: a model and a target in, what each referee says beside the prediction out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from edgeplan.cost.work import work_of
from edgeplan.place.lowered import lower_for
from edgeplan.summary import ModelSummary, TargetSummary, summarize_model, summarize_target
from edgeplan.target import Target
from edgeplan.verify.agreement import Agreement
from edgeplan.verify.hearing import Hearing
from edgeplan.verify.prepare import prepare
from edgeplan.verify.process import Limits
from edgeplan.verify.referees import absent, fitting, load_referee, referee_names
from edgeplan.verify.stand_in import StandIn, stand_in

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
        lowered = lower_for(prepared.graph, target)
        work = [work_of(lowered, op) for op in lowered.ops]
        summary = summarize_model(prepared.graph, model.name, model.stat().st_size, work, prepared.free)
        hearing = Hearing(prepared, Path(folder), pythons or {}, limits)
        for name in referees or referee_names():
            referee = load_referee(name)
            where = stand_in(target, referee)
            if isinstance(where, StandIn):
                told = (lambda seconds, name=name: tell(name, seconds)) if tell else None
                said = hearing.hear(referee, where, told)
                if isinstance(said, str):
                    open_.append(NotAsked(name, said))
                else:
                    found.append(said)
            elif referees or referee in fitting(target):
                open_.append(NotAsked(name, where))
    titles = {u.name: u.title for u in target.units}
    where_to = summarize_target(target)
    return Verification(summary, where_to, titles, tuple(found), tuple(open_), tuple(_nobody(target)))


def _nobody(target: Target) -> list[NotAsked]:
    """The target's units that have no referee anywhere."""
    units = {u.name: u.title for u in target.units}
    found = []
    for one in absent():
        mine = [title for name, title in units.items() if not one.units or name in one.units]
        if one.backend == target.backend.name and mine:
            found.append(NotAsked(", ".join(mine), one.why))
    return found
