"""What `edgeplan split` checks before it reads a model, and how a fleet and two models are reported."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edgeplan.capability.rows import RulesError
from edgeplan.cli.output import end_with_children, telling, write
from edgeplan.cli.values import Limits

if TYPE_CHECKING:
    from edgeplan.links.network import Network
    from edgeplan.links.trace import Trace
    from edgeplan.splitting.cloud import Cloud
    from edgeplan.splitting.question import Question
    from edgeplan.splitting.split import SplitPlan
    from edgeplan.surgery.splitting.splitting import SplitFiles
    from edgeplan.target import Target

__all__ = [
    "check_budget", "check_one_or_several", "check_onnx", "check_together", "cloud_of", "fails",
    "network_of", "refusals", "report_fleet", "trace_of", "typed_again", "write_halves",
]  # fmt: skip

_TYPED = {
    "objective": "--objective", "way": "--way", "keep_raw_input": "--keep-raw-input-on-device",
    "min_depth": "--min-depth", "private_until": "--private-until", "memory": "--memory", "result": "--result",
    "encoding": "--encode",
}  # fmt: skip
"""Conditions of a question that say which split is the best, by the option that sets them."""


def check_one_or_several(one: str | None, several: Sequence[str], what: str) -> None:
    """Raise `UsageError` unless one of `--target` and `--targets` is given, likewise of networks."""
    if one is None and not several:
        raise click.UsageError(f"Missing option '--{what}', or several with '--{what}s'.")
    if one is not None and several:
        raise click.UsageError(f"--{what} or --{what}s: name them in one of the two")


def check_budget(limits: Limits) -> None:
    """Raise `UsageError` on budgets that are no budget of a split."""
    if limits.memory is not None or limits.size is not None:
        raise click.UsageError("--budget of a split is latency=TIME; --memory bounds what the device's part takes")


def check_together(*rules: tuple[str, bool, Mapping[str, bool]]) -> None:
    """Raise `UsageError` on options that mean nothing beside, or without, another.

    A rule is the other option, whether the rule holds now, and which options are given.
    """
    for other, holds, options in rules:
        wrong = [flag for flag, is_given in options.items() if is_given]
        if holds and wrong:
            said = "do not go with" if " and " in other else "mean nothing without"
            said = said if len(wrong) > 1 else said.replace("do not go", "does not go").replace("mean ", "means ")
            raise click.UsageError(f"{', '.join(wrong)} {said} {other}")


def check_onnx(model: Path) -> None:
    """Raise `UsageError` where a model is not ONNX: only those are cut in two files."""
    from edgeplan.frontends import dialect_of
    from edgeplan.report.escape import plain

    if dialect_of(model) != "onnx":
        raise click.UsageError(f"{plain(model.name)} is no ONNX model: without -o it is planned, but not cut")


def network_of(name: str) -> Network:
    """The network of an id, of figures, or of a file. Raises `UsageError`."""
    from edgeplan.links.network import NetworkError, find_network

    try:
        return find_network(name)
    except (NetworkError, RulesError) as e:
        raise _usage(e) from None


def cloud_of(name: str, backend: str | None, release: str | None, model: Path) -> Cloud:
    """The cloud of that name, with the first of its runtimes that takes the model. Raises `UsageError`."""
    from edgeplan import api
    from edgeplan.frontends import dialect_of
    from edgeplan.splitting.cloud import CloudError, find_cloud
    from edgeplan.target import TargetError

    try:
        if not name.lower().endswith(".toml"):
            backend = api.fitting_backend(name, backend, dialect_of(model))
        return find_cloud(name, backend=backend, release=release)
    except (CloudError, TargetError, RulesError) as e:
        raise _usage(e) from None


def trace_of(path: Path, network: Network) -> Trace:
    """A recorded link; trips it does not tell are those of the network. Raises `UsageError`."""
    from edgeplan.links.trace import TraceError
    from edgeplan.links.trace_file import read_trace

    try:
        return read_trace(path, rtt=network.rtt.likely if network.rtt is not None else None)
    except TraceError as e:
        raise _usage(e) from None


@contextmanager
def refusals() -> Iterator[None]:
    """Where a model is cut: what was asked and does not fit it is a usage error."""
    from edgeplan.splitting.privacy import PrivacyError
    from edgeplan.splitting.question import SplitError
    from edgeplan.target import TargetError

    try:
        yield
    except (PrivacyError, SplitError, TargetError) as e:
        raise _usage(e) from None


def _usage(error: Exception) -> click.UsageError:
    from edgeplan.report.escape import plain

    return click.UsageError(plain(str(error), 600))


def report_fleet(
    model: Path,
    targets: Sequence[Target],
    cloud: Cloud,
    networks: Sequence[Network],
    question: Question,
    bound: Mapping[str, Any],
    format_: str,
) -> None:
    """Print the matrix; ends the run with 1 where no pair is allowed, or all take longer than the budget."""
    from edgeplan import api

    found = api.split_fleet(model, targets, cloud, networks, question, **bound)
    if format_ == "json":
        from edgeplan.report.json import render_json

        write(render_json(found), None)
    else:
        from edgeplan.report.split_fleet import render_fleet

        write(render_fleet(found, color=sys.stdout.isatty()), None)
    if all(fails(plan) for row in found.plans for plan in row):
        sys.exit(1)


def write_halves(
    model: Path, found: SplitPlan, folder: Path, samples: Path | None, verify: bool, bound: Mapping[str, Any]
) -> SplitFiles:
    """Cut the model in two files, as planned; what cannot be written is a usage error."""
    from edgeplan.splitting.question import SplitError
    from edgeplan.surgery.splitting.splitting import split_model
    from edgeplan.surgery.writing import WriteError

    end_with_children()  # so that nothing half written stays
    with telling() as tell:
        try:
            return split_model(model, found, folder, samples=samples, verify=verify, tell=tell, **bound)
        except (SplitError, WriteError) as e:
            raise _usage(e) from None


def fails(found: SplitPlan) -> bool:
    """Whether nothing is allowed, or not what was asked for, or the best likely takes longer than the budget."""
    if found.chosen.refused:
        return True
    seconds, budget = found.chosen.seconds, found.latency_budget
    return budget is not None and seconds is not None and seconds > budget


def typed_again(question: Question) -> str:
    """What chose the split, as it is to be typed again."""
    words: list[str] = []
    for name, flag in _TYPED.items():
        value, default = getattr(question, name), getattr(type(question)(), name)
        if value != default:
            words += [flag] if value is True else [flag, str(value)]
    words += [w for name, size in question.input_bytes.items() for w in ("--input-bytes", f"{name}={size}")]
    if question.outage:
        words += ["--outage", f"{question.outage:g}", "--timeout", f"{(question.timeout or 0) * 1e3:g}ms"]
    return shlex.join(words)
