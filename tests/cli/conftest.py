"""The command line run in this process, and small models on disk."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from edgeplan.cli.main import cli

Run = Callable[..., Result]
RELU = "g (float[1,8,16,16] x) => (float[1,8,16,16] y) { y = Relu (x) }"


@pytest.fixture
def run() -> Run:
    """`run("analyze", model)`: the result of `edgeplan analyze model`, with stdout and stderr apart."""
    return lambda *args: CliRunner().invoke(cli, [str(a) for a in args], prog_name="edgeplan")


@pytest.fixture
def save(tmp_path: Path) -> Callable[..., Path]:
    """Write a model given as text to a file."""

    def write(text: str = RELU, name: str = "model.onnx") -> Path:
        import onnx
        from onnx import parser

        path = tmp_path / name
        onnx.save(parser.parse_model(f'<ir_version: 8, opset_import: ["" : 18]> {text}'), path)
        return path

    return write
