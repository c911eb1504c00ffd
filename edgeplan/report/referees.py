"""The page of the referees: whom edgeplan can ask, what an answer proves, what it cannot, and who has nobody."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from edgeplan.capability.rows import Source, load_backend
from edgeplan.report.markdown import cell
from edgeplan.verify.referees import Absent, Referee

__all__ = ["referees_page"]


def referees_page(found: Sequence[Referee], nobody: Sequence[Absent], sources: Mapping[str, Source]) -> str:
    """The page in Markdown; `sources` are those that `nobody` cites."""
    lines: list[str] = []
    for referee in found:
        lines += _referee(referee)
    lines += ["## Who has no referee", "", "| backend | units | why | source |", "|---|---|---|---|"]
    for one in nobody:
        units = ", ".join(one.units) or "all"
        lines.append(f"| {one.backend} | {units} | {cell(one.why)} | {_cited(one.source, sources)} |")
    return "\n".join(lines) + "\n"


def _referee(referee: Referee) -> Iterator[str]:
    yield from (f"## {referee.name}: {referee.title}", "")
    decides = "Decides about" if referee.compares == "placement" else "Converts for"
    title = load_backend(referee.backend).title
    release = referee.release if referee.release.startswith(title) else f"{title} {referee.release}"
    yield from (f"{decides} the `{referee.unit}` of `{referee.backend}`, for {release}.", "")
    yield f"- **Proves:** {referee.proves}"
    yield f"- **Cannot tell:** {referee.cannot}"
    yield f"- **Install:** `pip install 'edgeplan[{referee.extra}]'` ({', '.join(referee.packages)})"
    yield f"- **Licence:** {referee.licence}"
    if referee.system:
        yield f"- **Runs on:** {referee.system}"
    yield ""
    if referee.chip:
        yield from ("| generation | asked as | |", "|---|---|---|")
        for chip in referee.chip:
            cited = f" {_cited(chip.source, referee.source)}" if chip.source else ""
            yield f"| {', '.join(chip.generations)} | {chip.says} | {cell(chip.why)}{cited} |"
        yield ""
    if referee.exception:
        yield from ("Known differences, left out of every count:", "", "| | ops | why | source |", "|---|---|---|---|")
        for known in referee.exception:
            where = f" on {', '.join(known.chips)}" if known.chips else ""
            ops = "any" if known.ops == ("*",) else ", ".join(known.ops)
            yield f"| {known.id} | {cell(ops)}{where} | {cell(known.why)} | {_cited(known.source, referee.source)} |"
        yield ""


def _cited(said: Mapping[str, str], sources: Mapping[str, Source]) -> str:
    return "; ".join(f"[{key}]({sources[key].url}): {cell(words)}" for key, words in said.items())
