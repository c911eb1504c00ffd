from pathlib import Path

import onnx
import pytest

from edgeplan import analyze
from edgeplan.target import resolve
from tests.surgery.harness import fires, model, refuses, swept, types

SAMPLES = Path(__file__).parents[3] / "samples"

TEXT = "g (float[%s] x) => (float[%s] y) { y = HardSigmoid<%s>(x) }"
SIXTH = "alpha = 0.16666667, beta = 0.5"


@pytest.mark.parametrize("shape", ["4", "2,3,4,5", "N,7,33"])
@pytest.mark.parametrize("attrs", [SIXTH, "alpha = 0.2", "beta = -0.3", "alpha = 2.0, beta = 0.0"])
def test_hard_sigmoid_becomes_a_clip(shape: str, attrs: str) -> None:
    assert types(fires("split-hardsigmoid", model(TEXT % (shape, shape, attrs)))) == ["Add", "Clip", "Mul"]


@pytest.mark.parametrize("opset", [9, 11])
def test_as_the_opset_spells_clip(opset: int) -> None:
    head = f'<ir_version: 7, opset_import: ["" : {opset}]> '
    assert types(fires("split-hardsigmoid", model(head + TEXT % ("N", "N", SIXTH)))) == ["Add", "Clip", "Mul"]


def test_the_clip_is_the_one_runtimes_have() -> None:
    source = model(TEXT % ("1,8,4,4", "1,8,4,4", SIXTH))
    gpu = resolve("pixel8", "tflite")
    assert {op.unit for op in analyze(source, gpu).ops} != {"gpu"}
    assert {op.unit for op in analyze(fires("split-hardsigmoid", source), gpu).ops} == {"gpu"}


@pytest.mark.parametrize(
    ("attrs", "why"), [("alpha = 0.0", "alpha is 0"), ("alpha = -0.2", "not positive"), ("alpha = 0.0001", "larger")]
)
def test_other_slopes_stay(attrs: str, why: str) -> None:
    assert why in refuses("split-hardsigmoid", model(TEXT % ("4", "4", attrs)))


def test_a_text_detector_has_ten() -> None:
    found, made = swept("split-hardsigmoid", onnx.load(SAMPLES / "ppocr_v4_det.onnx"))
    assert len(found.sites) == 10
    assert "HardSigmoid" not in types(made)
