"""`edgeplan explain` of an operator and of an op in a model: verdict, row, sentence, source and confidence."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import onnx
import pytest
from click.testing import Result
from onnx import parser

Run = Callable[..., Result]


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "m.onnx"
    text = """<ir_version: 8, opset_import: ["" : 18]>
        g (float[1,N,8] x) => (z) { [first] y = Relu (x) [last] z = Det (y) }"""
    onnx.save(parser.parse_model(text), path)
    return path


def test_an_op_of_a_model_is_explained_by_name(run: Run, model: Path) -> None:
    result = run("explain", str(model), "--op", "last", "--target", "jetson-orin-nano", "--dim", "N=8")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0] == "last (Det) has no unit"
    assert lines[1].split() == ["refuses", "GPU", "tensorrt/gpu/unsupported-8-0-11-4"]
    assert "tensorrt/gpu/unsupported-8-0-11-4   confidence high" in lines
    assert any(line.startswith("says  operators-11.0 (vendor-doc)") for line in lines)
    assert any(line.strip().startswith("https://") for line in lines)


def test_an_op_of_a_model_is_explained_by_type(run: Run, model: Path) -> None:
    result = run("explain", str(model), "--op", "Relu", "--target", "jetson-orin-nano", "--dim", "N=8")
    assert result.stdout.splitlines()[0] == "first (Relu) runs on the gpu"


def test_a_model_needs_an_op_and_a_target(run: Run, model: Path) -> None:
    result = run("explain", str(model))
    assert result.exit_code == 2
    assert "--op NAME and --target DEVICE" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--op", "nix", "--target", "pixel8"), "no op of m.onnx is called 'nix'"),
        (("--op", "last", "--target", "nix"), "no device"),
        (("--op", "last", "--target", "jetson-orin-nano", "--dim", "M=1"), "M"),
    ],
)
def test_what_a_model_does_not_have_exits_2(run: Run, model: Path, arguments: tuple[str, ...], said: str) -> None:
    result = run("explain", str(model), *arguments)
    assert result.exit_code == 2
    assert said in result.stderr


def test_an_unreadable_model_exits_3(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "broken.onnx"
    path.write_bytes(b"\xff" * 40)
    result = run("explain", str(path), "--op", "a", "--target", "pixel8")
    assert result.exit_code == 3
    assert len(result.stderr.splitlines()) == 1


def test_an_operator_is_explained_by_all_rows_that_name_it(run: Run) -> None:
    result = run("explain", "Det", "--backend", "tensorrt")
    assert result.exit_code == 0
    assert "On the GPU of TensorRT, Det and " in result.stdout
    assert "for example" not in result.stdout


def test_an_unknown_backend_exits_2(run: Run) -> None:
    assert run("explain", "Det", "--backend", "nix").exit_code == 2
