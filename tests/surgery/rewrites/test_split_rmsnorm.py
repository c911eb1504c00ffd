import pytest

from tests.surgery.harness import fires, model, refuses, types

TEXT = """<ir_version: 11, opset_import: ["" : 23]>
g (%s x, %s s) => (%s y) { y = RMSNormalization<axis = %d, epsilon = 0.001>(x, s) }"""


@pytest.mark.parametrize(("shape", "scale", "axis"), [("N,5,8", "8", -1), ("2,5,8", "5,8", 1), ("3,7", "7", -1)])
def test_the_op_becomes_its_parts(shape: str, scale: str, axis: int) -> None:
    source = model(TEXT % (f"float[{shape}]", f"float[{scale}]", f"float[{shape}]", axis), ["s"])
    assert types(fires("split-rmsnorm", source)) == ["Mul", "ReduceMean", "Add", "Sqrt", "Div", "Mul"]


def test_half_precision_stays() -> None:
    source = model(TEXT % ("float16[2,8]", "float16[8]", "float16[2,8]", -1), ["s"])
    assert "float16" in refuses("split-rmsnorm", source)
