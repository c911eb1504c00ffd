import pytest

from tests.surgery.harness import fires, model, refuses, types

TEXT = """<ir_version: 10, opset_import: ["" : %d]>
g (float[%s] x) => (float[%s] y) { s = Softplus(x) t = Tanh(s) y = Mul(%s) }"""


@pytest.mark.parametrize("shape", ["4", "2,3,4,5", "N,7,33"])
@pytest.mark.parametrize("factors", ["x, t", "t, x"])
def test_its_parts_become_a_mish(shape: str, factors: str) -> None:
    assert types(fires("fuse-mish", model(TEXT % (18, shape, shape, factors)))) == ["Mish"]


def test_before_opset_18_there_is_no_mish() -> None:
    assert refuses("fuse-mish", model(TEXT % (17, "N", "N", "x, t"))) == "the model's opset is 17, Mish came with 18"


@pytest.mark.parametrize("inner", "st")
def test_a_value_others_read_stays(inner: str) -> None:
    text = (TEXT % (18, "4", "4", "x, t")).replace("float[4] y)", f"float[4] y, float[4] {inner})")
    assert "reads" in refuses("fuse-mish", model(text))


@pytest.mark.parametrize("factors", ["s, t", "t, t"])
def test_other_products_are_not_its_business(factors: str) -> None:
    assert refuses("fuse-mish", model(TEXT % (18, "4", "4", factors))) == ""
