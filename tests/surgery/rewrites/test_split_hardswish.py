import pytest

from tests.surgery.harness import fires, model, types


@pytest.mark.parametrize("shape", ["4", "2,3,4,5", "N,7,33"])
def test_hard_swish_becomes_a_clip(shape: str) -> None:
    made = fires("split-hardswish", model(f"g (float[{shape}] x) => (float[{shape}] y) {{ y = HardSwish(x) }}"))
    assert types(made) == ["Add", "Clip", "Mul", "Mul"]


def test_half_precision() -> None:
    text = "g (float16[N,4] x) => (float16[N,4] y) { y = HardSwish(x) }"
    assert types(fires("split-hardswish", model(text), tolerance=2e-3)) == ["Add", "Clip", "Mul", "Mul"]
