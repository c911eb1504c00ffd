import pytest

from tests.surgery.harness import fires, model, types

TEXT = "g (float[%s] a, float[%s] b, float[1] c) => (float[%s] y) { y = %s }"


@pytest.mark.parametrize("shape", ["4", "N,3", "2,3,H"])
@pytest.mark.parametrize(
    ("op", "parts"),
    [
        ("Sum(a, b)", ["Add"]),
        ("Sum(a, b, c)", ["Add", "Add"]),
        ("Mean(a, b, c)", ["Add", "Add", "Mul"]),
        ("Sum(c, a, a, b)", ["Add", "Add", "Add"]),
    ],
)
def test_many_inputs_become_pairs(shape: str, op: str, parts: list[str]) -> None:
    assert types(fires("split-sum", model(TEXT % (shape, shape, shape, op)))) == parts


def test_one_input_is_the_result() -> None:
    text = "g (float[4] a) => (float[4] y) { b = Relu(a) c = Sum(b) d = Mean(c) y = Relu(d) }"
    assert types(fires("split-sum", model(text), 2)) == ["Relu", "Relu"]
