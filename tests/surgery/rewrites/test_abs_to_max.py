import pytest

from tests.surgery.harness import fires, model, refuses, types


@pytest.mark.parametrize("kind", ["float[4]", "float[N,3,5]", "float16[2,H]"])
def test_a_size_is_the_larger_of_two(kind: str) -> None:
    made = fires("abs-to-max", model(f"g ({kind} x) => ({kind} y) {{ y = Abs(x) }}"), tolerance=0)
    assert types(made) == ["Mul", "Max"]


def test_integers_stay() -> None:
    assert "is int32" in refuses("abs-to-max", model("g (int32[4] x) => (int32[4] y) { y = Abs(x) }"))
