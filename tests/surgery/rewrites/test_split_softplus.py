import pytest

from tests.surgery.harness import fires, model, types

PARTS = sorted(["Abs", "Mul", "Exp", "Add", "Relu", "Log", "Add"])


@pytest.mark.parametrize("shape", ["4", "2,3,4,5", "N,7,33"])
def test_softplus_becomes_a_logarithm(shape: str) -> None:
    made = fires("split-softplus", model(f"g (float[{shape}] x) => (float[{shape}] y) {{ y = Softplus(x) }}"))
    assert sorted(types(made)) == PARTS


def test_it_does_not_overflow() -> None:
    text = "g (float[N] x, float large) => (float[N] y) { s = Mul(x, large) y = Softplus(s) }"
    assert len(types(fires("split-softplus", model(text, constants={"large": 1e4})))) == 8
