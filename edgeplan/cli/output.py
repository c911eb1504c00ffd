"""Where a report goes, and how a run that has started others is ended."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import click

__all__ = ["end_with_children", "write"]


def end_with_children() -> None:
    """Let SIGTERM end this process as an exit does, so that what it has started ends with it."""
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))


def write(text: str, output: Path | None, source: Path | None = None) -> None:
    """Print a report, or write it to a file. Refuses to write over the model itself."""
    if output is None or str(output) == "-":
        click.echo(text, nl=not text.endswith("\n"))
        return
    if source is not None and output.exists() and source.exists() and output.samefile(source):
        raise click.UsageError(f"{output} is the model: a report never overwrites its input")
    try:
        output.write_text(text if text.endswith("\n") else f"{text}\n", "utf-8")
    except OSError as e:
        raise click.UsageError(f"cannot write {output}: {e.strerror}") from None
