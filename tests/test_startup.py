"""What a run imports: start-up time is a feature, and these are what costs it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import onnx
import pytest
from onnx import parser

PACKAGE = Path(__file__).parent.parent / "edgeplan"


def imported(*args: object) -> set[str]:
    """The top-level packages that `python -m edgeplan args` imports."""
    command = [sys.executable, "-X", "importtime", "-m", "edgeplan", *map(str, args)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    lines = (line for line in done.stderr.splitlines() if line.startswith("import time:"))
    return {line.rpartition("|")[2].strip().partition(".")[0] for line in lines}


@pytest.mark.parametrize(
    "args", [("--help",), ("--version",), ("analyze", "--help"), ("compress", "--help"), ("rewrite", "--help")]
)
def test_help_imports_nothing_heavy(args: tuple[str, ...]) -> None:
    found = imported(*args)
    assert "click" in found
    assert not found & {"onnx", "onnx_ir", "onnxruntime", "numpy", "networkx", "rich", "google"}


@pytest.mark.parametrize(
    "args", [("devices",), ("devices", "iphone14pro"), ("rules", "-b", "tflite"), ("explain", "EP101")]
)
def test_lists_need_no_model_reader(args: tuple[str, ...]) -> None:
    assert not imported(*args) & {"onnx", "numpy", "networkx", "rich"}


def test_analyze_imports_no_framework(tmp_path: Path) -> None:
    text = "g (float[1,8] x) => (float[1,8] y) { y = Relu (x) }"
    onnx.save(parser.parse_model(f'<ir_version: 8, opset_import: ["" : 18]> {text}'), tmp_path / "m.onnx")
    found = imported("analyze", tmp_path / "m.onnx", "--target", "iphone14pro")
    assert "onnx" in found
    assert not found & {
        "onnx_ir",
        "onnxscript",
        "torch",
        "tensorflow",
        "coremltools",
        "onnxruntime",
        "networkx",
        "sympy",
    }


def test_advice_runs_no_model(tmp_path: Path) -> None:
    text = "g (float[1,8] x) => (float[1,8] y) { a = Identity (x) y = Relu (a) }"
    onnx.save(parser.parse_model(f'<ir_version: 8, opset_import: ["" : 18]> {text}'), tmp_path / "m.onnx")
    found = imported("analyze", tmp_path / "m.onnx", "--target", "iphone14pro", "--advise")
    assert "onnx_ir" in found
    assert not found & {"onnxscript", "onnxruntime", "torch", "networkx"}


def test_importing_edgeplan_costs_nothing() -> None:
    code = "import sys; import edgeplan; sys.exit(len({'onnx', 'numpy', 'click', 'msgspec'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
