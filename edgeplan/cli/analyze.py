"""`edgeplan analyze`."""

from __future__ import annotations

import sys
from functools import reduce
from operator import or_
from pathlib import Path

import click

from edgeplan.cli.model import check_extra, reading, target_of
from edgeplan.cli.options import binding_options, given, precision_options, target_options
from edgeplan.cli.output import check_places, write
from edgeplan.cli.values import BUDGET, SWEEP, Limits
from edgeplan.finding import Severity

__all__ = ["analyze"]


@click.command()
@click.argument("model", type=click.Path(path_type=Path))
@target_options
@precision_options
@binding_options
@click.option(
    "--budget", type=BUDGET, multiple=True, metavar="memory=2GB,size=40MB,latency=5ms", help="Limits of your own."
)
@click.option(
    "--sweep", type=SWEEP, metavar="H=224..1024[:STEP]",
    help="Find the largest size that fits: a free dimension, H or W of the image, N (batch), or INPUT.AXIS.",
)  # fmt: skip
@click.option(
    "--order", type=click.Choice(["file", "memory"]), default="file", show_default=True,
    help="Plan the ops as they stand, or in an order that needs less memory.",
)  # fmt: skip
@click.option("--exact", is_flag=True, help="Have a solver pack the arena, 20 s at most (needs edgeplan[exact]).")
@click.option(
    "--advise", is_flag=True,
    help="Try which rewrites make the plan better, with gain and risk (needs edgeplan[rewrite]).",
)  # fmt: skip
@click.option(
    "--plot", type=click.Path(path_type=Path), metavar="F.svg", help="Draw the memory over time, and the arena."
)
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--output", "-o", type=click.Path(path_type=Path), help="Write the report to a file instead of stdout.")
@click.option(
    "--fail-on", type=click.Choice(["error", "warning", "note", "never"]), default="error", show_default=True,
    help="Exit 1 when a finding is at least this severe.",
)  # fmt: skip
@click.option("--strict", is_flag=True, help="Exit 4 when shapes or work could not be settled.")
@click.option(
    "--all", "everything", is_flag=True,
    help="Show every op of a finding, every term of the memory, the slowest kernels, and the sources.",
)  # fmt: skip
def analyze(
    model: Path,
    target: str,
    backend: str | None,
    release: str | None,
    use: tuple[str, ...],
    precision: str | None,
    assume: str | None,
    dims: tuple[tuple[str, int], ...],
    inputs: tuple[tuple[str, tuple[int, ...]], ...],
    values: tuple[tuple[str, float], ...],
    budget: tuple[Limits, ...],
    sweep: tuple[str, int, int, int | None] | None,
    order: str,
    exact: bool,
    advise: bool,
    plot: Path | None,
    format_: str,
    output: Path | None,
    fail_on: str,
    strict: bool,
    everything: bool,
) -> None:
    """Predict where MODEL's ops run on a device, what memory it needs and how long it takes.

    MODEL is an ONNX or a TFLite file. Its weights are not read. The report goes to stdout, everything else to stderr.
    """
    from edgeplan import api

    if advise:
        check_extra()
    limits = reduce(or_, budget, Limits())
    where = target_of(model, target, backend, release, use, precision=precision, memory=limits.memory, assume=assume)
    check_places([output or Path("-"), *([plot] if plot else [])], model)
    import gc

    gc.disable()  # a short run that keeps what it makes: collecting would only walk the graph again and again

    if sweep is not None:
        unused = {
            "--order": order != "file",
            "--exact": exact,
            "--advise": advise,
            "--plot": plot,
            "--all": everything,
            "--strict": strict,
        }
        ignored = [flag for flag, given in unused.items() if given]
        ignored += [f"--budget {name}=" for name in ("size", "latency") if getattr(limits, name) is not None]
        if ignored:
            raise click.UsageError(f"--sweep does not go with {', '.join(ignored)}")
        from edgeplan.cli.sweep import report_sweep

        report_sweep(model, where, sweep, dict(dims), dict(inputs), dict(values), format_, output)
        return
    with reading(model.name or str(model)):
        plan = api.analyze(
            model,
            where,
            dims=dict(dims),
            inputs=dict(inputs),
            values=dict(values),
            size_budget=limits.size,
            latency_budget=limits.latency,
            order="memory" if order == "memory" else "file",
            relieve=everything or plot is not None,
            exact=exact,
            advise=advise,
        )
    if format_ == "json":
        from edgeplan.report.json import render_json

        write(render_json(plan), output, model)
    else:
        from edgeplan.report.text import render_text

        options = given(release, use, precision, assume, dims, inputs, values)
        color = output is None and sys.stdout.isatty()
        write(render_text(plan, everything=everything, color=color, given=options), output, model)
    if plot is not None:
        from edgeplan.report.svg.plot import memory_plot

        write(memory_plot(plan), plot, model)
    worst = plan.worst()
    if worst is not None and fail_on != "never" and worst.rank >= Severity(fail_on).rank:
        sys.exit(1)
    if strict and not plan.complete:
        sys.exit(4)
