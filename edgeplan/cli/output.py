"""Where a report goes, and how a run that has started others is ended."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click

__all__ = ["check_places", "end_with_children", "telling", "write"]


def end_with_children() -> None:
    """Let SIGTERM end this process as an exit does, so that what it has started ends with it."""
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))


@contextmanager
def telling() -> Iterator[Callable[[str], None]]:
    """What says on one line of stderr what is going on, where that is a terminal; in the end the line is gone."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    try:
        yield lambda what: click.echo(f"\r\033[K{what}", nl=False, err=True)
    finally:
        click.echo("\r\033[K", nl=False, err=True)


def check_places(places: Sequence[Path], source: Path) -> None:
    """Refuse, before any work is done, a place to write to that is the model or a folder, and one given twice.

    `-` is stdout.
    """
    seen: set[str] = set()
    for place in places:
        name = str(place) if str(place) == "-" else str(place.absolute())
        if name in seen:
            raise click.UsageError(f"two reports cannot both go to {'stdout' if name == '-' else place}")
        seen.add(name)
        _refuse_model(place, source)
        if place.is_dir() or (name != "-" and not place.absolute().parent.is_dir()):
            raise click.UsageError(f"cannot write {place}: {'it is a folder' if place.is_dir() else 'no such folder'}")


def _refuse_model(output: Path, source: Path | None) -> None:
    if source is not None and output.exists() and source.exists() and output.samefile(source):
        raise click.UsageError(f"{output} is the model: a report never overwrites its input")


def write(text: str, output: Path | None, source: Path | None = None) -> None:
    """Print a report, or write it to a file. Refuses to write over the model itself."""
    if output is None or str(output) == "-":
        click.echo(text, nl=not text.endswith("\n"))
        return
    _refuse_model(output, source)
    try:
        output.write_text(text if text.endswith("\n") else f"{text}\n", "utf-8")
    except OSError as e:
        raise click.UsageError(f"cannot write {output}: {e.strerror}") from None
