"""`edgeplan verify`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from edgeplan.cli.model import reading, target_of
from edgeplan.cli.options import binding_options, target_options
from edgeplan.cli.output import end_with_children, write
from edgeplan.cli.values import PYTHON, SIZE

__all__ = ["verify"]


@click.command()
@click.argument("model", type=click.Path(path_type=Path))
@target_options
@click.option("--with", "names", multiple=True, metavar="REFEREE", help="Ask this one; default: all that fit.")
@binding_options
@click.option("--timeout", type=click.FloatRange(min=1), metavar="SECONDS", help="Patience with one compiler.")
@click.option("--memory-limit", type=SIZE, metavar="SIZE", help="Memory one compiler may take, e.g. 8GB.")
@click.option(
    "--python", "pythons", type=PYTHON, multiple=True, metavar="[REFEREE=]PATH",
    help="The Python that has a referee's packages; default: this one.",
)  # fmt: skip
@click.option("--record", type=click.Path(path_type=Path, file_okay=False), help="Write each answer into this folder.")
@click.option("--format", "format_", type=click.Choice(["text", "json", "markdown"]), default="text", show_default=True)
@click.option("--output", "-o", type=click.Path(path_type=Path), help="Write the report to a file instead of stdout.")
@click.option(
    "--fail-on", type=click.Choice(["disagreement", "never"]), default="never", show_default=True,
    help="Exit 1 when a compiler contradicts the prediction.",
)  # fmt: skip
@click.option("--strict", is_flag=True, help="Exit 4 when a referee could not be asked or came to no answer.")
@click.option("--all", "everything", is_flag=True, help="Show every group of ops, and name every op.")
def verify(
    model: Path,
    target: str,
    backend: str | None,
    release: str | None,
    use: tuple[str, ...],
    names: tuple[str, ...],
    dims: tuple[tuple[str, int], ...],
    inputs: tuple[tuple[str, tuple[int, ...]], ...],
    values: tuple[tuple[str, float], ...],
    timeout: float | None,
    memory_limit: int | None,
    pythons: tuple[tuple[str, Path], ...],
    record: Path | None,
    format_: str,
    output: Path | None,
    fail_on: str,
    strict: bool,
    everything: bool,
) -> None:
    """Ask the vendors' own compilers about MODEL and hold the prediction against what they say.

    Each referee runs in a process of its own, without the device: a crash is an answer. Its packages are extras, never
    bundled; a missing one is named with the command that installs it. `edgeplan rules referees` lists them.
    """
    from edgeplan.report.escape import plain
    from edgeplan.verify.agreement import Outcome
    from edgeplan.verify.process import Limits
    from edgeplan.verify.verification import verify as run

    where = target_of(model, target, backend, release, use)
    _known(names)
    end_with_children()
    given = Limits()
    limits = None
    if timeout is not None or memory_limit is not None:
        limits = Limits(timeout or given.seconds, memory_limit or given.memory)
    try:
        with reading(str(model)):
            found = run(
                model, where, referees=names, dims=dict(dims), inputs=dict(inputs), values=dict(values), limits=limits,
                pythons=dict(pythons), tell=_progress if sys.stderr.isatty() else None,
            )  # fmt: skip
    finally:
        if sys.stderr.isatty():
            click.echo("\r\x1b[K", nl=False, err=True)
    if not found.agreements:
        for one in (*found.not_asked, *found.no_referee):
            click.echo(f"edgeplan: {one.name}: {plain(one.why, 400)}", err=True)
        sys.exit(2)
    if record is not None:
        from edgeplan.verify.record import write_records

        try:
            for path in write_records(found, model, record):
                click.echo(f"recorded {path}", err=True)
        except OSError as e:
            raise click.UsageError(f"cannot write to {record}: {e.strerror}") from None
    if format_ == "json":
        from edgeplan.report.json import render_json

        write(render_json(found), output, model)
    elif format_ == "markdown":
        from edgeplan.report.markdown import verification_page

        write(verification_page(found), output, model)
    else:
        from edgeplan.report.verification import render_verification

        text = render_verification(found, everything=everything, color=output is None and sys.stdout.isatty())
        write(text, output, model)
    if fail_on == "disagreement" and any(a.outcome is Outcome.DISAGREES for a in found.agreements):
        sys.exit(1)
    if strict and (found.not_asked or any(a.outcome is Outcome.CANNOT_TELL for a in found.agreements)):
        sys.exit(4)


def _known(names: tuple[str, ...]) -> None:
    from edgeplan.verify.referees import referee_names

    unknown = [n for n in names if n not in referee_names()]
    if unknown:
        raise click.UsageError(f"no referee {unknown[0]!r}; there are {', '.join(referee_names())}")


def _progress(name: str, seconds: float) -> None:
    click.echo(f"\r\x1b[K{name}: compiling, {seconds:.0f} s", nl=False, err=True)
