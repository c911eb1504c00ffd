import pytest

from edgeplan.frontends.onnx import parse_model
from tests.surgery.harness import fires, model, refuses, types

TEXT = '<ir_version: 8, opset_import: ["" : %d]> g (%s x) => (%s y) { y = MeanVarianceNormalization%s(x) }'


@pytest.mark.parametrize("opset", [13, 18])
@pytest.mark.parametrize(
    ("shape", "axes"), [("2,4,5,6", ""), ("N,4,5,6", "<axes = [2,3]>"), ("2,4,H", "<axes = [-1]>")]
)
def test_the_op_becomes_its_parts(opset: int, shape: str, axes: str) -> None:
    kind = f"float[{shape}]"
    made = fires("split-mvn", model(TEXT % (opset, kind, kind, axes)))
    assert types(made) == ["ReduceMean", "Sub", "Mul", "ReduceMean", "Sqrt", "Add", "Div"]


def test_half_precision_stays() -> None:
    kind = "float16[2,4,5,6]"
    assert "float16" in refuses("split-mvn", model(TEXT % (13, kind, kind, "")))


def test_an_axis_that_is_not_there_stays() -> None:
    source = parse_model("g (float[2,3,4] x) => (float[2,3,4] y) { y = MeanVarianceNormalization(x) }")
    assert "3 axes" in refuses("split-mvn", source)
