"""`edgeplan rules`."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from edgeplan.capability.rows import Backend, Row, RulesError, backend_names, load_backend

if TYPE_CHECKING:
    from edgeplan.capability.lint import SchemaOf

__all__ = ["rules", "schema_of"]


@click.command()
@click.option("--backend", "-b", metavar="NAME", help="Only this backend.")
@click.option("--op", metavar="OP", help="Only rows that speak of this op, in the backend's dialect (conv, Conv).")
@click.option("--unit", metavar="UNIT", help="Only rows that speak of this unit.")
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--lint", "lint_", is_flag=True, help="Check the rows instead of showing them; exit 1 on complaints.")
def rules(backend: str | None, op: str | None, unit: str | None, format_: str, lint_: bool) -> None:
    """Show what the rows say: where an op runs, degrades or is refused, since when, and why."""
    names = backend_names()
    if backend and backend not in names:
        raise click.UsageError(f"no backend {backend!r}; there are {', '.join(names)}")
    try:
        tables = [load_backend(name) for name in ([backend] if backend else names)]
    except RulesError as e:
        raise click.UsageError(str(e)) from None
    if lint_:
        sys.exit(_lint(tables))
    found = [(table, row) for table in tables for row in table.rows if _wanted(row, op, unit)]
    if format_ == "json":
        import msgspec

        from edgeplan.report.pretty import pretty_json

        rows = [msgspec.to_builtins(row) | {"id": table.row_id(row)} for table, row in found]
        click.echo(pretty_json(rows), nl=False)
        return
    click.echo("\n".join(_rows(found, short=op is None)) if found else "no row says: that is unknown, not supported")


def _lint(tables: Sequence[Backend]) -> int:
    from edgeplan.capability.lint import lint

    found = [(table, complaint) for table in tables for complaint in lint(table, schema_of(table.dialect))]
    for table, complaint in found:
        click.echo(f"{table.name}: {complaint}")
    rows = sum(len(table.rows) for table in tables)
    click.echo(f"{rows} rows, {len(found)} complaint{'' if len(found) == 1 else 's'}", err=True)
    return 1 if found else 0


def schema_of(dialect: str) -> SchemaOf:
    """What a row's names are held against: the ops, ports and attributes of a dialect, all their versions together.

    A MIL table may speak of ONNX ops that nothing lowers, as `onnx.Det`.
    """
    from onnx import defs

    from edgeplan.capability.lint import OpNames, mil_schema

    known: dict[str, OpNames] = {}
    for schema in defs.get_all_schemas_with_history():
        label = f"{schema.domain}.{schema.name}" if schema.domain else schema.name
        old = known.get(label, OpNames(frozenset(), frozenset()))
        ports = old.ports.union(port.name for port in schema.inputs)
        known[label] = OpNames(ports, old.attrs.union(schema.attributes))
    if dialect != "mil":
        return known.get
    mil = mil_schema()
    return lambda op: known.get(op.removeprefix("onnx.")) if op.startswith("onnx.") else mil(op)


def _wanted(row: Row, op: str | None, unit: str | None) -> bool:
    names = {o.lower() for o in row.ops}
    return (op is None or op.lower() in names or "*" in names) and (unit is None or unit in row.unit)


def _rows(found: Sequence[tuple[Backend, Row]], short: bool) -> Iterator[str]:
    for table, row in found:
        ops = ", ".join(row.ops[:6]) + (f", +{len(row.ops) - 6}" if len(row.ops) > 6 else "")
        yield f"{row.verdict:<8} {table.row_id(row)}  {_span(row)}".rstrip()
        yield f"         {ops}"
        if row.why:
            yield f"         {row.why}"
        if not short:
            for evidence in table.evidence(row.source):
                yield f"         {evidence.kind}: {evidence.words}"
            for evidence in table.evidence(row.against):
                yield f"         but {evidence.kind}: {evidence.words}"
    yield f"{len(found)} row{'' if len(found) == 1 else 's'}"


def _span(row: Row) -> str:
    parts = []
    if row.since or row.until:
        parts.append(f"{row.since or 'first release'} to {row.until or 'newest'}")
    if row.generation.min or row.generation.max:
        parts.append(f"generation {row.generation.min or 'first'} to {row.generation.max or 'newest'}")
    if row.precision:
        parts.append(f"precision {' or '.join(row.precision)}")
    return "; ".join(parts)
