from pathlib import Path

import pytest

from edgeplan.surgery.draft import Draft
from edgeplan.surgery.ledger import Ledger
from edgeplan.surgery.rewrites import rewrite
from edgeplan.surgery.sweep import sweep
from tests.surgery.harness import fires, model, refuses, types

NORM = "float[4] s, float[4] t, float[4] m, float[4] v"
TEXT = f"""g (float[%s] x, {NORM}) => (float[%s] y) {{
    y = BatchNormalization<%s>(x, s, t, m, v)
}}"""


@pytest.mark.parametrize("shape", ["3,4", "N,4", "2,4,7", "N,4,H,W", "1,4,2,3,5"])
def test_a_product_and_a_sum(shape: str) -> None:
    made = fires("batchnorm-to-affine", model(TEXT % (shape, shape, "epsilon=0.1"), ["s", "t", "m"], ["v"]))
    assert types(made) == ["Mul", "Add"]


def test_float16() -> None:
    text = (TEXT % ("2,4,5,5", "2,4,5,5", "epsilon=0.1")).replace("float[", "float16[")
    assert types(fires("batchnorm-to-affine", model(text, ["s", "t", "m"], ["v"]), tolerance=5e-3)) == ["Mul", "Add"]


def test_training_stays() -> None:
    text = (TEXT % ("3,4", "3,4", "training_mode=1")).replace("y = Batch", "y, a, c = Batch")
    assert "training" in refuses("batchnorm-to-affine", model(text, ["s", "t", "m"], ["v"]))


@pytest.mark.parametrize("weights", [["w"], []])
def test_a_convolution_before_it_has_the_first_claim(weights: list[str]) -> None:
    text = f"""g (float[N,3,5,5] x, float[4,3,1,1] w, {NORM}) => (float[N,4,5,5] y) {{
        h = Conv(x, w)
        y = BatchNormalization(h, s, t, m, v)
    }}"""
    source = model(text, [*weights, "s", "t", "m"], ["v"])
    if weights:
        assert "takes it into its weights" in refuses("batchnorm-to-affine", source)
    else:
        assert types(fires("batchnorm-to-affine", source)) == ["Conv", "Mul", "Add"]


def test_computed_parameters_stay() -> None:
    source = model(TEXT % ("3,4", "3,4", "epsilon=0.1"), ["s", "t"], ["v"])
    assert "not constant" in refuses("batchnorm-to-affine", source)


def test_a_real_model() -> None:
    draft = Draft.open(Path(__file__).parents[3] / "samples" / "ppocr_v4_det.onnx")
    assert len(sweep(draft, [rewrite("batchnorm-to-affine")], Ledger()).sites) == 1
