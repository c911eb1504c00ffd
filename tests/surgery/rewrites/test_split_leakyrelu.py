import pytest

from edgeplan import analyze
from edgeplan.target import resolve
from tests.surgery.harness import fires, model, types

TEXT = "g (%s[%s] x) => (%s[%s] y) { y = LeakyRelu%s(x) }"


@pytest.mark.parametrize("shape", ["4", "2,3,4,5", "N,7,33"])
@pytest.mark.parametrize(
    ("attrs", "made"),
    [
        ("", ["Mul", "Max"]),
        ("<alpha = 0.3>", ["Mul", "Max"]),
        ("<alpha = -0.5>", ["Mul", "Max"]),
        ("<alpha = 1.0>", ["Mul", "Max"]),
        ("<alpha = 3.0>", ["Mul", "Min"]),
        ("<alpha = 0.0>", ["Relu"]),
    ],
)
def test_leaky_relu_becomes_a_maximum(shape: str, attrs: str, made: list[str]) -> None:
    assert types(fires("split-leakyrelu", model(TEXT % ("float", shape, "float", shape, attrs)))) == made


def test_half_precision() -> None:
    source = model(TEXT % ("float16", "N", "float16", "N", "<alpha = 0.3>"))
    assert types(fires("split-leakyrelu", source, tolerance=2e-3)) == ["Mul", "Max"]


def test_an_edge_tpu_takes_the_maximum() -> None:
    source = model(TEXT % ("float", "1,8,4,4", "float", "1,8,4,4", ""))
    edge = resolve("raspberry-pi-5-8gb", "tflite", use=["edgetpu"], assume="w8a8")
    assert not any(op.unit == "edgetpu" and op.type == "LEAKY_RELU" for op in analyze(source, edge).ops)
    made = {op.type: op.unit for op in analyze(fires("split-leakyrelu", source), edge).ops}
    assert made["MUL"] == made["MAXIMUM"] == "edgetpu"
