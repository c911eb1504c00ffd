"""`edgeplan split`."""

from __future__ import annotations

import shlex
import sys
from functools import reduce
from operator import or_
from pathlib import Path
from typing import Any, Literal

import click

from edgeplan.cli.model import check_extra, reading, target_of
from edgeplan.cli.options import binding_options, given, precision_options, runtime_options
from edgeplan.cli.output import check_places, write
from edgeplan.cli.values import BUDGET, NAMED_SIZE, NAMES, NETWORKS, SIZE, TIME, Limits

__all__ = ["split"]


@click.command()
@click.argument("model", type=click.Path(path_type=Path))
@click.option("--target", "-t", metavar="DEVICE", help="Device id, e.g. iphone14pro, jetson-orin-nano.")
@runtime_options
@precision_options
@binding_options
@click.option(
    "--cloud", "-c", required=True, metavar="SERVER",
    help="The other side: a server (see `edgeplan devices`), any other device as an edge box, or a .toml of your own.",
)  # fmt: skip
@click.option("--cloud-backend", metavar="NAME", help="Runtime of the cloud; default: its first that takes MODEL.")
@click.option("--cloud-release", metavar="REL", help="Release of that runtime; default: newest.")
@click.option(
    "--network", "-n", metavar="NETWORK",
    help="The link: an id (lte-2017), one with figures of your own (lte-2017,rtt=50), figures alone"
    " (up=5.85,down=20,rtt=50: Mbit/s, ms), or a .toml.",
)  # fmt: skip
@click.option(
    "--objective", type=click.Choice(["latency", "energy", "cost"]), default="latency", show_default=True,
    help="What to make least: the time, the device's energy, or the cloud's cost.",
)  # fmt: skip
@click.option(
    "--way", type=click.Choice(["device", "cloud", "split"]),
    help="Take this way whichever is the best: to write a split, or to see what one would take.",
)  # fmt: skip
@click.option(
    "--keep-raw-input-on-device", "keep_raw_input", is_flag=True,
    help="Never send the input, nor what is only a crop, a resize or a scaling of it.",
)  # fmt: skip
@click.option(
    "--min-depth", type=click.IntRange(0), default=0, metavar="N",
    help="Send only what lies behind N convolutions or products.",
)  # fmt: skip
@click.option("--private-until", metavar="OP", help="Send only what follows from this op.")
@click.option(
    "--input-bytes", type=NAMED_SIZE, multiple=True, metavar="NAME=150KB",
    help="What an input takes when it is sent itself: a camera's JPEG instead of the tensor.",
)  # fmt: skip
@click.option("--memory", type=SIZE, metavar="SIZE", help="What the device's part may take, e.g. 40MB.")
@click.option(
    "--result", type=click.Choice(["device", "cloud"]), default="device", show_default=True,
    help="Where the outputs are needed.",
)  # fmt: skip
@click.option(
    "--encode", type=click.Choice(["raw", "fp16", "int8", "uint8", "uint8+zlib"]), default="raw", show_default=True,
    help="How tensors are sent; what the others would take is said.",
)  # fmt: skip
@click.option(
    "--outage", type=click.FloatRange(0, 1, max_open=True), default=0.0, metavar="PART",
    help="Part of the time without a link: then the device runs the whole model after --timeout.",
)  # fmt: skip
@click.option("--timeout", type=TIME, metavar="TIME", help="How long to wait for the cloud, e.g. 300ms.")
@click.option("--budget", type=BUDGET, multiple=True, metavar="latency=100ms", help="What a run may take.")
@click.option(
    "--trace", type=click.Path(path_type=Path), metavar="F.csv",
    help="Send requests over a recorded link: columns time_s, up_mbps, and perhaps down_mbps, rtt_ms.",
)  # fmt: skip
@click.option(
    "--every", type=TIME, metavar="TIME", help="Time between requests over --trace; default: one after the other."
)
@click.option(
    "--samples", type=click.Path(path_type=Path, exists=True), metavar="FILE|FOLDER",
    help="Inputs in .npz or .npy files to run the two models on, with -o.",
)  # fmt: skip
@click.option("--targets", type=NAMES, metavar="A,B,C", help="Several devices: a matrix, a row each.")
@click.option(
    "--networks",
    type=NETWORKS,
    metavar="X,Y,Z",
    help="Several links: a matrix, a column each; with figures of your own: X;up=5,rtt=50;Z.",
)
@click.option(
    "--output", "-o", type=click.Path(path_type=Path), metavar="FOLDER",
    help="Write the two ONNX models and their manifest there, run them, and hold them against the whole.",
)  # fmt: skip
@click.option("--no-verify", is_flag=True, help="With -o: do not run the two models.")
@click.option("--plot", type=click.Path(path_type=Path), metavar="F.svg", help="Draw where the cut lies, and why.")
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option(
    "--all",
    "everything",
    is_flag=True,
    help="Show every place of the cut there is, the trade-off and the sources.",
)
def split(
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
    cloud: str,
    cloud_backend: str | None,
    cloud_release: str | None,
    network: str | None,
    objective: Literal["latency", "energy", "cost"],
    way: Literal["device", "cloud", "split"] | None,
    keep_raw_input: bool,
    min_depth: int,
    private_until: str | None,
    input_bytes: tuple[tuple[str, int], ...],
    memory: int | None,
    result: Literal["device", "cloud"],
    encode: str,
    outage: float,
    timeout: float | None,
    budget: tuple[Limits, ...],
    trace: Path | None,
    every: float | None,
    samples: Path | None,
    targets: tuple[str, ...],
    networks: tuple[str, ...],
    output: Path | None,
    no_verify: bool,
    plot: Path | None,
    format_: str,
    everything: bool,
) -> None:
    """Say where to cut MODEL between a device and a cloud: all here, all there, or a first part here; proved and why.

    The cut is the least there is of all splits that do not come back. Ways whose ranges of time meet are said not to
    be told apart. Exit 1 when nothing is allowed, or not what --way asks for, the best takes longer than the budget,
    or the two models do not give what the whole one gives.
    """
    from edgeplan import api
    from edgeplan.cli import splitting
    from edgeplan.splitting.question import Question

    limits = reduce(or_, budget, Limits())
    several = bool(targets or networks)
    splitting.check_one_or_several(target, targets, "target")
    splitting.check_one_or_several(network, networks, "network")
    splitting.check_budget(limits)
    alone = {
        "-o": output is not None, "--plot": plot is not None, "--trace": trace is not None, "--all": everything,
    }  # fmt: skip
    splitting.check_together(
        ("--targets and --networks", several, alone),
        ("-o", output is None, {"--samples": samples is not None, "--no-verify": no_verify}),
        ("--trace", trace is None, {"--every": every is not None}),
    )
    if outage and timeout is None:
        raise click.UsageError("--outage needs a --timeout: how long the device waits before it runs all by itself")
    if timeout is not None and not outage and trace is None:
        raise click.UsageError("--timeout goes with --outage or --trace: else the link is always there")
    check_extra("split", ("ortools",))
    if output is not None:
        if plot is not None and plot.absolute() == output.absolute():
            raise click.UsageError("-o and --plot are one place")
        check_extra("split")
        splitting.check_onnx(model)
    devices = [
        target_of(model, name, backend, release, use, precision=precision, assume=assume)
        for name in targets or (target or "",)
    ]
    there = splitting.cloud_of(cloud, cloud_backend, cloud_release, model)
    links = [splitting.network_of(name) for name in networks or (network or "",)]
    check_places([Path("-"), *([plot] if plot is not None else [])], model)
    bound: dict[str, Any] = {"dims": dict(dims), "inputs": dict(inputs), "values": dict(values)}
    import gc

    gc.disable()  # as `analyze` does
    with reading(model.name or str(model)), splitting.refusals():
        question = Question(
            objective, keep_raw_input, min_depth, private_until, memory, result, encode, outage, timeout,
            limits.latency, splitting.trace_of(trace, links[0]) if trace is not None else None, every,
            dict(input_bytes), way,
        )  # fmt: skip
        if several:
            splitting.report_fleet(model, devices, there, links, question, bound, format_)
            return
        found = api.split(model, devices[0], there, links[0], question, **bound)
        made = None
        if output is not None and not found.chosen.refused:
            made = splitting.write_halves(model, found, output, samples, not no_verify, bound)
    if format_ == "json":
        from edgeplan.report.json import render_split_json

        write(render_split_json(found, made), None)
    else:
        from edgeplan.report.split import render_split

        words = [w for flag, v in (("--backend", backend),) if v for w in (flag, v)]
        told = shlex.join(["-t", target or "", *words, "--cloud", cloud, "--network", network or ""])
        again = [told, given(release, use, precision, assume, dims, inputs, values), splitting.typed_again(question)]
        text = render_split(
            found,
            made,
            asked=way is not None,
            everything=everything,
            given=" ".join(w for w in again if w),
            color=sys.stdout.isatty(),
        )
        write(text, None)
    if plot is not None:
        from edgeplan.report.svg.split import split_plot

        write(split_plot(found), plot, model)
    if splitting.fails(found) or (made is not None and not made.written):
        sys.exit(1)
