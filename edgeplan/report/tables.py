"""The op x backend table, and the page of one backend, in Markdown: made from the rows alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from edgeplan.capability.rows import Backend, Host, Partitions, Row
from edgeplan.capability.sentence import conditions, span
from edgeplan.capability.table import Cell, Mark, UnitTable
from edgeplan.memory.figures import all_figures
from edgeplan.report.speeds import speed_lines

__all__ = ["backend_page", "matrix_table"]

WORDS = {Mark.RUNS: "yes", Mark.CONDITIONS: "if", Mark.REFUSES: "no", Mark.UNKNOWN: "?"}
"""`if`: with conditions, which the backend's page lists."""


def matrix_table(titles: Mapping[str, str], rows: Mapping[str, tuple[Cell, ...]]) -> Iterator[str]:
    """Lines of a table with one operator a row and one unit a column; `titles` are column heads to the page behind."""
    yield f"| operator | {' | '.join(f'[{head}]({page})' if page else head for head, page in titles.items())} |"
    yield f"|---|{':-:|' * len(titles)}"
    for op, cells in rows.items():
        yield f"| `{op}` | {' | '.join(WORDS[cell.mark] for cell in cells)} |"


def backend_page(backend: Backend) -> Iterator[str]:
    """Lines of the page: units, what holds for every op, one row an op, then every condition with its source."""
    tables = [UnitTable(backend, unit) for unit in backend.units]
    yield f"# {backend.title} (`{backend.name}`)"
    yield ""
    yield f"{len(backend.rows)} rows about ops in the dialect `{backend.dialect}`."
    yield f"Releases: {', '.join(backend.releases)}; the table shows {backend.newest}."
    yield f"To confirm a prediction: {backend.confirm}"
    yield ""
    yield from _units(backend)
    yield from _fusions(backend)
    every = list({row.id: row for table in tables for row in table.everywhere}.values())
    if every:
        yield "## For every op"
        yield ""
        yield from (f"- {_sentence(backend, row)}" for row in every)
        yield ""
    yield "## Op by op"
    yield ""
    ops = sorted({op for table in tables for op in table.ops}, key=lambda op: ("." in op, op.lower()))
    heads = {backend.units[table.unit].title: "" for table in tables}
    yield from matrix_table(heads, {op: tuple(table.cell(op) for table in tables) for op in ops})
    yield ""
    yield "## Conditions and refusals"
    yield ""
    for row in backend.rows:
        if "*" not in row.ops and (row.verdict != "runs" or any(conditions(row))):
            yield f"- {_sentence(backend, row)}"
    yield ""
    yield from _figures(backend)
    yield from speed_lines(backend)
    yield "## Sources"
    yield ""
    for key, source in sorted(backend.sources.items()):
        yield f"- `{key}` ({source.kind}): [{_plain(source.title)}]({source.url}), seen {source.seen}"


def _units(backend: Backend) -> Iterator[str]:
    yield "| unit | | generations | releases | parts of a graph |"
    yield "|---|---|---|---|---|"
    for name, unit in backend.units.items():
        kind = " ".join(
            w for w in ("accelerator" if unit.accelerator else "", "optional" if unit.optional else "") if w
        )
        releases = f"{unit.since or 'first'} to {unit.until or 'newest'}" if unit.since or unit.until else "all"
        parts = "; ".join(said for said in (_parts(unit.partitions), _host(unit.host)) if said)
        yield f"| {unit.title} (`{name}`) | {kind} | {', '.join(unit.generations)} | {releases} | {parts} |"
    yield ""


def _host(rule: Host | None) -> str:
    if rule is None:
        return ""
    return f"what follows from {', '.join(rule.makes)} alone stays on the host ({', '.join(rule.source)})"


def _parts(rule: Partitions | None) -> str:
    if rule is None:
        return "all are taken"
    words = [
        "the first alone" if rule.head else "",
        f"at most {rule.most}" if rule.most else "",
        f"of {rule.least} ops or more" if rule.least else "",
        f"that hold more than {', '.join(rule.idle)}" if rule.idle else "",
        f"{', '.join(rule.whole.ops)} only with the whole graph" if rule.whole else "",
        "grouped as ONNX Runtime does" if rule.grouping == "onnxruntime" else "",
    ]
    since = f" since {rule.since}" if rule.since else ""
    return ", ".join(w for w in words if w) + f"{since} ({', '.join(rule.source)})"


def _fusions(backend: Backend) -> Iterator[str]:
    lowering = backend.lowering
    if lowering.fuse:
        since = (f"{f} (since {lowering.since[f]})" if f in lowering.since else f for f in lowering.fuse)
        yield f"Fused before ops are judged: {', '.join(since)}."
        yield ""


def _figures(backend: Backend) -> Iterator[str]:
    found = all_figures(backend)
    if not found:
        return
    yield "## Memory figures"
    yield ""
    for name, figures in found.items():
        for figure in figures:
            low, likely, high = (f"{bound:g}" for bound in figure.bounds())
            unit = "" if figure.unit == "1" else f" {figure.unit}"
            size = f"{likely}{unit}" if low == high else f"{likely}{unit} ({low} to {high})"
            since = f"from {figure.since} on" if figure.since else ""
            span = " ".join(w for w in (since, f"until {figure.until}" if figure.until else "") if w)
            when = f" ({span})" if span else ""
            yield f"- **{name}** {size}{when}. {_plain(figure.why)} ({figure.kind}; {', '.join(figure.source)})"
    yield ""


def _sentence(backend: Backend, row: Row) -> str:
    units = " and ".join(backend.units[u].title for u in row.unit)
    ops = "every op" if "*" in row.ops else ", ".join(f"`{op}`" for op in row.ops)
    clauses = ", ".join(conditions(row))
    limits = span(row)
    head = f"**{row.verdict}** {units}{f' ({limits})' if limits else ''}: {ops}"
    kinds = ", ".join(dict.fromkeys(e.kind for e in backend.evidence(row.source)))
    disputed = "; disputed" if row.against else ""
    return (
        f"{head}{f', {_plain(clauses)}' if clauses else ''}. {_plain(row.why)} `{row.id}` ({kinds}{disputed})".replace(
            "  ", " "
        )
    )


def _plain(text: str) -> str:
    """Text that Markdown shows as it is."""
    return text.replace("<", "&lt;").replace("|", "\\|").replace("*", "\\*").replace("[", "\\[")
