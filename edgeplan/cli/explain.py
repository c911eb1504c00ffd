"""`edgeplan explain`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edgeplan.capability.rows import Backend, Row, RulesError, backend_names, load_backend
from edgeplan.cli.model import reading, target_of
from edgeplan.cli.options import binding_options, precision_options, runtime_options
from edgeplan.finding import CODES
from edgeplan.pages import finding_page
from edgeplan.report.rule import rule_lines

if TYPE_CHECKING:
    from edgeplan.target import Target

__all__ = ["explain"]


@click.command()
@click.argument("what")
@click.argument("model", required=False, type=click.Path(path_type=Path))
@click.option("--op", metavar="NAME", help="The op of a model, by its name or its type.")
@click.option("--target", "-t", metavar="DEVICE", help="The device, for a model.")
@runtime_options
@precision_options
@binding_options
def explain(
    what: str,
    model: Path | None,
    op: str | None,
    target: str | None,
    backend: str | None,
    release: str | None,
    use: tuple[str, ...],
    precision: str | None,
    assume: str | None,
    dims: tuple[tuple[str, int], ...],
    inputs: tuple[tuple[str, tuple[int, ...]], ...],
    values: tuple[tuple[str, float], ...],
) -> None:
    """Explain WHAT: a finding (EP101, off-accelerator), a row (coreml/ane/conv-dilated), a rewrite (pad-into-conv), an
    operator (Resize, conv), an op of a model (`edgeplan explain model.onnx --op /conv1/Conv --target pixel8`), or where
    the time of a model goes (`edgeplan explain latency model.onnx --target pixel8`).

    --backend narrows an operator's rows; all other options are about a model.
    """
    if model is not None and what != "latency":
        raise click.UsageError(f"one thing is explained at a time, not {what!r} and {str(model)!r}")
    if what == "latency" and model is None and not Path(what).is_file():
        raise click.UsageError("latency is explained of a model: edgeplan explain latency MODEL --target DEVICE")
    source = model or Path(what)
    if model is not None or source.is_file():
        _check_model(model is not None, op, target)
        where = target_of(source, target or "", backend, release, use, precision=precision, assume=assume)
        if op is not None:
            _explain_op(source, op, where, dict(dims), dict(inputs), dict(values))
            return
        from edgeplan.cli.explain_latency import explain_latency

        explain_latency(source, where, dict(dims), dict(inputs), dict(values))
        return
    code = next((c.id for c in CODES.values() if what.upper() == c.id or what.lower() == c.name), None)
    if code is not None:
        click.echo(finding_page(code).rstrip())
        return
    page = _rewrite_page(what)
    if page:
        click.echo(page.rstrip())
        return
    try:
        tables = [load_backend(name) for name in _backends(what, backend)]
    except RulesError as e:
        raise click.UsageError(str(e)) from None
    found = next(((table, row) for table in tables if (row := table.find(what)) is not None), None)
    if found is not None:
        click.echo("\n".join(rule_lines(*found)))
        return
    named = [(table, row) for table in tables for row in table.rows if what.lower() in (o.lower() for o in row.ops)]
    if named:
        click.echo("\n\n".join("\n".join(_brief(table, row, what)) for table, row in named))
        return
    near = get_close_matches(what, [*CODES, *(c.name for c in CODES.values())], n=3)
    hint = f"; did you mean {', '.join(near)}?" if near else f"; codes are {', '.join(CODES)}"
    raise click.UsageError(f"nothing is called {what!r}{hint}")


def _rewrite_page(what: str) -> str:
    """The page of a rewrite (`pad-into-conv`, `rewrite/pad-into-conv`); empty for none, or without the extra."""
    from importlib.util import find_spec

    if "-" not in what or find_spec("onnx_ir") is None:
        return ""
    from edgeplan.surgery.rewrites import NAMES

    name = what.removeprefix("rewrite/")
    if name not in NAMES:
        return ""
    from edgeplan.report.rewrite_page import rewrite_page

    return rewrite_page(name)


def _check_model(latency: bool, op: str | None, target: str | None) -> None:
    if not latency and (op is None or target is None):
        raise click.UsageError("an op of a model is named by --op NAME and --target DEVICE")
    if latency and op is not None:
        raise click.UsageError("the latency is that of the whole model: --op does not go with it")
    if target is None:
        raise click.UsageError("the latency is that on a device: name it by --target DEVICE")


def _backends(what: str, backend: str | None) -> tuple[str, ...]:
    """The backend asked for or that a full row id names, else all of them."""
    names = backend_names()
    if backend is not None and backend not in names:
        raise click.UsageError(f"no backend {backend!r}; there are {', '.join(names)}")
    head = backend or what.partition("/")[0]
    return (head,) if head in names else names


def _brief(table: Backend, row: Row, op: str) -> Iterator[str]:
    """A row without its example, and of its ops the one that is asked for."""
    for line in rule_lines(table, row, op):
        if line == "for example":
            return
        if line:
            yield line


def _explain_op(
    model: Path,
    op: str,
    target: Target,
    dims: Mapping[str, int],
    inputs: Mapping[str, tuple[int, ...]],
    values: Mapping[str, float],
) -> None:
    """What every unit of the target says of the ops of that name or type, with the rows that decided."""
    from edgeplan import api
    from edgeplan.report.escape import plain

    with reading(str(model)):
        plan = api.analyze(model, target, dims=dims, inputs=inputs, values=values)
    found = [o for o in plan.ops if op in (o.name, o.type, *o.sources)]
    if not found:
        raise click.UsageError(f"no op of {plain(model.name)} is called {plain(op)!r}, or is of that type")
    table = load_backend(plan.target.backend)
    told: set[str] = set()
    for one in found:
        click.echo(f"{plain(', '.join(one.sources) or one.name)} ({plain(one.type)}) {_where(one.unit)}")
        for unit, verdict in one.verdicts.items():
            click.echo(f"  {verdict:<8} {table.units[unit].title:<16} {', '.join(one.rows[unit]) or 'no row says'}")
        told.update(row for rows in one.rows.values() for row in rows)
    for row_id in sorted(told):
        row = table.find(row_id)
        if row is not None and row.verdict != "runs":
            click.echo()
            click.echo("\n".join(_brief(table, row, found[0].type)))


def _where(unit: str) -> str:
    return {"": "has no unit", "unknown": "may or may not run on a preferred unit"}.get(unit, f"runs on the {unit}")
