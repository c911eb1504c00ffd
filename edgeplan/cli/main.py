"""The command line: a group whose verbs are imported only when they are used."""

from __future__ import annotations

import os
import sys
from importlib import import_module

import click

__all__ = ["cli", "main"]

_VERBS = {
    "analyze": "Predict where a model's ops run on a device, what memory it needs and how long it takes.",
    "compare": "Hold models beside each other on a device: time, memory, size, and which is beaten in all.",
    "compress": "Hold the ways to store a model in fewer bits beside each other: size, memory, speed, error.",
    "devices": "List the devices, or show one with its figures and their sources.",
    "explain": "Explain a finding (EP101), a rule row, an operator, or an op or the latency of a model.",
    "prune": "Take channels out of a model until it meets a goal of memory, time or work, and show what goes.",
    "rewrite": "Rewrite a model so that it stays on the accelerator, and prove that it computes the same.",
    "rules": "Show what the rows say, check them, write their tables.",
    "split": "Say where to cut a model between a device and a cloud, over a network: proved, with ranges, and why.",
    "verify": "Ask the vendors' compilers about a model, beside the prediction.",
}


class _Verbs(click.Group):
    """Knows its verbs' names and help without importing them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_VERBS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in _VERBS:
            return None
        command: click.Command = getattr(import_module(f"edgeplan.cli.{name}"), name)
        return command

    def invoke(self, ctx: click.Context) -> object:
        """Run the verb; a closed pipe ends it quietly, with the status of a process that SIGPIPE ends."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ctx.exit(141)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(_VERBS.items()))


def _version(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if value:
        from edgeplan import __version__

        click.echo(f"edgeplan {__version__}")
        ctx.exit()


@click.group(cls=_Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version", is_flag=True, callback=_version, expose_value=False, is_eager=True, help="Print the version."
)
def cli() -> None:
    """Tell whether a neural network will run on a device's accelerators, what falls back and why, and whether it fits.

    Exit codes: 0 clean, 1 findings at or above --fail-on or a budget exceeded, 2 usage, 3 model unreadable,
    4 analysis incomplete under --strict.
    """


def main() -> None:
    """Run the command line."""
    cli(prog_name="edgeplan")
