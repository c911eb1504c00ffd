"""Where a report goes: stdout, or a file that is not one of the inputs."""

from __future__ import annotations

from pathlib import Path

import click

__all__ = ["write"]


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
