"""`edgeplan explain`."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

import click

from edgeplan.capability.rows import Backend, Row, RulesError, backend_names, load_backend
from edgeplan.finding import CODES
from edgeplan.pages import finding_page

__all__ = ["explain"]


@click.command()
@click.argument("what")
def explain(what: str) -> None:
    """Explain WHAT: a finding's code or name (EP101, off-accelerator), or a row (coreml/ane/conv-dilated)."""
    code = next((c.id for c in CODES.values() if what.upper() == c.id or what.lower() == c.name), None)
    if code is not None:
        click.echo(finding_page(code).rstrip())
        return
    try:
        for name in _backends(what):
            table = load_backend(name)
            row = table.find(what)
            if row is not None:
                click.echo("\n".join(_row(table, row)))
                return
    except RulesError as e:
        raise click.UsageError(str(e)) from None
    near = get_close_matches(what, [*CODES, *(c.name for c in CODES.values())], n=3)
    hint = f"; did you mean {', '.join(near)}?" if near else f"; codes are {', '.join(CODES)}"
    raise click.UsageError(f"nothing is called {what!r}{hint}")


def _backends(what: str) -> tuple[str, ...]:
    """The backend a full row id names, else all of them."""
    head = what.partition("/")[0]
    return (head,) if head in backend_names() else backend_names()


def _row(table: Backend, row: Row) -> Iterator[str]:
    units = " and the ".join(table.units[u].title for u in row.unit)
    ops = ", ".join(row.ops)
    yield f"{table.row_id(row)}   confidence {table.confidence(row).value}"
    yield ""
    span = f", {row.since or table.releases[0]} to {row.until or 'newest'}" if row.since or row.until else ""
    generation = row.generation
    if generation.min or generation.max:
        span += f", generation {generation.min or 'first'} to {generation.max or 'newest'}"
    yield f"On the {units} of {table.title}{span}, {ops}:"
    for key, conditions in (("when", row.when), ("unless", row.unless)):
        for path, spec in conditions.items():
            yield f"  {key} {_condition(path, spec)}"
    if row.check:
        from edgeplan.capability.predicates import PREDICATES

        yield f"  when {(PREDICATES[row.check].__doc__ or row.check).strip()}"
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


def _condition(path: str, spec: object) -> str:
    if isinstance(spec, dict) and len(spec) == 1 and next(iter(spec)) in ("some", "every"):
        which, inner = next(iter(spec.items()))
        return f"{which} element of {path} is {_spec(inner)}"
    return f"{path} is {_spec(spec)}"


def _spec(spec: object) -> str:
    if isinstance(spec, dict):
        words = {
            "min": "at least",
            "max": "at most",
            "multiple_of": "a multiple of",
            "some": "for some element",
            "every": "for every element",
        }
        return " and ".join(f"{words.get(k, k)} {_spec(v)}" for k, v in spec.items())
    if isinstance(spec, list):
        return " or ".join(map(_spec, spec)) if not any(isinstance(s, list) for s in spec) else str(spec)
    return str(spec).lower() if isinstance(spec, bool) else str(spec)
