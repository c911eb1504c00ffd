"""The target a referee really answers for: its own release, its own name for the chip, its own unit first."""

from __future__ import annotations

from dataclasses import dataclass, replace

from edgeplan.target import Target, Unit
from edgeplan.verify.referees import Referee

__all__ = ["StandIn", "stand_in"]


@dataclass(frozen=True, slots=True)
class StandIn:
    """A target as a referee sees it; `chip` is its name there, `notes` say how it differs from the device."""

    target: Target
    chip: str
    notes: tuple[str, ...]


def stand_in(target: Target, referee: Referee) -> StandIn | str:
    """The stand-in for a target, or the reason why the referee cannot speak for it.

    Units that the runtime prefers to the referee's own are left out: it was not asked about them.
    """
    names = [u.name for u in target.units]
    if referee.backend != target.backend.name or referee.unit not in names:
        return (
            f"{referee.title} decides about the {referee.unit} of {referee.backend}, which {target.title} does not use"
        )
    units = target.units[names.index(referee.unit) :]
    notes = []
    left = [u.title for u in target.units if u not in units]
    if left:
        notes.append(f"it is not asked about the {' and the '.join(left)}")
    named = _chip(target, units[0], referee)
    if named is None:
        return f"{referee.title} has no name for the {units[0].title} of {target.device.chip.title}"
    chip, generation, why = named
    if why:
        notes.append(why)
    release = referee.release
    if referee.since and target.backend.covers(referee.since, referee.release, target.release):
        release = target.release
    elif referee.since and not target.backend.covers(referee.since, "", target.release):
        return f"{referee.title} speaks for {_said(target, referee.since)} and later, not for {target.release}"
    if target.release != release:
        notes.append(f"it speaks for {_said(target, release)}, the device runs {_said(target, target.release)}")
    first = replace(units[0], generation=generation)
    return StandIn(replace(target, release=release, units=(first, *units[1:])), chip, tuple(notes))


def _chip(target: Target, unit: Unit, referee: Referee) -> tuple[str, str, str] | None:
    """The compiler's name for the chip, the generation it answers for, and what is to be said of that."""
    if referee.chips == "none":
        return "", unit.generation, ""
    if referee.chips == "soc_model":
        found = target.device.chip.unit.get(unit.hardware or unit.name)
        number = found.soc_model if found else None
        return None if number is None else (str(number), unit.generation, "")
    for chip in referee.chip:
        if unit.generation in chip.generations:
            return chip.says, chip.stands_for or unit.generation, chip.why
    return None


def _said(target: Target, release: str) -> str:
    """`TensorRT 11.1`, `LiteRT 2.3`."""
    return release if release.startswith(target.backend.title) else f"{target.backend.title} {release}"
