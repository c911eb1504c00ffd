from pathlib import Path

import numpy as np
import onnx
import pytest

from tests.surgery.harness import fires, model, refuses, swept, types

SAMPLES = Path(__file__).parents[3] / "samples"

TEXT = "g (%s[N,4] x, %s c) => (%s[N,4] y) { y = Div(x, c) }"


@pytest.mark.parametrize(
    ("form", "divisor"),
    [("float", 8), ("float", 3), ("float[4]", [1, -2, 3, 0.1]), ("float[1,1]", [[np.sqrt(64)]])],
)
def test_the_reciprocal_is_multiplied_with(form: str, divisor: object) -> None:
    made = fires("div-to-mul", model(TEXT % ("float", form, "float"), constants={"c": divisor}))
    assert types(made) == ["Mul"]


@pytest.mark.parametrize("divisor", [0.125, 2, 4096, -64])
def test_by_a_power_of_two_every_bit_stays(divisor: float) -> None:
    fires("div-to-mul", model(TEXT % ("float", "float", "float"), constants={"c": divisor}), tolerance=0)


def test_float16() -> None:
    text = TEXT % ("float16", "float16", "float16")
    assert types(fires("div-to-mul", model(text, constants={"c": 8}), tolerance=0)) == ["Mul"]
    assert "in full" in refuses("div-to-mul", model(text, constants={"c": 60000}))


@pytest.mark.parametrize(
    ("kind", "constants", "why"),
    [("float", {"c": 0}, "in full"), ("float", {}, ""), ("int32", {"c": 2}, "")],
)
def test_others_stay(kind: str, constants: dict[str, object], why: str) -> None:
    reason = refuses("div-to-mul", model(TEXT % (kind, kind, kind), constants=constants))
    assert why in reason
    assert bool(why) == bool(reason)


def test_a_constant_above_is_none_of_its_business() -> None:
    text = "g (float[N,4] x, float c) => (float[N,4] y) { y = Div(c, x) }"
    assert refuses("div-to-mul", model(text, constants={"c": 2})) == ""


def test_a_real_model() -> None:
    found, made = swept("div-to-mul", onnx.load(SAMPLES / "ppocr_v4_det.onnx"))
    assert len(found.sites) == 24
    assert "Div" not in types(made)
