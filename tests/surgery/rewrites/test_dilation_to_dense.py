import pytest

from tests.surgery.harness import fires, model, refuses, types

TEXT = "g (float[%s] x, float[%s] w, float[8] b) => (float[?,8,?,?] y) { y = %s(x, w, b) }"


@pytest.mark.parametrize(
    ("x", "w", "op"),
    [
        ("N,4,H,9", "8,4,3,3", "Conv<dilations=[2,2], pads=[2,2,2,2]>"),
        ("2,8,9,9", "8,1,3,3", "Conv<dilations=[2,2], group=8, strides=[2,2]>"),
        ("1,4,9,9", "8,4,1,3", "Conv<dilations=[4,3]>"),
        ("1,4,5,6", "4,8,3,3", "ConvTranspose<dilations=[2,2], pads=[1,0,1,2]>"),
    ],
)
def test_zeros_take_the_place_of_what_lies_between(x: str, w: str, op: str) -> None:
    made = fires("dilation-to-dense", model(TEXT % (x, w, op), ["w", "b"]))
    assert types(made) == [op.split("<")[0]]
    assert "dilations" not in {a.name for a in made.graph.node[0].attribute}


def test_kernels_that_grow_too_much_stay() -> None:
    source = model(TEXT % ("1,4,9,9", "8,4,3,3", "Conv<dilations=[3,3]>"), ["w", "b"])
    assert "5.4 times" in refuses("dilation-to-dense", source)


def test_weights_made_at_run_time_stay() -> None:
    source = model(TEXT % ("1,4,9,9", "8,4,3,3", "Conv<dilations=[2,2]>"), ["b"])
    assert "not constant" in refuses("dilation-to-dense", source)


def test_float16_is_rounded_once() -> None:
    text = (TEXT % ("1,4,9,9", "8,4,3,3", "Conv<dilations=[2,2]>")).replace("float[", "float16[")
    text = text.replace("{ y = ", "{ y = ")
    made = fires("dilation-to-dense", model(text, ["w", "b"]), tolerance=1e-2)
    assert made.graph.initializer[0].data_type == 10
