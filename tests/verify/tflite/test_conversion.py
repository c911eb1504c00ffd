from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from edgeplan.verify import process
from edgeplan.verify.answer import Status
from edgeplan.verify.tflite.conversion import VARIABLE, Conversion, environment, to_tflite

Converted = Callable[..., Conversion]

PROGRAM = """
import json, sys
request = json.load(open(sys.argv[1]))
open(request["options"]["output"], "wb").write(open(request["model"], "rb").read())
json.dump({said}, open(sys.argv[2], "w"))
"""


@pytest.fixture
def converted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Converted:
    """What becomes of a model when the asking program says this, figures in parts per billion."""
    monkeypatch.setattr(process, "ASK", tmp_path)
    monkeypatch.setenv(VARIABLE, str(tmp_path / "venv"))
    (tmp_path / "venv" / "bin").mkdir(parents=True)
    (tmp_path / "venv" / "bin" / "python").symlink_to(sys.executable)
    (tmp_path / "model.onnx").write_bytes(b"model")

    def run(figures: dict[str, int], **said: object) -> Conversion:
        names = [n.split()[1] for n in figures if n.startswith("change")]
        figures = {f"noise {n}": 300 for n in names} | figures
        facts = [{"name": n, "value": v, "unit": "ppb"} for n, v in figures.items()]
        (tmp_path / "onnx2tf_convert.py").write_text(
            PROGRAM.format(said={"facts": facts, "done": True, **said}), "utf-8"
        )
        return to_tflite(tmp_path / "model.onnx", tmp_path / "out.tflite")

    return run


def test_a_conversion_that_agrees_is_trusted(converted: Converted, tmp_path: Path) -> None:
    found = converted({"difference y": 4_000, "change y": 20_000_000})
    assert (found.path, found.why) == (tmp_path / "out.tflite", "")
    assert (tmp_path / "out.tflite").read_bytes() == b"model"


def test_one_that_differs_is_not(converted: Converted, tmp_path: Path) -> None:
    found = converted({"difference y": 4_000, "change y": 10**9, "difference z": 999_800_000, "change z": 10**9})
    assert found.path is None
    assert found.why == "onnx2tf's result differs from ONNX Runtime's: 0.9998 relative, output z"
    assert not (tmp_path / "out.tflite").exists()


def test_the_tolerance_lies_at_a_thousandth(converted: Converted) -> None:
    assert converted({"difference y": 1_000_000, "change y": 10**9}).path is not None
    assert converted({"difference y": 1_000_001, "change y": 10**9}).path is None


def test_a_network_that_makes_much_of_roundings_gets_more(converted: Converted) -> None:
    figures = {"difference y": 1_400_000, "change y": 10**9}
    assert converted(figures | {"noise y": 150_000}).path is not None
    assert converted(figures | {"noise y": 130_000}).path is None


@pytest.mark.parametrize("change", [0, 40_000])
def test_an_output_that_hardly_depends_on_the_input_proves_nothing(converted: Converted, change: int) -> None:
    found = converted({"difference y": 5_000, "change y": change})
    assert found.path is None
    assert found.why.startswith("onnx2tf's result cannot be checked")


def test_one_output_that_depends_is_enough(converted: Converted) -> None:
    found = converted({"difference y": 5_000, "change y": 0, "difference z": 5_000, "change z": 10**9})
    assert found.path is not None


def test_integers_count_only_where_there_are_no_floats(converted: Converted) -> None:
    integers = {"integers i": 500_000_000, "change i": 10**9}
    assert converted({"difference y": 5_000, "change y": 10**9, **integers}).path is not None
    assert converted(integers).path is None


def test_the_converter_s_complaint_is_passed_on(converted: Converted, tmp_path: Path) -> None:
    found = converted({}, done=False, error="custom ops that no runtime has: ONNX_CONV x26")
    assert found.answer.status is Status.REFUSED
    assert found.why == "onnx2tf: custom ops that no runtime has: ONNX_CONV x26"
    assert not (tmp_path / "out.tflite").exists()


def test_a_missing_package_comes_with_its_command(converted: Converted, tmp_path: Path) -> None:
    found = converted({}, missing="the Python package onnx2tf")
    assert found.answer.status is Status.MISSING
    assert f"{tmp_path}/venv/bin/pip install onnx2tf==" in found.why


def test_a_missing_environment_comes_with_its_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    found = to_tflite(tmp_path / "model.onnx", tmp_path / "out.tflite")
    assert found.answer.status is Status.MISSING
    folder = tmp_path / "edgeplan" / "onnx2tf"
    assert f"python3.12 -m venv {folder} && {folder}/bin/pip install onnx2tf==" in found.why


def test_the_environment_is_in_the_cache_unless_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.delenv(VARIABLE, raising=False)
    assert environment() == Path.home() / ".cache" / "edgeplan" / "onnx2tf"
    monkeypatch.setenv(VARIABLE, "/opt/onnx2tf")
    assert environment() == Path("/opt/onnx2tf")
