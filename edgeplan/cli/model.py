"""What the verbs that take a model share: its target, and how a model that cannot be read ends the run."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edgeplan.capability.rows import RulesError

if TYPE_CHECKING:
    from edgeplan.target import Target

__all__ = ["CHANGES", "check_extra", "reading", "target_of"]


def target_of(
    model: Path,
    device: str,
    backend: str | None,
    release: str | None,
    use: Sequence[str],
    *,
    precision: str | None = None,
    memory: int | None = None,
    assume: str | None = None,
) -> Target:
    """The target: the first backend of the device that takes the model unless one is named. Raises `UsageError`."""
    from edgeplan import api
    from edgeplan.frontends import dialect_of
    from edgeplan.target import TargetError, resolve

    try:
        fitting = api.fitting_backend(device, backend, dialect_of(model))
        return resolve(device, fitting, release, precision=precision, use=use, memory=memory, assume=assume or "")
    except (TargetError, RulesError) as e:
        raise click.UsageError(str(e)) from None


CHANGES = ("onnx_ir", "onnxruntime")
"""The packages that change models, and run them."""


def check_extra(extra: str = "rewrite", names: Sequence[str] = (*CHANGES, "ortools")) -> None:
    """Raise `UsageError` where packages that an extra brings are not installed, and have them imported fast."""
    from importlib.util import find_spec

    from edgeplan.cli.later import import_later

    missing = [name for name in names if find_spec(name) is None]
    if missing:
        raise click.UsageError(f"{missing[0]} is not installed: pip install 'edgeplan[{extra}]'")
    import_later("sympy", "onnx_ir._symbolic_shapes")  # half of what onnx_ir takes to load, for arithmetic with sizes


@contextmanager
def reading(shown: str) -> Iterator[None]:
    """Where a model is read: a binding that does not fit is a usage error, a broken model one line and exit 3.

    `shown` is the model's name in that line.
    """
    from edgeplan.frontends.errors import BindingError, ModelError
    from edgeplan.report.escape import plain

    try:
        yield
    except BindingError as e:
        raise click.UsageError(plain(str(e), 300)) from None
    except ModelError as e:
        click.echo(f"edgeplan: {plain(shown)}: {plain(str(e))}", err=True)
        sys.exit(3)
