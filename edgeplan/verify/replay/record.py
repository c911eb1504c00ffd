"""A replay as evidence: every example that was asked about, with the compiler's answer, in one file."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from edgeplan.verify.replay.outcome import Heard, Outcome, Replay

__all__ = ["write_replay"]


def write_replay(found: Replay, heard: Mapping[str, Heard | str], folder: Path) -> Path:
    """Write it into a folder, named by day, referee and chip; a later replay of a day takes its place."""
    folder.mkdir(parents=True, exist_ok=True)
    day = datetime.now(UTC).date().isoformat()
    content = {
        "referee": found.referee,
        "chip": found.chip,
        "release": found.release,
        "versions": dict(found.versions),
        "system": found.system,
        "day": day,
        "rows": {o.value: [r.id for r in found.of(o)] for o in Outcome},
        "answers": [_answer(text, one) for text, one in heard.items() if isinstance(one, Heard)],
        "no_question": {text: why for text, why in heard.items() if isinstance(why, str)},
    }
    path = folder / f"{'-'.join(p for p in (day, found.referee, found.chip.lower(), 'rows') if p)}.json"
    path.write_bytes(msgspec.json.format(msgspec.json.encode(content), indent=1) + b"\n")
    return path


def _answer(text: str, one: Heard) -> dict[str, object]:
    answer = one.agreement.answer
    nodes = {f"{n.type} {n.name}": ": ".join(p for p in (n.unit, n.words) if p) for n in answer.said.nodes}
    return {"text": text, "status": answer.status.value, "words": answer.words, "nodes": nodes}
