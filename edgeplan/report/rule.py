"""A row in full: where it holds, what it says and why, who says so and how sure that is."""

from __future__ import annotations

from collections.abc import Iterator

from edgeplan.capability.rows import Backend, Row
from edgeplan.capability.sentence import conditions, span

__all__ = ["rule_lines"]


NAMED = 12
"""Ops that a row names one by one; of more there is the number."""


def rule_lines(table: Backend, row: Row, op: str = "") -> Iterator[str]:
    """The lines that `edgeplan explain` prints; of the row's ops `op` alone is named when it is given."""
    units = " and the ".join(table.units[u].title for u in row.unit)
    shown = [o for o in row.ops if o.lower() == op.lower()] or list(row.ops[:NAMED])
    ops = ", ".join(shown) + (f" and {len(row.ops) - len(shown)} more" if len(row.ops) > len(shown) else "")
    ops = "every op" if "*" in row.ops else ops
    yield f"{table.row_id(row)}   confidence {table.confidence(row).value}"
    yield ""
    limits = span(row)
    yield f"On the {units} of {table.title}{f' ({limits})' if limits else ''}, {ops}:"
    for clause in conditions(row):
        yield f"  {clause}"
    yield f"  {row.verdict}{': ' + row.why if row.why else ''}"
    yield ""
    for label, said in (("says", row.source), ("but", row.against)):
        for evidence in table.evidence(said):
            yield f"{label:<5} {evidence.key} ({evidence.kind}): {evidence.words}"
            if evidence.url:
                yield f"      {evidence.url}"
    for fix in row.fix:
        yield f"fix   {fix}"
    if row.hits:
        yield ""
        yield "for example"
        yield f"      {row.hits[0]}"
