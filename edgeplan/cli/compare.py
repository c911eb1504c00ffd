"""`edgeplan compare`."""

from __future__ import annotations

import sys
from functools import reduce
from operator import or_
from pathlib import Path

import click

from edgeplan.cli.model import target_of
from edgeplan.cli.options import binding_options, precision_options, runtime_options
from edgeplan.cli.output import check_places, write
from edgeplan.cli.values import BUDGET, Limits

__all__ = ["compare"]


@click.command()
@click.argument("models", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="MODEL MODEL...")
@click.option(
    "--target", "-t", "targets", required=True, multiple=True, metavar="DEVICE",
    help="Device id, e.g. iphone14pro; give it again to compare on several.",
)  # fmt: skip
@runtime_options
@precision_options
@binding_options
@click.option(
    "--budget", type=BUDGET, multiple=True, metavar="memory=2GB,size=40MB,latency=5ms",
    help="Limits of your own, for each model.",
)  # fmt: skip
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--output", "-o", type=click.Path(path_type=Path), help="Write the report to a file instead of stdout.")
def compare(
    models: tuple[Path, ...],
    targets: tuple[str, ...],
    backend: str | None,
    release: str | None,
    use: tuple[str, ...],
    precision: str | None,
    assume: str | None,
    dims: tuple[tuple[str, int], ...],
    inputs: tuple[tuple[str, tuple[int, ...]], ...],
    values: tuple[tuple[str, float], ...],
    budget: tuple[Limits, ...],
    format_: str,
    output: Path | None,
) -> None:
    """Hold two or more MODELs beside each other on a device: time, memory, weights, and which is beaten in all.

    An order of times is claimed only where the ranges bear it out; an error of the device's figures shifts all models
    alike and does not count there. --dim, --input and --value bind what a model has of that name. Exits with 0 whatever
    the findings are: `analyze` judges one model.
    """
    if len(models) < 2:
        raise click.UsageError("a comparison takes two models or more")
    from edgeplan import api
    from edgeplan.frontends import dialect_of
    from edgeplan.frontends.errors import BindingError, ModelError
    from edgeplan.report.escape import plain

    judge = next((m for m in models if dialect_of(m) != "onnx"), models[0])
    limits = reduce(or_, budget, Limits())
    where = [
        target_of(judge, t, backend, release, use, precision=precision, memory=limits.memory, assume=assume)
        for t in targets
    ]
    for model in models:
        check_places([output or Path("-")], model)
    import gc

    gc.disable()  # as `analyze` does
    try:
        found = api.compare(
            models,
            where,
            dims=dict(dims),
            inputs=dict(inputs),
            values=dict(values),
            size_budget=limits.size,
            latency_budget=limits.latency,
        )
    except BindingError as e:
        raise click.UsageError(plain(str(e), 300)) from None
    except ModelError as e:
        click.echo(f"edgeplan: {plain(str(e), 400)}", err=True)
        sys.exit(3)
    if format_ == "json":
        from edgeplan.report.json import render_json

        write(render_json(found), output)
    else:
        from edgeplan.report.compare import render_comparison

        write(render_comparison(found, color=output is None and sys.stdout.isatty()), output)
