import pytest

from tests.surgery.harness import fires, model, types


@pytest.mark.parametrize("shape", ["4", "2,3,4,5", "N,7,33"])
def test_softsign_becomes_a_quotient(shape: str) -> None:
    made = fires("split-softsign", model(f"g (float[{shape}] x) => (float[{shape}] y) {{ y = Softsign(x) }}"))
    assert types(made) == ["Abs", "Add", "Div"]


def test_half_precision() -> None:
    source = model("g (float16[N] x) => (float16[N] y) { y = Softsign(x) }")
    assert types(fires("split-softsign", source, tolerance=2e-3)) == ["Abs", "Add", "Div"]
