"""`edgeplan compress`."""

from __future__ import annotations

import sys
from functools import reduce
from importlib.util import find_spec
from math import isnan
from operator import or_
from pathlib import Path

import click

from edgeplan.cli.model import CHANGES, check_extra, reading, target_of
from edgeplan.cli.options import binding_options, given, precision_option, target_options
from edgeplan.cli.output import write
from edgeplan.cli.values import BUDGET, SCHEME, Limits

__all__ = ["compress"]


@click.command()
@click.argument("model", type=click.Path(path_type=Path))
@target_options
@precision_option
@binding_options
@click.option(
    "--scheme", "schemes", type=SCHEME, multiple=True, metavar="NAME",
    help="Look at this scheme alone (w8, w4-block32, palette4, sparse50, ...), or apply it, with -o.",
)  # fmt: skip
@click.option(
    "--budget", type=BUDGET, multiple=True, metavar="size=40MB,memory=2GB,latency=5ms", help="Limits of your own."
)
@click.option(
    "--min-snr", type=float, metavar="DB",
    help="What the weights of every layer have to keep, in dB; with -o, the outputs: layers stay wide for it.",
)  # fmt: skip
@click.option("--keep", multiple=True, metavar="LAYER", help="Leave this layer as it is; may be given again.")
@click.option(
    "--calibration", type=click.Path(path_type=Path, exists=True), metavar="FILE|FOLDER",
    help="Samples of the inputs, .npz or .npy: activations are scaled to them, results held against them.",
)  # fmt: skip
@click.option(
    "--output", "-o", type=click.Path(path_type=Path), metavar="OUT",
    help="Apply the scheme, and write the model here: .onnx, .mlpackage or .tflite.",
)  # fmt: skip
@click.option(
    "--python", type=click.Path(path_type=Path, exists=True, dir_okay=False), metavar="PATH",
    help="The Python that has coremltools or ai-edge-quantizer; default: this one.",
)  # fmt: skip
@click.option("--no-errors", is_flag=True, help="Do not read the weights: no errors, and the table comes at once.")
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--all", "everything", is_flag=True, help="Show every scheme, why some are not taken, and the sources.")
def compress(
    model: Path,
    target: str,
    backend: str | None,
    release: str | None,
    use: tuple[str, ...],
    precision: str | None,
    dims: tuple[tuple[str, int], ...],
    inputs: tuple[tuple[str, tuple[int, ...]], ...],
    values: tuple[tuple[str, float], ...],
    schemes: tuple[str, ...],
    budget: tuple[Limits, ...],
    min_snr: float | None,
    keep: tuple[str, ...],
    calibration: Path | None,
    output: Path | None,
    python: Path | None,
    no_errors: bool,
    format_: str,
    everything: bool,
) -> None:
    """Hold the ways to store MODEL's weights in fewer bits beside each other on a device: size, memory, speed, error.

    With --scheme NAME and -o OUT the scheme is applied, the result run where it can be, and planned again. Exit 1 when
    nothing keeps the budgets and --min-snr: then nothing is written.
    """
    if output is not None and len(schemes) != 1:
        raise click.UsageError("-o writes a model: say by which scheme, with one --scheme NAME")
    if output is None and (calibration is not None or python is not None):
        raise click.UsageError("--calibration and --python go with --scheme NAME -o OUT: the table runs nothing")
    if min_snr is not None and isnan(min_snr):
        raise click.UsageError("--min-snr is a number of dB")
    limits = reduce(or_, budget, Limits())
    where = target_of(model, target, backend, release, use, precision=precision, memory=limits.memory)
    if output is not None:
        from edgeplan.cli.compressing import report_compressing
        from edgeplan.compression.choice import Bounds

        bounds = Bounds(limits.size, limits.memory, limits.latency, min_snr)
        report_compressing(
            model, where, schemes[0], output, keep=keep, calibration=calibration, bounds=bounds, python=python,
            dims=dict(dims), inputs=dict(inputs), values=dict(values), format_=format_, everything=everything,
        )  # fmt: skip
        return
    if not no_errors and find_spec("onnx_ir") is not None:
        check_extra(names=CHANGES)
    import gc

    from edgeplan import api
    from edgeplan.compression.table import LayerError
    from edgeplan.report.escape import plain

    gc.disable()  # as `analyze` does
    with reading(model.name or str(model)):
        try:
            found = api.compress(
                model,
                where,
                schemes=schemes,
                errors=not no_errors,
                keep=keep,
                least_snr=min_snr,
                dims=dict(dims),
                inputs=dict(inputs),
                values=dict(values),
                memory_budget=limits.memory,
                size_budget=limits.size,
                latency_budget=limits.latency,
            )
        except LayerError as e:
            raise click.UsageError(plain(str(e), 300)) from None
    if format_ == "json":
        from edgeplan.report.json import render_json

        write(render_json(found), None)
    else:
        from edgeplan.report.compress import render_compression

        options = given(release, use, precision, None, dims, inputs, values)
        text = render_compression(
            found, everything=everything, asked=bool(schemes), given=options, color=sys.stdout.isatty()
        )
        write(text, None)
    if any(c.over for c in found.choices) and not found.kept():
        sys.exit(1)
