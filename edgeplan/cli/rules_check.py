"""`edgeplan rules check`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edgeplan.cli.output import end_with_children, write
from edgeplan.cli.values import PYTHON

if TYPE_CHECKING:
    from edgeplan.verify.answer import Answer
    from edgeplan.verify.referees import Referee
    from edgeplan.verify.replay.outcome import Replay

__all__ = ["check"]


@click.command()
@click.option("--with", "names", multiple=True, metavar="REFEREE", help="Ask this one; default: all of the backend.")
@click.option("--backend", "-b", metavar="NAME", help="Only the rows of this backend.")
@click.option("--chip", metavar="CHIP", help="The chip, as the compiler calls it: SM86, 57.")
@click.option("--row", "ids", multiple=True, metavar="ID", help="Only this row.")
@click.option("--jobs", "-j", type=click.IntRange(min=1), default=1, show_default=True, help="Examples at a time.")
@click.option(
    "--python", "pythons", type=PYTHON, multiple=True, metavar="[REFEREE=]PATH",
    help="The Python that has a referee's packages; default: this one.",
)  # fmt: skip
@click.option("--record", type=click.Path(path_type=Path, file_okay=False), help="Write the answers into this folder.")
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--output", "-o", type=click.Path(path_type=Path), help="Write the report to a file instead of stdout.")
def check(
    names: tuple[str, ...],
    backend: str | None,
    chip: str | None,
    ids: tuple[str, ...],
    jobs: int,
    pythons: tuple[tuple[str, Path], ...],
    record: Path | None,
    format_: str,
    output: Path | None,
) -> None:
    """Ask a vendor's compiler about the examples of the rows. Exit 1 when it contradicts a row.

    A row whose releases, chips or ops are not the referee's is not asked about; neither is an example that is no valid
    model, or that fails for a known reason of the referee's own.
    """
    from edgeplan.verify.referees import load_referee

    asked = [load_referee(name) for name in _names(names, backend)]
    if not asked:
        click.echo("\n".join(_nobody(backend or "")))
        return
    end_with_children()
    found = [_replay(referee, chip, ids, jobs, dict(pythons), record) for referee in asked]
    if not any(f.rows for f in found):
        raise click.UsageError(f"no row {ids[0]!r} speaks of the {asked[0].unit} of {asked[0].backend}")
    if format_ == "json":
        from edgeplan.report.pretty import pretty_json

        write(pretty_json({"replays": found}), output)
    else:
        from edgeplan.report.replay import replay_lines

        write("\n\n".join("\n".join(replay_lines(one)) for one in found), output)
    from edgeplan.verify.replay.outcome import Outcome

    sys.exit(1 if any(f.of(Outcome.CONTRADICTED) for f in found) else 0)


def _names(names: tuple[str, ...], backend: str | None) -> tuple[str, ...]:
    """The referees that were named, or all of a backend's."""
    from edgeplan.capability.rows import backend_names
    from edgeplan.verify.referees import load_referee, referee_names

    known = tuple(n for n in referee_names() if load_referee(n).compares == "placement")
    for name in names:
        if name not in referee_names():
            raise click.UsageError(f"no referee {name!r}; there are {', '.join(known)}")
        if name not in known:
            raise click.UsageError(f"{name} converts models, it places no op: there is nothing to hold rows against")
        if backend and load_referee(name).backend != backend:
            raise click.UsageError(f"{name} speaks for {load_referee(name).backend}, not {backend}")
    if names:
        return names
    if backend is None:
        raise click.UsageError(f"say whom to ask: --with {', --with '.join(known)}")
    if backend not in backend_names():
        raise click.UsageError(f"no backend {backend!r}; there are {', '.join(backend_names())}")
    return tuple(n for n in known if load_referee(n).backend == backend)


def _nobody(backend: str) -> list[str]:
    """Why nobody can be asked about a backend."""
    from edgeplan.verify.referees import absent

    said = [a.why for a in absent() if a.backend == backend]
    return [f"{backend}: {why}" for why in said] or [f"{backend}: no compiler of its vendor runs off the device"]


def _replay(
    referee: Referee,
    chip: str | None,
    ids: tuple[str, ...],
    jobs: int,
    pythons: dict[str, Path],
    record: Path | None,
) -> Replay:
    from edgeplan.target import TargetError
    from edgeplan.verify.replay.examples import NotInstalledError, ask_examples
    from edgeplan.verify.replay.judge import examples_of, replayed, rows_of
    from edgeplan.verify.replay.target import chip_of, stand_in_for

    try:
        where = stand_in_for(referee, chip or chip_of(referee))
    except TargetError as e:
        raise click.UsageError(str(e)) from None
    table = where.target.backend
    rows = [r for r in rows_of(where.target) if not ids or {r.id, table.row_id(r)} & set(ids)]
    texts = examples_of(rows, where.target)
    python = pythons.get(referee.name, pythons.get(""))
    live = sys.stderr.isatty()

    def tell(count: int, _text: str, _answer: Answer | None) -> None:
        if live:
            click.echo(f"\r\x1b[K{referee.name}: {count} of {len(texts)} examples", nl=count == len(texts), err=True)
        elif count % 50 == 0:
            click.echo(f"{referee.name}: {count} of {len(texts)} examples", err=True)

    try:
        heard = ask_examples(texts, referee, where, python=python, jobs=jobs, tell=tell)
    except NotInstalledError as e:
        install = f"pip install 'edgeplan[{referee.extra}]' ({referee.licence})"
        raise click.UsageError(f"{referee.name}: {e} is not installed: {install}") from None
    found = replayed(rows, heard, referee, where)
    if record is not None:
        from edgeplan.verify.replay.record import write_replay

        try:
            click.echo(f"recorded {write_replay(found, heard, record)}", err=True)
        except OSError as e:
            raise click.UsageError(f"cannot write to {record}: {e.strerror}") from None
    return found
