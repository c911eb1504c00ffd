"""`edgeplan rules referees`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from edgeplan.verify.referees import Referee

__all__ = ["referees"]


@click.command()
@click.option("--backend", "-b", metavar="NAME", help="Only this backend.")
@click.option("--format", "format_", type=click.Choice(["text", "json", "markdown"]), default="text", show_default=True)
def referees(backend: str | None, format_: str) -> None:
    """List the vendors' compilers that can be asked: what each proves and cannot, and what has none."""
    from edgeplan.verify.referees import absent, absent_sources, load_referee, referee_names

    found = [r for r in map(load_referee, referee_names()) if backend in (None, r.backend)]
    nobody = [a for a in absent() if backend in (None, a.backend)]
    if format_ == "json":
        from edgeplan.report.pretty import pretty_json

        click.echo(pretty_json({"referees": found, "absent": nobody}), nl=False)
        return
    if format_ == "markdown":
        from edgeplan.report.referees import referees_page

        click.echo(referees_page(found, nobody, absent_sources()), nl=False)
        return
    lines: list[str] = []
    for referee in found:
        lines += [*_referee(referee), ""]
    for one in nobody:
        lines += [f"nobody: {one.backend}{_units(one.units)}", f"  {one.why}", ""]
    click.echo("\n".join(lines[:-1]) if lines else f"no backend {backend!r} is known to the referees")


def _units(names: tuple[str, ...]) -> str:
    return f" ({', '.join(names)})" if names else ""


def _referee(referee: Referee) -> Iterator[str]:
    yield f"{referee.name}: {referee.title}"
    yield f"  decides about  the {referee.unit} of {referee.backend}, for release {referee.release}"
    yield f"  proves         {referee.proves}"
    yield f"  cannot         {referee.cannot}"
    yield f"  install        pip install 'edgeplan[{referee.extra}]' ({', '.join(referee.packages)})"
    yield f"  licence        {referee.licence}"
    if referee.system:
        yield f"  runs on        {referee.system}"
    for known in referee.exception:
        yield f"  exception      {known.id}: {known.why}"
