"""Which format a file has, and which of a device's runtimes takes it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

import edgeplan
from edgeplan.cli.main import cli
from edgeplan.frontends import dialect_of

SAMPLES = Path(__file__).resolve().parent.parent / "samples"
JARVIS = SAMPLES / "hey_jarvis.tflite"


def test_the_content_tells_the_format(tmp_path: Path) -> None:
    other = tmp_path / "model.bin"
    shutil.copy(JARVIS, other)
    assert dialect_of(other) == dialect_of(JARVIS) == "tflite"
    assert dialect_of(SAMPLES / "basic_pitch.onnx") == "onnx"
    assert edgeplan.load(other).dialect == "tflite"


@pytest.mark.parametrize("path", ["missing.onnx", "", "\0", "/dev/null"])
def test_what_is_no_file_is_left_to_the_reader(path: str) -> None:
    assert dialect_of(path) == "onnx"


def test_the_first_runtime_that_takes_the_file_is_chosen() -> None:
    assert edgeplan.analyze(JARVIS, "iphone14pro").target.backend == "tflite"
    assert edgeplan.analyze(JARVIS, "pixel8", backend="tflite").target.backend == "tflite"


@pytest.mark.parametrize(
    ("target", "backend", "why"),
    [("jetson-orin-nano", None, "no runtime of Jetson Orin Nano"), ("iphone14pro", "coreml", "coreml does not take")],
)
def test_a_runtime_that_does_not_take_it_is_said(target: str, backend: str | None, why: str) -> None:
    with pytest.raises(edgeplan.TargetError, match=why):
        edgeplan.analyze(JARVIS, target, backend=backend)
    if backend:
        with pytest.raises(edgeplan.TargetError, match="does not take"):
            edgeplan.analyze(JARVIS, edgeplan.resolve(target, backend))
    asked = ["-b", backend] if backend else []
    result = CliRunner().invoke(cli, ["analyze", str(JARVIS), "-t", target, *asked])
    assert result.exit_code == 2
    assert why in result.output
    assert "Traceback" not in result.output


def test_an_unknown_device_is_said_as_ever() -> None:
    with pytest.raises(edgeplan.TargetError, match="no device"):
        edgeplan.analyze(JARVIS, "toaster")


@pytest.mark.parametrize("size", [0, 7, 12, 2000])
def test_a_broken_file_is_one_line_and_exit_3(tmp_path: Path, size: int) -> None:
    path = tmp_path / "cut.tflite"
    path.write_bytes(JARVIS.read_bytes()[:size])
    result = CliRunner().invoke(cli, ["analyze", str(path), "-t", "pixel8"])
    assert result.exit_code == 3
    assert result.output.startswith("edgeplan: cut.tflite: ")
    assert result.output.count("\n") == 1


def test_a_tflite_file_is_read_without_onnx() -> None:
    code = f"import edgeplan, sys; edgeplan.analyze({str(JARVIS)!r}, 'pixel8'); print('onnx' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
