import pytest

from tests.surgery.harness import fires, model, refuses, types

HEAD = '<ir_version: 8, opset_import: ["" : %d]> '
TEXT = "g (float[%s] x) => (float[%s] y) { y = %s<axis=%d>(x) }"


@pytest.mark.parametrize("op", ["Softmax", "LogSoftmax"])
@pytest.mark.parametrize(
    ("shape", "axis"), [("3,4", 0), ("2,5,4", 1), ("2,5,4", -2), ("N,16,4,A", 1), ("N,3,H,W", -4), ("1,2,3,4,5", 2)]
)
def test_the_axis_becomes_the_last_one(op: str, shape: str, axis: int) -> None:
    made = fires("softmax-last-axis", model(TEXT % (shape, shape, op, axis)))
    assert types(made) == ["Transpose", op, "Transpose"]
    assert made.graph.node[1].attribute[0].i == len(shape.split(",")) - 1


def test_float16() -> None:
    text = (TEXT % ("2,5,4", "2,5,4", "Softmax", 1)).replace("float[", "float16[")
    assert types(fires("softmax-last-axis", model(text), tolerance=2e-3)) == ["Transpose", "Softmax", "Transpose"]


def test_before_opset_13_it_stays() -> None:
    assert "before opset 13" in refuses("softmax-last-axis", model(HEAD % 12 + TEXT % ("2,5,4", "2,5,4", "Softmax", 1)))
    text = HEAD % 11 + "g (float[2,5,4] x) => (float[2,5,4] y) { y = Softmax(x) }"
    assert "before opset 13" in refuses("softmax-last-axis", model(text))


@pytest.mark.parametrize("text", [TEXT % ("2,5,4", "2,5,4", "Softmax", -1), TEXT % ("7", "7", "Softmax", 0)])
def test_the_last_axis_is_no_business(text: str) -> None:
    assert refuses("softmax-last-axis", model(text)) == ""


def test_an_axis_left_out_is_the_last_one() -> None:
    assert refuses("softmax-last-axis", model("g (float[2,5,4] x) => (float[2,5,4] y) { y = Softmax(x) }")) == ""
