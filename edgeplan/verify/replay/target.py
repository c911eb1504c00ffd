"""The target that a referee speaks for when no device is named: its own release, and a chip by the compiler's name."""

from __future__ import annotations

from collections.abc import Iterator

from edgeplan.capability.rows import load_backend
from edgeplan.devices import Chip, Device, all_devices
from edgeplan.target import Budget, Target, TargetError, Unit
from edgeplan.verify.referees import Referee
from edgeplan.verify.stand_in import StandIn

__all__ = ["chip_of", "stand_in_for"]


def chip_of(referee: Referee) -> str:
    """The chip to ask about unless one is named: one that stands for another, or one of the newest generation."""
    if referee.chips == "generation":
        return next((c.says for c in referee.chip if c.stands_for), referee.chip[0].says)
    if referee.chips == "none":
        return ""
    order = load_backend(referee.backend).units[referee.unit].generations
    return max(
        _socs(referee), key=lambda found: order.index(found[1].generation) if found[1].generation in order else -1
    )[0]


def stand_in_for(referee: Referee, chip: str) -> StandIn:
    """The target that a referee answers for: its release, and the chip by the compiler's own name for it.

    Raises `TargetError` when the tables do not know such a chip.
    """
    table = load_backend(referee.backend)
    generation, features = _hardware(referee, chip)
    units = []
    for name in list(table.units)[list(table.units).index(referee.unit) :]:
        spec = table.units[name]
        if name == referee.unit:
            units.append(
                Unit(name, spec.title, spec.accelerator, generation, features, spec.hardware or name, spec.partitions)
            )
        elif not spec.optional and table.covers(spec.since, spec.until, referee.release):
            units.append(
                Unit(name, spec.title, spec.accelerator, hardware=spec.hardware or name, partitions=spec.partitions)
            )
    device = Device("referee", referee.title, "", "", Chip(chip), {}, (), (), {})
    nothing = Budget(None, None, None, "", "none")
    return StandIn(Target(device, table, referee.release, tuple(units), table.precision, nothing), chip, ())


def _hardware(referee: Referee, chip: str) -> tuple[str, tuple[str, ...]]:
    """The generation and features of the unit on a chip."""
    if referee.chips == "none":
        return "", ()
    if referee.chips == "generation":
        names = {c.says: c.stands_for or (*c.generations, "")[0] for c in reversed(referee.chip)}
        if chip not in names:
            raise TargetError(f"{referee.title} knows {', '.join(sorted(names))}, not {chip!r}")
        return names[chip], ()
    for number, unit in _socs(referee):
        if number == chip:
            return unit.generation, unit.features
    raise TargetError(f"no chip of the device tables has soc_model {chip!r}")


def _socs(referee: Referee) -> Iterator[tuple[str, Unit]]:
    hardware = load_backend(referee.backend).units[referee.unit].hardware or referee.unit
    for device in all_devices():
        found = device.chip.unit.get(hardware)
        if found is not None and found.soc_model is not None:
            yield str(found.soc_model), Unit(hardware, "", True, found.generation, found.features)
