import pytest

from tests.surgery.harness import fires, model, types

HEAD = '<ir_version: 10, opset_import: ["" : 24, "com.microsoft" : 1]>'


@pytest.mark.parametrize("shape", ["4", "2,3,4,5", "N,7,33"])
@pytest.mark.parametrize(
    ("op", "made"),
    [
        ("Swish(x)", ["Sigmoid", "Mul"]),
        ("Swish<alpha = 0.5>(x)", ["Mul", "Sigmoid", "Mul"]),
        ("com.microsoft.QuickGelu<alpha = 1.0>(x)", ["Sigmoid", "Mul"]),
        ("com.microsoft.QuickGelu(x)", ["Mul", "Sigmoid", "Mul"]),
    ],
)
def test_swish_becomes_its_input_times_a_sigmoid(op: str, made: list[str], shape: str) -> None:
    source = model(f"{HEAD} g (float[{shape}] x) => (float[{shape}] y) {{ y = {op} }}")
    assert types(fires("split-silu", source)) == made


def test_half_precision() -> None:
    source = model(f"{HEAD} g (float16[N] x) => (float16[N] y) {{ y = Swish<alpha = 0.7>(x) }}")
    assert types(fires("split-silu", source, tolerance=2e-3)) == ["Mul", "Sigmoid", "Mul"]
