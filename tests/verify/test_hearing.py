from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import onnx
import pytest
from onnx import parser

from edgeplan.target import resolve
from edgeplan.verify import process
from edgeplan.verify.hearing import Hearing
from edgeplan.verify.prepare import Prepared, prepare
from edgeplan.verify.process import Limits
from edgeplan.verify.referees import load_referee
from edgeplan.verify.stand_in import StandIn, stand_in

SAMPLE = Path(__file__).parent.parent.parent / "samples" / "hey_jarvis.tflite"
TEXT = '<ir_version: 8, opset_import: ["" : 18]> g (float[1,8] x) => (float[1,8] y) { y = Relu (x) }'
HEAD = "import json, shutil, sys\nrequest = json.load(open(sys.argv[1]))\nto = request['options'].get('to')\n"
WRITES = f"{HEAD}shutil.copyfile({str(SAMPLE)!r}, to)\njson.dump({{'done': True}}, open(sys.argv[2], 'w'))\n"
ANSWERS = f"{HEAD}json.dump({{'done': True, 'notes': {{'asked about': request['model']}}}}, open(sys.argv[2], 'w'))\n"
MISSING = f"{HEAD}json.dump({{'missing': 'the Python package toyc'}}, open(sys.argv[2], 'w'))\n"

Asking = Callable[..., None]


@pytest.fixture
def asking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Asking:
    """Asking programs of the test's own, and no onnx2tf."""
    monkeypatch.setattr(process, "ASK", tmp_path)
    monkeypatch.setenv("EDGEPLAN_ONNX2TF", str(tmp_path / "nowhere"))

    def write(**programs: str) -> None:
        for name, text in programs.items():
            (tmp_path / f"{name}.py").write_text(text, "utf-8")

    return write


@pytest.fixture
def hearing(tmp_path: Path) -> Callable[[Path], Hearing]:
    """A hearing about a model."""

    def make(model: Path) -> Hearing:
        folder = tmp_path / "hearing"
        folder.mkdir()
        return Hearing(prepare(model, folder), folder, {}, Limits(60))

    return make


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "given.onnx"
    onnx.save(parser.parse_model(TEXT), path)
    return path


def where(name: str, device: str, backend: str) -> StandIn:
    found = stand_in(resolve(device, backend), load_referee(name))
    assert isinstance(found, StandIn)
    return found


def test_without_a_converter_the_own_lowering_is_asked_about(
    asking: Asking, hearing: Callable[[Path], Hearing], model: Path
) -> None:
    asking(write_tflite=WRITES, litert_cpu=ANSWERS)
    found = hearing(model).hear(load_referee("litert-cpu"), where("litert-cpu", "pixel8", "tflite"))
    assert not isinstance(found, str)
    assert found.answer.said.notes["asked about"].endswith("lowered.tflite")
    assert "onnx2tf" in found.notes[-1]
    assert "own lowering, with made-up weights" in found.notes[-1]
    assert found.converted is None


def test_a_writer_that_is_not_there_leaves_it_unasked(
    asking: Asking, hearing: Callable[[Path], Hearing], model: Path
) -> None:
    asking(write_tflite=MISSING, litert_cpu=ANSWERS)
    found = hearing(model).hear(load_referee("litert-cpu"), where("litert-cpu", "pixel8", "tflite"))
    assert isinstance(found, str)
    assert "pip install onnx2tf" in found
    assert "was not written: the Python package toyc" in found


def test_a_tflite_file_is_asked_about_as_it_is(asking: Asking, hearing: Callable[[Path], Hearing]) -> None:
    asking(litert_cpu=ANSWERS)
    found = hearing(SAMPLE).hear(load_referee("litert-cpu"), where("litert-cpu", "pixel8", "tflite"))
    assert not isinstance(found, str)
    assert found.answer.said.notes["asked about"] == str(SAMPLE.resolve())


def test_a_missing_package_is_named_with_its_extra(
    asking: Asking, hearing: Callable[[Path], Hearing], model: Path
) -> None:
    asking(tensorrt_build=MISSING)
    found = hearing(model).hear(load_referee("tensorrt-rtx"), where("tensorrt-rtx", "jetson-orin-nano", "tensorrt"))
    assert isinstance(found, str)
    assert found.startswith("the Python package toyc is not installed: pip install 'edgeplan[verify-tensorrt]'")


def test_a_model_without_its_weights_is_not_asked_about(asking: Asking, model: Path, tmp_path: Path) -> None:
    asking(tensorrt_build=ANSWERS)
    known = prepare(model, tmp_path)
    prepared = Prepared(known.graph, known.path, (), ("weights.bin",), {})
    found = Hearing(prepared, tmp_path, {}, None).hear(
        load_referee("tensorrt-rtx"), where("tensorrt-rtx", "jetson-orin-nano", "tensorrt")
    )
    assert found == "the model's weights are not there: weights.bin"


def test_no_vulkan_no_gpu(
    asking: Asking, hearing: Callable[[Path], Hearing], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asking(litert_gpu=ANSWERS)
    monkeypatch.delenv("VK_ICD_FILENAMES", raising=False)
    monkeypatch.delenv("VK_DRIVER_FILES", raising=False)
    monkeypatch.setenv("EDGEPLAN_SWIFTSHADER", str(tmp_path / "nowhere"))
    found = hearing(SAMPLE).hear(load_referee("litert-gpu"), where("litert-gpu", "pixel8", "tflite"))
    assert isinstance(found, str)
    assert "apt-get install" in found


def test_the_lowering_goes_to_the_converter(asking: Asking, hearing: Callable[[Path], Hearing], model: Path) -> None:
    said = "{'done': True, 'notes': {'deployment': request['options']['deployment']}, 'kernels': "
    said += "[{'name': 'lowered/y', 'type': 'relu', 'ops': []}], 'facts': []}"
    asking(coremltools_convert=f"{HEAD}json.dump({said}, open(sys.argv[2], 'w'))\n")
    found = hearing(model).hear(load_referee("coremltools"), where("coremltools", "iphone14pro", "coreml"))
    assert not isinstance(found, str)
    assert found.answer.said.notes["deployment"].startswith("iOS")
    assert [(c.type, c.predicted, c.said) for c in found.counts if c.type == "relu"] == [("relu", 1, 1)]
