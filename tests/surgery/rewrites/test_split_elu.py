import pytest

from tests.surgery.harness import fires, model, types


@pytest.mark.parametrize("shape", ["4", "2,3,4,5", "N,7,33"])
@pytest.mark.parametrize(("attrs", "more"), [("", []), ("<alpha = 0.3>", ["Mul"]), ("<alpha = -2.0>", ["Mul"])])
def test_elu_becomes_a_power(shape: str, attrs: str, more: list[str]) -> None:
    made = fires("split-elu", model(f"g (float[{shape}] x) => (float[{shape}] y) {{ y = Elu{attrs}(x) }}"))
    assert types(made) == ["Relu", "Sub", "Exp", "Sub", *more, "Add"]


def test_it_does_not_overflow() -> None:
    text = "g (float[N] x, float large) => (float[N] y) { s = Mul(x, large) y = Elu(s) }"
    assert len(types(fires("split-elu", model(text, constants={"large": 1e4})))) == 6
