import pytest

from tests.surgery.harness import fires, model, types


@pytest.mark.parametrize("shape", ["4", "2,3,4,5", "N,7,33"])
def test_mish_becomes_its_parts(shape: str) -> None:
    made = fires("split-mish", model(f"g (float[{shape}] x) => (float[{shape}] y) {{ y = Mish(x) }}"))
    assert types(made) == ["Softplus", "Tanh", "Mul"]
