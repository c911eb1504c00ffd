"""What is wrong with a backend's rows of compression: names, spans, units and sources, each complaint a sentence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase

from edgeplan.capability.lint import SchemaOf
from edgeplan.capability.rows import Backend
from edgeplan.compression.rows import CompressionRow, SpeedRow, load_compression, load_speeds
from edgeplan.lower.scheme import SCHEMES, parse_scheme

__all__ = ["compression_complaints"]


def compression_complaints(backend: Backend, schema_of: SchemaOf) -> Iterator[str]:
    """Every complaint about a backend's rows of compression, and about those of the speed of what is compressed."""
    for row in load_compression(backend):
        said = " ".join(row.names)
        yield from (f"{said}: {words}" for words in (*_one(row, backend), *_own(row, backend, schema_of)))
    for speed in load_speeds(backend):
        said = " ".join(speed.names)
        yield from (f"speed of {said}: {words}" for words in _one(speed, backend))
        low, likely, high = speed.times
        if not 0 < low <= likely <= high:
            yield f"speed of {said}: {low:g} <= {likely:g} <= {high:g} does not hold"


def _one(row: CompressionRow | SpeedRow, backend: Backend) -> Iterator[str]:
    """What either kind of row can have wrong."""
    for pattern in row.names:
        if not any(fnmatchcase(s.name, pattern) for s in SCHEMES) and not _parses(pattern.replace("*", "32")):
            yield f"{pattern!r} names no scheme"
    if not row.why.endswith("."):
        yield "why is no sentence"
    if not row.source:
        yield "no source"
    for release in (row.since, row.until):
        if release and release not in backend.releases:
            yield f"{release!r} is no release"
    yield from (f"{unit!r} is no unit" for unit in row.on if unit not in backend.units)
    spans = [generation for generation in (row.generation.min, row.generation.max) if generation]
    if spans and not row.on:
        yield "a generation without the unit it is of"
    for generation in spans:
        if any(generation not in backend.units[unit].generations for unit in row.on if unit in backend.units):
            yield f"{generation!r} is no generation of {', '.join(row.on)}"
    yield from _sources(row.source, backend)


def _own(row: CompressionRow, backend: Backend, schema_of: SchemaOf) -> Iterator[str]:
    """What a row of compression alone can have wrong."""
    yield from (f"{unit!r} is no unit" for unit in row.units if unit not in backend.units)
    yield from (f"{op!r} is no op of the dialect" for op in row.ops if op != "*" and schema_of(op) is None)
    yield from _sources(row.against, backend)


def _sources(said: Mapping[str, str], backend: Backend) -> Iterator[str]:
    for key, words in said.items():
        if key not in backend.sources:
            yield f"cites {key!r}, which is no source"
        if not words:
            yield f"does not say what {key!r} says"


def _parses(name: str) -> bool:
    """Whether this is the name of a scheme that no table shows."""
    try:
        parse_scheme(name)
    except ValueError:
        return False
    return True
