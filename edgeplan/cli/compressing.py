"""`edgeplan compress --scheme NAME -o OUT`: a scheme applied, and the result planned again."""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edgeplan.cli.model import CHANGES, check_extra, reading
from edgeplan.cli.output import end_with_children, telling, write

if TYPE_CHECKING:
    from edgeplan.compression.choice import Bounds
    from edgeplan.target import Target

__all__ = ["report_compressing"]


def report_compressing(
    model: Path,
    target: Target,
    scheme: str,
    output: Path,
    *,
    keep: Collection[str],
    calibration: Path | None,
    bounds: Bounds,
    python: Path | None,
    dims: Mapping[str, int],
    inputs: Mapping[str, tuple[int, ...]],
    values: Mapping[str, float],
    format_: str,
    everything: bool,
) -> None:
    """Write the compressed model and print what became of it; ends the run with 1 where nothing is written."""
    check_extra(names=CHANGES)
    from edgeplan.lower.scheme import parse_scheme
    from edgeplan.report.escape import plain
    from edgeplan.surgery.compressing.apply import apply_scheme
    from edgeplan.surgery.compressing.outcome import CompressError
    from edgeplan.surgery.writing import WriteError

    end_with_children()  # so that nothing half written stays
    with reading(model.name or str(model)), telling() as tell:
        try:
            found = apply_scheme(
                model,
                target,
                parse_scheme(scheme),
                output,
                keep=keep,
                calibration=calibration,
                bounds=bounds,
                python=python,
                dims=dims,
                inputs=inputs,
                values=values,
                tell=tell,
            )
        except (CompressError, WriteError) as e:
            raise click.UsageError(plain(str(e), 1000)) from None
    if format_ == "json":
        from edgeplan.report.json import render_json

        write(render_json(found), None)
    else:
        from edgeplan.report.compressing import render_compressing

        write(render_compressing(found, everything=everything, color=sys.stdout.isatty()), None)
    if not found.written:
        sys.exit(1)
