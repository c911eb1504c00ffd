"""`edgeplan analyze --sweep`: the same analysis at many sizes."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from edgeplan.cli.model import reading
from edgeplan.cli.output import write

if TYPE_CHECKING:
    from edgeplan.target import Target

__all__ = ["report_sweep"]


def report_sweep(
    model: Path,
    target: Target,
    asked: tuple[str, int, int, int | None],
    dims: Mapping[str, int],
    inputs: Mapping[str, tuple[int, ...]],
    values: Mapping[str, float],
    format_: str,
    output: Path | None,
) -> None:
    """Write the sweep's report; ends the run with 1 when no size fits."""
    from edgeplan import api
    from edgeplan.sweep.search import sizes_between

    name, low, high, step = asked
    with reading(model.name or str(model)):
        found = api.sweep(model, target, name, sizes_between(low, high, step), dims=dims, inputs=inputs, values=values)
    if format_ == "json":
        from edgeplan.report.json import render_json

        write(render_json(found), output, model)
    else:
        from edgeplan.report.sweep import render_sweep

        write(render_sweep(found, model.name, target, color=output is None and sys.stdout.isatty()), output, model)
    if found.largest is None:
        sys.exit(1)
