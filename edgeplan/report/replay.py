"""The report of a replay: which rows a compiler contradicts, with its words, and why others were no question for it."""

from __future__ import annotations

from collections.abc import Iterator

from edgeplan.report.escape import plain
from edgeplan.verify.replay.outcome import Outcome, Replay

__all__ = ["replay_lines"]

_LONGEST = 400


def replay_lines(found: Replay) -> Iterator[str]:
    """The verdict, then the contradicted rows one by one, then the reasons by how many rows they hold."""
    counts = {o: len(found.of(o)) for o in Outcome}
    asked = counts[Outcome.CONFIRMED] + counts[Outcome.CONTRADICTED]
    release = found.release if found.release.startswith("LiteRT") else f"{found.backend} {found.release}"
    chip = f", {found.chip}" if found.chip else ""
    yield f"{found.title}: the {found.unit} of {release}{chip}"
    if found.versions:
        yield f"  {', '.join(f'{name} {version}' for name, version in found.versions.items())}   {found.system}"
    share = "" if found.share is None else f" ({100 * found.share:.1f} %)"
    contradicted, silent = counts[Outcome.CONTRADICTED], counts[Outcome.NOT_ASKED]
    yield f"  {counts[Outcome.CONFIRMED]} of {_rows(asked)} confirmed{share}, {contradicted} contradicted"
    yield f"  {found.asked} of {found.examples} examples were questions; {_rows(silent)} not asked about"
    for row in found.of(Outcome.CONTRADICTED):
        yield ""
        yield f"contradicted  {row.id}"
        for said in row.examples:
            if said.outcome is Outcome.CONTRADICTED:
                yield f"  {said.role}: {plain(said.text, _LONGEST)}"
                yield f"    {plain(said.words, _LONGEST)}"
    if found.reasons:
        yield ""
        yield "not asked about"
        width = len(str(max(found.reasons.values())))
        for why, count in found.reasons.items():
            yield f"  {count:>{width}}  {plain(why)}"


def _rows(count: int) -> str:
    return f"{count} row{'' if count == 1 else 's'}"
