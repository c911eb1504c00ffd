import pytest

from tests.surgery.harness import fires, model, refuses, types

TEXT = "g (float[%s] x, float[8,4,%s] w) => (float[?,8,%s] y) { y = Conv<%s>(x, w) }"


@pytest.mark.parametrize(
    ("x", "w", "attrs"),
    [
        ("N,4,H,W", "1,1", "strides=[2,2]"),
        ("1,4,7,9", "1,1", "strides=[1,3], kernel_shape=[1,1]"),
        ("2,4,L", "1", 'strides=[2], auto_pad="VALID"'),
    ],
)
def test_what_is_read_is_picked_first(x: str, w: str, attrs: str) -> None:
    text = TEXT % (x, w, ",".join("?" * (x.count(",") - 1)), attrs)
    assert types(fires("strided-pointwise-to-slice", model(text, ["w"]))) == ["Slice", "Conv"]


@pytest.mark.parametrize(
    ("w", "attrs", "why"),
    [("1,1", "strides=[2,2], pads=[1,1,1,1]", "pads"), ("1,1", "strides=[1,1]", ""), ("3,3", "strides=[2,2]", "")],
)
def test_refusals_say_why(w: str, attrs: str, why: str) -> None:
    reason = refuses("strided-pointwise-to-slice", model(TEXT % ("1,4,9,9", w, "?,?", attrs), ["w"]))
    assert why in reason
    assert bool(why) == bool(reason)


def test_before_opset_10_there_are_no_steps() -> None:
    source = model(TEXT % ("1,4,9,9", "1,1", "?,?", "strides=[2,2]"), ["w"])
    source.opset_import[0].version = 9
    assert "opset 10" in refuses("strided-pointwise-to-slice", source)
