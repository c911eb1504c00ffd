"""Reports in Markdown, for pull requests and pages."""

from __future__ import annotations

from collections.abc import Iterator

from edgeplan.report.escape import plain
from edgeplan.units import say_bytes, say_percent
from edgeplan.verify.agreement import Agreement, Match
from edgeplan.verify.verification import Verification

__all__ = ["cell", "verification_page"]


def verification_page(found: Verification) -> str:
    """A verification: a head and a table of ops for each referee that was asked, then who was not."""
    lines = [f"## {cell(found.model.name)} on {found.target.title}", ""]
    for agreement in found.agreements:
        lines += [*_agreement(agreement), ""]
    for one in found.not_asked:
        lines.append(f"- not asked: **{cell(one.name)}**: {cell(one.why)}")
    for one in found.no_referee:
        lines.append(f"- no referee: **{cell(one.name)}**: {cell(one.why)}")
    return "\n".join(lines).rstrip() + "\n"


def _agreement(found: Agreement) -> Iterator[str]:
    answer = found.answer
    tools = ", ".join(f"{name} {version}" for name, version in answer.said.versions.items())
    chip = f" for {answer.chip}" if answer.chip else ""
    yield f"### {found.referee}: {found.outcome.value.replace('-', ' ')}"
    yield ""
    yield f"{tools}{chip}: {answer.status.value} in {answer.seconds:.1f} s, {say_bytes(answer.peak)}."
    if answer.words:
        yield from ("", f"> {cell(answer.words)}")
    if found.share_of_ops is not None:
        yield ""
        ops, work = say_percent(found.share_of_ops), say_percent(found.share_of_work or 0.0)
        yield f"{ops} of the ops agree, {work} of the work."
    notes = [*found.notes, *(f"{topic}: {words}" for topic, words in answer.said.notes.items())]
    if notes:
        yield from ("", *(f"- {cell(note)}" for note in notes))
    groups = found.groups if answer.said.nodes else ()
    if groups:
        yield from ("", "| ops | type | predicted | compiler | | |", "|--:|---|---|---|---|---|")
    for group in groups:
        said = "" if group.match is Match.NOT_SAID else group.said or "no unit"
        words = "" if group.words == answer.words else group.words  # told above
        row = (f"{len(group.ops):,}", group.type, group.predicted or "no unit", said)
        yield f"| {' | '.join(map(cell, row))} | {group.match.value.replace('-', ' ')} | {cell(words)} |"
    if found.counts:
        yield from ("", "| op | predicted | converter | |", "|---|--:|--:|---|")
    for count in found.counts:
        yield f"| {cell(count.type)} | {count.predicted:,} | {count.said:,} | {cell(count.why)} |"
    if found.figures:
        yield from ("", "| figure | predicted | compiler |", "|---|--:|--:|")
    for figure in found.figures:
        say = say_bytes if figure.unit == "bytes" else "{:,}".format
        predicted = "" if figure.predicted is None else say(figure.predicted)
        yield f"| {cell(figure.name)} | {predicted} | {say(figure.said)} |"


def cell(text: str) -> str:
    """Words for a table's cell or a line: no control characters, no line breaks, nothing Markdown or HTML acts on."""
    safe = plain(text, 300)
    for mark in "\\`*_[]<>|":
        safe = safe.replace(mark, f"\\{mark}")
    return safe
