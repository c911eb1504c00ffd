"""`edgeplan rules`."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from edgeplan.capability.rows import Backend, Row, RulesError, backend_names, load_backend
from edgeplan.capability.sentence import span
from edgeplan.cli.rules_check import check
from edgeplan.cli.rules_referees import referees

if TYPE_CHECKING:
    from edgeplan.capability.lint import SchemaOf

__all__ = ["rules", "schema_of"]


@click.group(invoke_without_command=True)
@click.option("--backend", "-b", metavar="NAME", help="Only this backend.")
@click.option("--op", metavar="OP", help="Only rows that speak of this op, in the backend's dialect (conv, Conv).")
@click.option("--unit", metavar="UNIT", help="Only rows that speak of this unit.")
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.pass_context
def rules(ctx: click.Context, backend: str | None, op: str | None, unit: str | None, format_: str) -> None:
    """Show what the rows say: where an op runs, degrades or is refused, since when, and why."""
    if ctx.invoked_subcommand:
        return
    found = [(table, row) for table in _tables(backend) for row in table.rows if _wanted(row, op, unit)]
    if format_ == "json":
        import msgspec

        from edgeplan.report.pretty import pretty_json

        rows = [msgspec.to_builtins(row) | {"id": table.row_id(row)} for table, row in found]
        click.echo(pretty_json(rows), nl=False)
        return
    click.echo("\n".join(_rows(found, short=op is None)) if found else "no row says: that is unknown, not supported")


@rules.command()
@click.option("--backend", "-b", metavar="NAME", help="Only this backend.")
def lint(backend: str | None) -> None:
    """Check rows, figures, speeds, compression, widths and networks: names, spans, sources, examples.

    Exit 1 on complaints. Networks are no backend's: with --backend they are left out.
    """
    from edgeplan.capability.lint import lint as complaints_of
    from edgeplan.compression.lint import compression_complaints
    from edgeplan.compression.rows import cited_by_compression
    from edgeplan.cost.lint import cited_by_speeds, speed_complaints
    from edgeplan.links.lint import network_complaints
    from edgeplan.memory.figures import cited
    from edgeplan.memory.lint import figure_complaints
    from edgeplan.pruning.widths import cited_by_widths, width_complaints
    from edgeplan.surgery.evidence import cited_by_rewrites

    tables = _tables(backend)
    found = [
        (table, str(c))
        for table in tables
        for c in complaints_of(
            table,
            schema_of(table.dialect),
            cited(table)
            | cited_by_speeds(table)
            | cited_by_rewrites(table)
            | cited_by_compression(table)
            | cited_by_widths(table),
        )
    ]
    found += [(table, f"memory.toml: {words}") for table in tables for words in figure_complaints(table)]
    found += [
        (table, f"compression.toml: {words}")
        for table in tables
        for words in compression_complaints(table, schema_of(table.dialect))
    ]
    found += [(table, f"widths.toml: {words}") for table in tables for words in width_complaints(table)]
    found += [(table, f"latency: {words}") for table in tables for words in speed_complaints(table)]
    said = [f"{table.name}: {complaint}" for table, complaint in found]
    said += [] if backend else [f"networks: {words}" for words in network_complaints()]
    click.echo("".join(f"{line}\n" for line in said), nl=False)
    rows = sum(len(table.rows) for table in tables)
    click.echo(f"{rows} rows, {len(said)} complaint{'' if len(said) == 1 else 's'}", err=True)
    sys.exit(1 if said else 0)


@rules.command()
@click.option("--backend", "-b", metavar="NAME", help="The page of this backend: its own ops, conditions and sources.")
def table(backend: str | None) -> None:
    """Write the table of ONNX operators by backend in Markdown; with --backend one backend's page."""
    from edgeplan.report.tables import backend_page, matrix_table

    if backend:
        click.echo("\n".join(backend_page(_tables(backend)[0])))
        return
    from edgeplan.matrix import op_matrix

    matrix = op_matrix()
    heads = {column.title: f"backends/{column.backend.name}.md" for column in matrix.columns}
    click.echo("\n".join(matrix_table(heads, matrix.rows)))


rules.add_command(check)
rules.add_command(referees)


def _tables(backend: str | None) -> list[Backend]:
    names = backend_names()
    if backend and backend not in names:
        raise click.UsageError(f"no backend {backend!r}; there are {', '.join(names)}")
    try:
        return [load_backend(name) for name in ([backend] if backend else names)]
    except RulesError as e:
        raise click.UsageError(str(e)) from None


def schema_of(dialect: str) -> SchemaOf:
    """What a row's names are held against: the ops, ports and attributes of a dialect, all their versions together.

    A table of MIL or TFLite may speak of ONNX ops that nothing lowers, as `onnx.Det`.
    """
    from onnx import defs

    from edgeplan.capability.lint import OpNames, mil_schema, tflite_names

    known: dict[str, OpNames] = {}
    for schema in defs.get_all_schemas_with_history():
        label = f"{schema.domain}.{schema.name}" if schema.domain else schema.name
        old = known.get(label, OpNames(frozenset(), frozenset()))
        ports = old.ports.union(port.name for port in schema.inputs)
        known[label] = OpNames(ports, old.attrs.union(schema.attributes))
    if dialect == "onnx":
        return known.get
    native = mil_schema() if dialect == "mil" else tflite_names()
    return lambda op: known.get(op.removeprefix("onnx.")) if op.startswith("onnx.") else native(op)


def _wanted(row: Row, op: str | None, unit: str | None) -> bool:
    names = {o.lower() for o in row.ops}
    return (op is None or op.lower() in names or "*" in names) and (unit is None or unit in row.unit)


def _rows(found: Sequence[tuple[Backend, Row]], short: bool) -> Iterator[str]:
    for table, row in found:
        ops = ", ".join(row.ops[:6]) + (f", +{len(row.ops) - 6}" if len(row.ops) > 6 else "")
        yield f"{row.verdict:<8} {table.row_id(row)}  {span(row)}".rstrip()
        yield f"         {ops}"
        if row.why:
            yield f"         {row.why}"
        if not short:
            for evidence in table.evidence(row.source):
                yield f"         {evidence.kind}: {evidence.words}"
            for evidence in table.evidence(row.against):
                yield f"         but {evidence.kind}: {evidence.words}"
    yield f"{len(found)} row{'' if len(found) == 1 else 's'}"
