import pytest

from tests.surgery.harness import fires, model, refuses, types

TEXT = """<ir_version: 8, opset_import: ["" : %d]>
g (%s x, %s s, %s b) => (%s y) { y = InstanceNormalization<epsilon = 0.001>(x, s, b) }"""
PARTS = ["ReduceMean", "Sub", "Mul", "ReduceMean", "Add", "Sqrt", "Div", "Mul", "Add"]


@pytest.mark.parametrize("opset", [9, 13, 18])
@pytest.mark.parametrize("shape", ["N,4,5,6", "2,4,7", "1,4,2,3,H"])
def test_the_op_becomes_its_parts(opset: int, shape: str) -> None:
    kinds = (f"float[{shape}]", "float[4]", "float[4]", f"float[{shape}]")
    assert types(fires("split-instancenorm", model(TEXT % (opset, *kinds), ["s", "b"]))) == PARTS


def test_half_precision_stays() -> None:
    kinds = ("float16[2,4,8]", "float16[4]", "float16[4]", "float16[2,4,8]")
    assert "float16" in refuses("split-instancenorm", model(TEXT % (13, *kinds), ["s", "b"]))


def test_a_computed_scale_is_reshaped() -> None:
    kinds = ("float[2,4,8]", "float[4]", "float[4]", "float[2,4,8]")
    made = fires("split-instancenorm", model(TEXT % (13, *kinds), ["b"]))
    assert sorted(types(made)) == sorted([*PARTS, "Reshape"])


def test_a_scale_of_unknown_size_stays() -> None:
    kinds = ("float[2,4,8]", "float[C]", "float[4]", "float[2,4,8]")
    assert "not known" in refuses("split-instancenorm", model(TEXT % (13, *kinds), ["b"]))
