"""One asking as a piece of evidence: who was asked what, where and when, and what the answer was."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import msgspec

from edgeplan.verify.agreement import Agreement
from edgeplan.verify.answer import Status
from edgeplan.verify.verification import Verification

__all__ = ["Record", "record_of", "write_records"]

_TEXT_BYTES = 64 << 10
"""A model up to this size stands in its record as ONNX text; a larger one by its digest."""


class Record(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a referee was asked and said. `sha256` is that of the model's file; `ops` are grouped by what was said.

    A key of `ops` reads `unit: words`, without the unit where nothing takes the ops.
    """

    referee: str
    versions: dict[str, str]
    system: str
    chip: str
    day: date
    model: str
    sha256: str
    text: str
    status: Status
    words: str
    seconds: float
    peak: int
    ops: dict[str, list[str]]
    partitions: dict[str, int]
    figures: dict[str, int]
    disagreements: list[str]


def record_of(found: Agreement, model: Path, day: date) -> Record:
    """The record of one agreement; the model's file is read for its digest."""
    answer = found.answer
    ops: dict[str, list[str]] = {}
    for node in answer.said.nodes:
        ops.setdefault(": ".join(p for p in (node.unit, node.words) if p), []).append(node.name)
    wrong = [f"{g.match.value}: {len(g.ops)} {g.type}: {g.words}" for g in found.groups if g.match.wrong]
    return Record(
        referee=found.referee,
        versions=dict(answer.said.versions),
        system=answer.system,
        chip=answer.chip,
        day=day,
        model=model.name,
        sha256=_digest(model),
        text=_text(model),
        status=answer.status,
        words=answer.words,
        seconds=answer.seconds,
        peak=answer.peak,
        ops=ops,
        partitions=dict(answer.said.partitions),
        figures={f.name: f.value for f in answer.said.facts},
        disagreements=wrong,
    )


def write_records(found: Verification, model: Path, folder: Path) -> Iterator[Path]:
    """Write one file for each agreement, named by day, referee, chip and model; a later asking of a day replaces it."""
    folder.mkdir(parents=True, exist_ok=True)
    day = datetime.now(UTC).date()
    for agreement in found.agreements:
        parts = (day.isoformat(), agreement.referee, agreement.answer.chip.lower(), model.stem)
        path = folder / f"{'-'.join(p for p in parts if p)}.json"
        record = record_of(agreement, model, day)
        path.write_bytes(msgspec.json.format(msgspec.json.encode(record), indent=1) + b"\n")
        yield path


def _digest(path: Path) -> str:
    with path.open("rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest()


def _text(path: Path) -> str:
    from edgeplan.frontends import dialect_of

    if path.stat().st_size > _TEXT_BYTES or dialect_of(path) != "onnx":
        return ""
    import onnx
    from onnx import printer

    text: str = printer.to_text(onnx.load(path, load_external_data=False))
    return text
