"""`edgeplan prune`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from edgeplan.cli.model import check_extra, reading, target_of
from edgeplan.cli.options import binding_options, precision_options, runtime_options
from edgeplan.cli.output import end_with_children, telling, write
from edgeplan.cli.values import SIZE, TIME, WORK

__all__ = ["prune"]


@click.command()
@click.argument("model", type=click.Path(path_type=Path))
@click.option(
    "--target", "-t", metavar="DEVICE",
    help="Device to prune for: its runtime says what is paid for. --to-memory and --to-latency need one.",
)  # fmt: skip
@runtime_options
@precision_options
@binding_options
@click.option("--to-memory", type=SIZE, metavar="SIZE", help="Prune until the model takes no more memory, e.g. 40MB.")
@click.option("--to-latency", type=TIME, metavar="TIME", help="Prune until a run takes no longer, e.g. 8ms.")
@click.option("--to-macs", type=WORK, metavar="50%|150M", help="Prune to this part, or number, of the MACs.")
@click.option(
    "--ratio", type=click.FloatRange(0, 1, min_open=True, max_open=True), metavar="0.3",
    help="Take this part of the channels of every group.",
)  # fmt: skip
@click.option(
    "--score", type=click.Choice(["l2", "l1", "bn", "fpgm", "activation"]), default="l2", show_default=True,
    help="What tells the channels that matter.",
)  # fmt: skip
@click.option(
    "--samples", type=click.Path(path_type=Path, exists=True), metavar="FILE|FOLDER",
    help="Inputs in .npz or .npy files: for --score activation, and to run both models on.",
)  # fmt: skip
@click.option(
    "--floor", type=click.FloatRange(0, 1), default=0.125, show_default=True, metavar="PART",
    help="Leave every group at least this part of its channels.",
)  # fmt: skip
@click.option(
    "--multiple",
    type=click.IntRange(1),
    metavar="N",
    help="Round widths to multiples of N; default: what the runtime pays for.",
)
@click.option("--keep", multiple=True, metavar="OP", help="Leave this op's channels as they are; may be given again.")
@click.option("--output", "-o", type=click.Path(path_type=Path), metavar="OUT.onnx", help="Where the new model goes.")
@click.option("--dry-run", is_flag=True, help="Show what would go and write no model.")
@click.option("--no-verify", is_flag=True, help="Do not run the new model.")
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--all", "everything", is_flag=True, help="Show every group of channels, and every op that stays.")
def prune(
    model: Path,
    target: str | None,
    backend: str | None,
    release: str | None,
    use: tuple[str, ...],
    precision: str | None,
    assume: str | None,
    dims: tuple[tuple[str, int], ...],
    inputs: tuple[tuple[str, tuple[int, ...]], ...],
    values: tuple[tuple[str, float], ...],
    to_memory: int | None,
    to_latency: float | None,
    to_macs: float | None,
    ratio: float | None,
    score: str,
    samples: Path | None,
    floor: float,
    multiple: int | None,
    keep: tuple[str, ...],
    output: Path | None,
    dry_run: bool,
    no_verify: bool,
    format_: str,
    everything: bool,
) -> None:
    """Take whole channels out of an ONNX MODEL, those that matter least, until it meets a goal on a device.

    One of --to-memory, --to-latency, --to-macs and --ratio is the goal. The new model is a smaller one of the same
    architecture: fine-tune it. Of a model before its training the widths count: a table to type into its code.
    Exit 1 when the goal cannot be met or the new model does not run: then nothing is written.
    """
    check_extra()
    from edgeplan.pruning.goal import Goal

    try:
        goal = Goal.of(memory=to_memory, latency=to_latency, macs=to_macs, ratio=ratio)
    except ValueError as e:
        raise click.UsageError(f"{e} (--to-memory, --to-latency, --to-macs, --ratio)") from None
    if target is None and (backend or release or use or precision or assume):
        raise click.UsageError("--backend, --release, --use, --precision and --assume go with a --target")
    if target is None and goal.kind in ("memory", "latency"):
        raise click.UsageError(f"--to-{goal.kind} is of a device: give it with --target")
    if score == "activation" and samples is None:
        raise click.UsageError("--score activation looks at --samples of the model's inputs")
    if output is None and not dry_run:
        raise click.UsageError("say where the new model goes with -o OUT.onnx, or --dry-run to see what would go")
    if dry_run and output is not None:
        raise click.UsageError("--dry-run writes no model: leave out -o, or --dry-run")
    if str(output) == "-":
        raise click.UsageError("a model does not go to stdout: give a file with -o")
    from edgeplan.frontends import dialect_of
    from edgeplan.report.escape import plain
    from edgeplan.surgery.pruning.pruning import PruneError, prune_model
    from edgeplan.surgery.writing import WriteError

    if dialect_of(model) != "onnx":
        raise click.UsageError(f"{plain(model.name)} is no ONNX model: give the one it was made from")
    where = (
        target_of(model, target, backend, release, use, precision=precision, assume=assume)
        if target is not None
        else None
    )
    end_with_children()  # so that nothing half written stays
    with reading(model.name or str(model)), telling() as tell:
        try:
            found = prune_model(
                model,
                where,
                goal,
                output=output,
                score=score,
                samples=samples,
                floor=floor,
                step=multiple or 0,
                keep=keep,
                verify=not no_verify,
                dims=dict(dims),
                inputs=dict(inputs),
                values=dict(values),
                tell=tell,
            )
        except (PruneError, WriteError) as e:
            raise click.UsageError(plain(str(e), 1000)) from None
    if format_ == "json":
        from edgeplan.report.json import render_pruning_json

        write(render_pruning_json(found), None)
    else:
        from edgeplan.report.prune import render_pruning

        write(render_pruning(found, everything=everything, color=sys.stdout.isatty()), None)
    if not found.plan.met or (output is not None and not found.written):
        sys.exit(1)
