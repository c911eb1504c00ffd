"""What is wrong with the data of networks, radios and encodings: figures, sources, names, each complaint a sentence."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from edgeplan.capability.rows import RulesError, Source
from edgeplan.devices import normal_id
from edgeplan.graph import DType
from edgeplan.links.encoding import ENCODINGS, EncodingFile, EncodingRow, read_encodings
from edgeplan.links.network_file import NetworkFile, NetworkRow, RadioRow, complaints_of_figures, shipped_files

__all__ = ["encoding_complaints", "file_complaints", "network_complaints"]


def network_complaints() -> Iterator[str]:
    """Every complaint about `rules/networks`."""
    try:
        files, encodings = shipped_files(), read_encodings()
    except RulesError as e:
        yield str(e)
        return
    radios = {name for file in files.values() for name in file.radio}
    for name, file in files.items():
        yield from (f"{name}.toml: {words}" for words in file_complaints(file, radios))
    yield from _names(files)
    yield from (f"encodings.toml: {words}" for words in encoding_complaints(encodings))


def file_complaints(file: NetworkFile, radios: set[str]) -> Iterator[str]:
    """What is wrong with one file; `radios` are those of all files."""
    for id_, row in file.network.items():
        yield from (f"network {id_}: {words}" for words in _network(id_, row, file, radios))
    for id_, radio in file.radio.items():
        yield from (f"radio {id_}: {words}" for words in _radio(radio, file))
    rows: list[NetworkRow | RadioRow] = [*file.network.values(), *file.radio.values()]
    yield from _sources_of(file.source, {key for row in rows for key in row.source})


def encoding_complaints(file: EncodingFile) -> Iterator[str]:
    """What is wrong with the encodings."""
    if tuple(file.encoding) != ENCODINGS:
        yield f"holds {', '.join(file.encoding)}, not {', '.join(ENCODINGS)}"
    for name, row in file.encoding.items():
        yield from (f"{name}: {words}" for words in _encoding(row, file))
    yield from _sources_of(file.source, {key for row in file.encoding.values() for key in row.source})


def _network(id_: str, row: NetworkRow, file: NetworkFile, radios: set[str]) -> Iterator[str]:
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", id_):
        yield "its id is not in kebab-case"
    if row.kind == "given":
        yield "only users give figures: it is measured, stated or estimated"
    if not 2000 <= row.year <= 2100:
        yield f"{row.year} is no year"
    if not row.note:
        yield "note does not say what low, likely and high are"
    if row.radio and row.radio not in radios:
        yield f"{row.radio!r} is no radio"
    if bool(row.radio) == bool(row.no_radio):
        yield "it has a radio, or says in no_radio why it has none"
    yield from complaints_of_figures(row)
    yield from _cites(row.source, file.source)


def _radio(row: RadioRow, file: NetworkFile) -> Iterator[str]:
    if not row.why.endswith("."):
        yield "why is no sentence"
    yield from complaints_of_figures(row)
    yield from _cites(row.source, file.source)


def _encoding(row: EncodingRow, file: EncodingFile) -> Iterator[str]:
    types = {t.label for t in DType}
    yield from (f"{label!r} is no element type" for label in row.takes if label not in types)
    yield from (f"{words[:20]!r} is no sentence" for words in (row.does, row.why) if not words.endswith("."))
    if (row.encode is None) != (row.decode is None) or (row.encode is None) != (not row.bits):
        yield "where elements are recoded it says how fast, there and back"
    for rates in (row.encode, row.decode):
        if rates and not 0 < rates[0] <= rates[1] <= rates[2]:
            yield "speeds go up from above 0: low, likely, high"
    if row.bits:
        yield from _cites(row.source, file.source)


def _names(files: Mapping[str, NetworkFile]) -> Iterator[str]:
    """Two networks under one name, or two radios."""
    said: dict[str, str] = {}
    for file in files.values():
        for id_, row in file.network.items():
            for name in {normal_id(n) for n in (id_, *row.aliases)}:
                if name in said:
                    yield f"{name!r} names {said[name]} and {id_}"
                said[name] = id_
    radios = [name for file in files.values() for name in file.radio]
    yield from (f"two radios are named {name!r}" for name in sorted({n for n in radios if radios.count(n) > 1}))


def _cites(said: Mapping[str, str], sources: Mapping[str, Source]) -> Iterator[str]:
    if not said:
        yield "no source"
    for key, words in said.items():
        if key not in sources:
            yield f"cites {key!r}, which is no source"
        if not words:
            yield f"does not say what {key!r} says"


def _sources_of(sources: Mapping[str, Source], cited: set[str]) -> Iterator[str]:
    for key, source in sources.items():
        if key not in cited:
            yield f"source {key!r} is cited by nothing"
        if not source.url.startswith("https://") and not source.title.startswith("benchmarks/"):
            yield f"source {key!r} has no https address"
        if source.seen is None:
            yield f"source {key!r} does not say when it was read"
