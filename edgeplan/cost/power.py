"""What units draw while they compute: the figures of `rules/<backend>/energy/*.toml`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Literal

import msgspec

from edgeplan.capability.rows import RulesError, decode, rules_dir
from edgeplan.target import Target

__all__ = ["Power", "Scope", "all_powers", "power_of_unit"]

Scope = Literal["unit", "chip", "module", "board"]
"""What a figure counts: the unit's own rail, the chip, the module with its memory, or the device at its supply."""


class Power(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Watts (low, likely, high) that are drawn while a unit computes one inference after the other.

    `chips` are chips, or devices by their ids; without `precision` it holds for all. `of` is what was metered, `idle`
    whether what is drawn without any work is in it. `measured` says whether it was metered there; else it is carried
    over, and `why` says from what. `since` and `until` are releases of the runtime.
    """

    chips: tuple[str, ...]
    unit: tuple[str, ...]
    watts: tuple[float, float, float]
    of: Scope
    idle: bool
    why: str
    source: Mapping[str, str]
    precision: tuple[str, ...] = ()
    measured: bool = False
    since: str = ""
    until: str = ""


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    power: tuple[Power, ...] = ()


def power_of_unit(target: Target, unit: str, precision: str) -> Power | None:
    """What a unit of the target draws at a precision (or any: empty); None where nobody metered it, nor its like.

    The device's own figure goes before its chip's. Raises `RulesError` on a broken file.
    """
    covers = target.backend.covers
    for name in (target.device.id, target.device.chip_id):
        for power in all_powers(target.backend.name):
            at = not precision or not power.precision or precision in power.precision
            if name in power.chips and unit in power.unit and at and covers(power.since, power.until, target.release):
                return power
    return None


@lru_cache(maxsize=16)
def all_powers(backend: str) -> tuple[Power, ...]:
    """All figures of a backend. Raises `RulesError` on a broken file."""
    found: list[Power] = []
    for path in sorted((rules_dir() / backend / "energy").glob("*.toml")):
        where = f"{backend}/energy/{path.name}"
        for power in decode(path, _File, where).power:
            low, likely, high = power.watts
            if not 0 < low <= likely <= high:
                raise RulesError(f"{where}: {'+'.join(power.chips)}: watts go up from above 0")
            found.append(power)
    return tuple(found)
