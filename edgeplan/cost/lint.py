"""What is wrong with a backend's speeds: units, chips, families, ranges, sources, each complaint a sentence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain

from edgeplan.capability.rows import Backend, load_backend
from edgeplan.cost.families import FAMILIES
from edgeplan.cost.power import Power, all_powers
from edgeplan.cost.speeds import ChipSpeed, CrossingSpeed, Inherit, Speed, all_speeds
from edgeplan.devices import all_devices

__all__ = ["cited_by_speeds", "speed_complaints"]

_RATES = frozenset({*FAMILIES, "*", "near", "weights"})


def cited_by_speeds(backend: Backend) -> frozenset[str]:
    """The sources that a backend's speeds and powers rest on."""
    file = all_speeds(backend)
    said = [
        *(s.source for s in file.speed),
        *(p.source for s in file.speed for p in s.penalty),
        *(c.source for c in file.chip),
        *(c.source for c in file.crossing),
        *(link.source for link in file.inherit),
        *(p.source for p in all_powers(backend.name)),
    ]
    return frozenset(key for source in said for key in source)


def speed_complaints(backend: Backend) -> Iterator[str]:
    """Every complaint about a backend's speeds, and about the powers beside them."""
    file = all_speeds(backend)
    known = {name for d in all_devices() for name in (d.id, d.chip_id)}
    measured = {chip for s in file.speed for chip in s.chips}
    for s in file.speed:
        yield from (f"speed of {'+'.join(s.unit)} ({'+'.join(s.precision)}): {w}" for w in _speed(s, backend, known))
    for c in file.chip:
        yield from (f"chip {c.chip}: {w}" for w in _chip(c, backend, known, measured))
    for crossing in file.crossing:
        yield from (f"crossing {' and '.join(crossing.units)}: {w}" for w in _crossing(crossing, backend))
    for link in file.inherit:
        yield from (f"inherit from {link.backend}: {w}" for w in _inherit(link, backend))
    for power in all_powers(backend.name):
        yield from (f"power of {'+'.join(power.chips)}: {w}" for w in _power(power, backend, known))
    met: set[tuple[str, str, str, str, str]] = set()
    for s in file.speed:
        for key in ((u, p, c, s.since, s.until) for u in s.unit for p in s.precision for c in s.chips):
            if key in met:
                yield f"two speeds of {key[0]} at {key[1]} speak of {key[2]}"
            met.add(key)


def _speed(s: Speed, backend: Backend, known: set[str]) -> Iterator[str]:
    yield from _units(s.unit, backend)
    yield from (f"{chip!r} is no chip" for chip in s.chips if chip not in known)
    tables = chain(s.launch, s.gmacs, s.gbytes, s.doubt, s.fuses)
    yield from (f"{family!r} is no family" for family in dict.fromkeys(tables) if family not in _RATES)
    if not (s.fit.error >= 0 and -1 <= s.fit.rank <= 1 and 0 <= s.fit.covered <= 1):
        yield "its fit has impossible figures"
    if s.floor < 0 or min(s.launch.values()) < 0 or any(d < 1 for d in s.doubt.values()):
        yield "fixed times are not below 0, doubts not below 1"
    yield from _span(s.since, s.until, backend)
    yield from _sources(s.source, backend)
    for p in s.penalty:
        yield from (f"penalty {p.name}: {w}" for w in _sources(p.source, backend))
        if not p.why.endswith("."):
            yield f"penalty {p.name}: why is no sentence"


def _chip(c: ChipSpeed, backend: Backend, known: set[str], measured: set[str]) -> Iterator[str]:
    yield from _units(c.unit, backend)
    if c.chip not in known:
        yield "there is no such chip or device"
    if c.like not in measured:
        yield f"{c.like!r} is no measured chip"
    if min(c.work, c.traffic, c.fixed) <= 0 or c.widen < 1:
        yield "factors are positive, and none narrows the range"
    if not c.measured and not c.why:
        yield "does not say from what it is carried over"
    yield from _span(c.since, c.until, backend)
    yield from _sources(c.source, backend)


def _crossing(c: CrossingSpeed, backend: Backend) -> Iterator[str]:
    yield from _units(c.units, backend)
    if sorted(c.us) != list(c.us) or c.us[0] < 0 or c.gbytes <= 0:
        yield "times ascend and rates are positive"
    yield from _sources(c.source, backend)


def _inherit(link: Inherit, backend: Backend) -> Iterator[str]:
    yield from _units(tuple(link.unit), backend)
    yield from _units(tuple(link.unit.values()), load_backend(link.backend))
    if link.widen < 1:
        yield "no range is narrowed"
    if not link.why:
        yield "does not say why they are alike"
    yield from (f"cites {key!r}, which is no source" for key in link.source if key not in backend.sources)


def _power(p: Power, backend: Backend, known: set[str]) -> Iterator[str]:
    yield from _units(p.unit, backend)
    yield from (f"{chip!r} is no chip" for chip in p.chips if chip not in known)
    if not p.why:
        yield "does not say what was metered"
    yield from _span(p.since, p.until, backend)
    yield from _sources(p.source, backend)


def _span(since: str, until: str, backend: Backend) -> Iterator[str]:
    yield from (f"{release!r} is no release" for release in (since, until) if release not in ("", *backend.releases))


def _units(units: tuple[str, ...], backend: Backend) -> Iterator[str]:
    yield from (f"{unit!r} is no unit" for unit in units if unit not in backend.units)


def _sources(said: Mapping[str, str], backend: Backend) -> Iterator[str]:
    if not said:
        yield "no source"
    for key, words in said.items():
        if key not in backend.sources:
            yield f"cites {key!r}, which is no source"
        if not words:
            yield f"does not say what {key!r} says"
