"""Options that several verbs share: the target, and what the model leaves open."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable
from typing import TypeVar

import click

from edgeplan.cli.values import DIM, INPUT, SCHEME, VALUE

__all__ = ["binding_options", "given", "precision_option", "precision_options", "runtime_options", "target_options"]

_F = TypeVar("_F", bound=Callable[..., object])


def target_options(command: _F) -> _F:
    """`--target`, `--backend`, `--release`, `--use`: the arguments of `edgeplan.target.resolve`."""
    return _all(
        command,
        click.option(
            "--target", "-t", required=True, metavar="DEVICE", help="Device id, e.g. iphone14pro, jetson-orin-nano."
        ),
        runtime_options,
    )


def runtime_options(command: _F) -> _F:
    """`--backend`, `--release`, `--use`: what of a device is to run the model."""
    return _all(
        command,
        click.option(
            "--backend",
            "-b",
            metavar="NAME",
            help="Runtime; default: the device's first that takes MODEL (see `edgeplan devices ID`).",
        ),
        click.option(
            "--release",
            "-r",
            metavar="REL",
            help='Release of the runtime, e.g. "iOS 17", "JetPack 6.2"; default: newest.',
        ),
        click.option(
            "--use", multiple=True, metavar="UNIT", help="Also use a unit that has to be asked for, e.g. gpu, dla."
        ),
    )


def precision_option(command: _F) -> _F:
    """`--precision`: what floats are computed in."""
    return _all(
        command,
        click.option(
            "--precision", type=click.Choice(["model", "float16", "float32"]), help="What floats are computed in."
        ),
    )


def precision_options(command: _F) -> _F:
    """`--precision`, `--assume`: what a model is computed in, whatever its file holds."""
    return _all(
        command,
        precision_option,
        click.option(
            "--assume", type=SCHEME, metavar="SCHEME",
            help="Plan as though the model were compressed so: w8, w8a8, w4-block32, palette4, sparse50, fp16, ...",
        ),
    )  # fmt: skip


def binding_options(command: _F) -> _F:
    """`--dim`, `--input`, `--value`: the bindings of `edgeplan.load`."""
    return _all(
        command,
        click.option("--dim", "dims", type=DIM, multiple=True, metavar="NAME=N", help="Bind a free dimension."),
        click.option(
            "--input", "inputs", type=INPUT, multiple=True, metavar="NAME=1x3x224x224", help="Bind an input's shape."
        ),
        click.option(
            "--value", "values", type=VALUE, multiple=True, metavar="NAME=V", help="Fix a scalar input, e.g. sr=16000."
        ),
    )


def given(
    release: str | None,
    use: Iterable[str],
    precision: str | None,
    assume: str | None,
    dims: Iterable[tuple[str, int]],
    inputs: Iterable[tuple[str, Iterable[int]]],
    values: Iterable[tuple[str, float]],
) -> str:
    """The options that a target was narrowed and a model bound by, as they are to be typed again."""
    words = [*(["--release", release] if release else []), *(w for u in use for w in ("--use", u))]
    words += [w for flag, v in (("--precision", precision), ("--assume", assume)) if v for w in (flag, v)]
    words += [w for name, size in dims for w in ("--dim", f"{name}={size}")]
    words += [w for name, shape in inputs for w in ("--input", f"{name}={'x'.join(map(str, shape))}")]
    words += [w for name, number in values for w in ("--value", f"{name}={number:g}")]
    return shlex.join(words)


def _all(command: _F, *options: Callable[[_F], _F]) -> _F:
    for option in reversed(options):  # click lists the last one applied first
        command = option(command)
    return command
