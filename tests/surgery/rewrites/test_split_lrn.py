import pytest

from tests.surgery.harness import fires, model, refuses, types

TEXT = "g (%s x) => (%s y) { y = LRN<size = %d, alpha = %s, beta = %s, bias = %s>(x) }"


@pytest.mark.parametrize("shape", ["2,7,5,6", "N,7,3,3", "1,4,9,H"])
@pytest.mark.parametrize("size", [1, 3, 5])
def test_the_window_is_a_convolution(shape: str, size: int) -> None:
    source = model(TEXT % (f"float[{shape}]", f"float[{shape}]", size, "0.5", "0.75", "2.0"))
    assert types(fires("split-lrn", source)) == ["Mul", "Conv", "Sqrt", "Sqrt", "Mul", "Div"]


@pytest.mark.parametrize(("beta", "last"), [("1.0", ["Div"]), ("0.5", ["Sqrt", "Div"]), ("0.6", ["Pow", "Div"])])
def test_powers_are_roots_where_they_can_be(beta: str, last: list[str]) -> None:
    source = model(TEXT % ("float[2,7,5,6]", "float[2,7,5,6]", 5, "0.5", beta, "1.0"))
    assert types(fires("split-lrn", source)) == ["Mul", "Conv", *last]


@pytest.mark.parametrize(
    ("kind", "size", "why"),
    [
        ("float16[2,7,5,6]", 5, "float16"),
        ("float[2,2000,5,6]", 5, "2000 channels"),
        ("float[2,C,5,6]", 5, "not of images"),
        ("float[2,7,5,6]", 4, "no middle"),
        ("float[2,7,5]", 5, "not of images"),
    ],
)
def test_other_forms_stay(kind: str, size: int, why: str) -> None:
    assert why in refuses("split-lrn", model(TEXT % (kind, kind, size, "0.5", "0.75", "1.0")))
