"""`edgeplan rewrite`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from edgeplan.cli.model import check_extra, reading, target_of
from edgeplan.cli.options import binding_options, precision_options, runtime_options
from edgeplan.cli.output import check_places, end_with_children, telling, write

__all__ = ["rewrite"]


@click.command()
@click.argument("model", type=click.Path(path_type=Path), required=False)
@click.option(
    "--target", "-t", metavar="DEVICE", help="Device to rewrite for; without one the model only gets smaller."
)
@runtime_options
@precision_options
@binding_options
@click.option("--opset", type=click.IntRange(7), metavar="N", help="Raise the model to this opset first.")
@click.option("--only", multiple=True, metavar="REWRITE", help="Use this rewrite alone; may be given again.")
@click.option("--safe-only", is_flag=True, help="Leave out rewrites that change the numbers.")
@click.option("--dry-run", is_flag=True, help="Show what would be done and write no model.")
@click.option("--output", "-o", type=click.Path(path_type=Path), metavar="OUT.onnx", help="Where the new model goes.")
@click.option(
    "--cut-host", is_flag=True, help="Make what only the host runs at the end (NMS, boxes) a model of its own."
)
@click.option(
    "--save-plan", type=click.Path(path_type=Path), metavar="F.json", help="Keep the steps, to do them again."
)
@click.option("--plan", "saved", type=click.Path(path_type=Path), metavar="F.json", help="Do the steps of a kept plan.")
@click.option("--no-verify", is_flag=True, help="Believe the rewrites: neither sites nor the whole model are run.")
@click.option("--list", "listing", is_flag=True, help="List the rewrites.")
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--all", "everything", is_flag=True, help="Show every op, every near miss and what was not kept.")
def rewrite(
    model: Path | None,
    target: str | None,
    backend: str | None,
    release: str | None,
    use: tuple[str, ...],
    precision: str | None,
    assume: str | None,
    dims: tuple[tuple[str, int], ...],
    inputs: tuple[tuple[str, tuple[int, ...]], ...],
    values: tuple[tuple[str, float], ...],
    opset: int | None,
    only: tuple[str, ...],
    safe_only: bool,
    dry_run: bool,
    output: Path | None,
    cut_host: bool,
    save_plan: Path | None,
    saved: Path | None,
    no_verify: bool,
    listing: bool,
    format_: str,
    everything: bool,
) -> None:
    """Rewrite an ONNX MODEL so that it stays on a device's accelerator: proved equal, planned again.

    The report goes to stdout. Exit 1 when the new model does not give the old one's results: then nothing is written.
    """
    check_extra()
    if listing:
        from edgeplan.report.catalogue import render_catalogue

        write(render_catalogue(color=sys.stdout.isatty()), None)
        return
    if model is None:
        raise click.UsageError("Missing argument 'MODEL'.")
    if output is None and not dry_run:
        raise click.UsageError("say where the new model goes with -o OUT.onnx, or --dry-run to see what would be done")
    if dry_run and output is not None:
        raise click.UsageError("--dry-run writes no model: leave out -o, or --dry-run")
    if target is None and (backend or release or use or precision or assume):
        raise click.UsageError("--backend, --release, --use, --precision and --assume go with a --target")
    if saved is not None and (only or safe_only):
        raise click.UsageError("a kept plan says which rewrites are used: --only and --safe-only do not go with --plan")
    from edgeplan.frontends import dialect_of
    from edgeplan.report.escape import plain
    from edgeplan.surgery.opset import OpsetError
    from edgeplan.surgery.recipe import RecipeError, read_recipe, write_recipe
    from edgeplan.surgery.rewrites import unknown
    from edgeplan.surgery.rewriting import rewrite_model
    from edgeplan.surgery.writing import WriteError

    wrong = unknown(only)
    if wrong:
        raise click.UsageError(wrong)
    if dialect_of(model) != "onnx":
        raise click.UsageError(f"{plain(model.name)} is no ONNX model: give the one it was made from")
    if str(output) == "-":
        raise click.UsageError("a model does not go to stdout: give a file with -o")
    check_places([p for p in (output, save_plan) if p is not None], model)
    where = (
        target_of(model, target, backend, release, use, precision=precision, assume=assume)
        if target is not None
        else None
    )
    end_with_children()  # so that nothing half written stays
    with reading(model.name or str(model)), telling() as tell:
        try:
            found = rewrite_model(
                model,
                where,
                output=output,
                only=only,
                safe=safe_only,
                recipe=read_recipe(saved) if saved is not None else None,
                cut=cut_host,
                verify=not no_verify,
                dims=dict(dims),
                inputs=dict(inputs),
                values=dict(values),
                opset=opset or 0,
                beside=[save_plan] if save_plan is not None else [],
                tell=tell,
            )
        except (OpsetError, RecipeError, WriteError) as e:
            raise click.UsageError(plain(str(e), 1000)) from None
    differs = found.comparison is not None and found.comparison.runs and not found.comparison.equal
    if save_plan is not None and not differs:
        write(write_recipe(found.recipe), save_plan, model)
    if format_ == "json":
        from edgeplan.report.json import render_json

        write(render_json(found), None)
    else:
        from edgeplan.report.rewrite import render_rewriting

        write(render_rewriting(found, everything=everything, color=sys.stdout.isatty()), None)
    if differs:
        sys.exit(1)
