import pytest

from tests.surgery.harness import fires, model, refuses, types

TEXT = "g (%s[%s] x, %s n) => (%s[%s] y) { y = Pow(x, n) }"


@pytest.mark.parametrize(
    ("exponent", "kinds"),
    [
        (2, ["Mul"]),
        (3, ["Mul", "Mul"]),
        (0.5, ["Sqrt"]),
        (-1, ["Reciprocal"]),
        (-0.5, ["Sqrt", "Reciprocal"]),
    ],
)
@pytest.mark.parametrize("shape", ["N,4", "3"])
def test_small_exponents(exponent: float, kinds: list[str], shape: str) -> None:
    text = TEXT % ("float", shape, "float", "float", shape)
    assert types(fires("pow-to-mul", model(text, constants={"n": exponent}))) == kinds


def test_other_types() -> None:
    half = TEXT % ("float16", "2,3", "float16", "float16", "2,3")
    assert types(fires("pow-to-mul", model(half, constants={"n": 2}), tolerance=2e-3)) == ["Mul"]
    whole = TEXT % ("int32", "2,3", "int32", "int32", "2,3")
    assert types(fires("pow-to-mul", model(whole, constants={"n": 3}))) == ["Mul", "Mul"]
    mixed = TEXT % ("float", "2,3", "int64[1]", "float", "2,3")
    assert types(fires("pow-to-mul", model(mixed, constants={"n": [2]}))) == ["Mul"]


@pytest.mark.parametrize(
    ("kind", "form", "constants", "why"),
    [
        ("float", "float", {"n": 2.5}, "exponent is 2.5"),
        ("float", "float", {}, "not one known"),
        ("float", "float[2]", {"n": [2, 2]}, "not one known"),
        ("float", "float[1,1,1]", {"n": [[[2]]]}, "widen"),
        ("int32", "float", {"n": 0.5}, "floating-point"),
    ],
)
def test_others_stay(kind: str, form: str, constants: dict[str, object], why: str) -> None:
    shape = "1,4,2" if "1,1,1" in form else "4,2"
    text = TEXT % (kind, "4,2", form, kind, shape)
    assert why in refuses("pow-to-mul", model(text, constants=constants))
