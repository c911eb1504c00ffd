import pytest

from tests.surgery.harness import fires, model, refuses, types

TEXT = "g (float[%s] x, float[%s] w, float[8] b) => (float[?,8,?,?] y) { y = Conv<%s>(x, w, b) }"


@pytest.mark.parametrize(
    ("x", "w", "attrs", "kernel"),
    [
        ("N,4,1,1", "8,4,3,3", "pads=[1,1,1,1]", [1, 1]),
        ("1,4,1,9", "8,4,3,3", "pads=[1,1,1,1]", [1, 3]),
        ("1,4,6,6", "8,4,3,3", "dilations=[8,8], pads=[8,8,8,8]", [1, 1]),
        ("1,4,2,2", "8,4,3,3", "strides=[2,2], pads=[1,1,1,1]", [2, 2]),
        ("1,8,2,2", "8,1,7,7", "group=8, pads=[3,3,3,3]", [3, 3]),
        ("1,4,1,1", "8,4,3,3", 'auto_pad="SAME_UPPER"', [1, 1]),
    ],
)
def test_taps_in_the_padding_go(x: str, w: str, attrs: str, kernel: list[int]) -> None:
    made = fires("trim-kernel", model(TEXT % (x, w, attrs), ["w", "b"]))
    assert types(made) == ["Conv"]
    weights = {t.name: list(t.dims[2:]) for t in made.graph.initializer}
    assert weights[made.graph.node[0].input[1]] == kernel


@pytest.mark.parametrize(
    ("x", "attrs"),
    [("1,4,H,W", "pads=[1,1,1,1]"), ("1,4,5,5", "pads=[1,1,1,1]"), ("1,4,3,3", "pads=[0,0,0,0]")],
)
def test_taps_that_may_meet_the_image_stay(x: str, attrs: str) -> None:
    assert refuses("trim-kernel", model(TEXT % (x, "8,4,3,3", attrs), ["w", "b"])) == ""


def test_weights_made_at_run_time_stay() -> None:
    source = model(TEXT % ("1,4,1,1", "8,4,3,3", "pads=[1,1,1,1]"), ["b"])
    assert "not constant" in refuses("trim-kernel", source)
