import pytest

from tests.surgery.harness import fires, model, refuses, types

TEXT = "g (float[%s] x) => (float[%s] y) { y = %s(x) }"


@pytest.mark.parametrize("shape", ["4", "2,3,4,5", "N,7,33"])
@pytest.mark.parametrize(
    ("op", "made"),
    [
        ("Selu", ["Elu", "Mul"]),
        ("Selu<alpha = 2.0, gamma = 0.5>", ["Elu", "Mul"]),
        ("Selu<gamma = 1.0>", ["Elu"]),
        ("Celu", ["Elu"]),
        ("Celu<alpha = 0.3>", ["Mul", "Elu", "Mul"]),
    ],
)
def test_it_becomes_a_scaled_elu(op: str, made: list[str], shape: str) -> None:
    assert types(fires("selu-to-elu", model(TEXT % (shape, shape, op)))) == made


def test_a_celu_that_falls_stays() -> None:
    assert "not positive" in refuses("selu-to-elu", model(TEXT % ("4", "4", "Celu<alpha = -1.0>")))
