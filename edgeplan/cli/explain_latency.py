"""`edgeplan explain latency MODEL`."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edgeplan.cli.model import reading

if TYPE_CHECKING:
    from edgeplan.target import Target

__all__ = ["explain_latency"]


def explain_latency(
    model: Path,
    target: Target,
    dims: Mapping[str, int],
    inputs: Mapping[str, tuple[int, ...]],
    values: Mapping[str, float],
) -> None:
    """Show where the time of an inference goes, or why it is not known."""
    from edgeplan import api
    from edgeplan.report.escape import plain

    with reading(model.name or str(model)):
        plan = api.analyze(model, target, dims=dims, inputs=inputs, values=values)
    if plan.latency.total is None:
        open_ = plan.model.free_dimensions
        hint = f"; bind first: {' '.join(f'--dim {plain(d)}=SIZE' for d in open_)}" if open_ else ""
        click.echo(f"latency not known: {plain(plan.latency.why, 300)}{hint}")
        return
    from edgeplan.report.latency_page import render_latency

    click.echo(render_latency(plan, target, color=sys.stdout.isatty()), nl=False)
