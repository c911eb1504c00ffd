import pytest

from tests.surgery.harness import fires, model, refuses, types

TEXT = "g (float[%s] x, float[4,8,3,3] w, float[8] b) => (float[?,8,?,?] y) { y = ConvTranspose<%s>(x, w, b) }"


@pytest.mark.parametrize(
    ("x", "attrs"),
    [
        ("N,4,H,W", "strides=[2,2], pads=[1,1,1,1]"),
        ("2,4,5,6", "strides=[2,2], pads=[1,1,1,1], output_padding=[1,1]"),
        ("1,4,5,6", "strides=[3,3], pads=[0,1,2,0], output_padding=[1,2]"),
        ("1,4,5,6", "pads=[2,1,0,1]"),
    ],
)
def test_what_is_cut_off_is_sliced_off(x: str, attrs: str) -> None:
    made = fires("conv-transpose-crop", model(TEXT % (x, attrs), ["w", "b"]))
    assert types(made) == ["ConvTranspose", "Slice"]
    assert "pads" not in {a.name for a in made.graph.node[0].attribute}


@pytest.mark.parametrize(("attrs", "why"), [("strides=[2,2]", ""), ('auto_pad="SAME_UPPER", strides=[2,2]', "size")])
def test_refusals_say_why(attrs: str, why: str) -> None:
    reason = refuses("conv-transpose-crop", model(TEXT % ("1,4,5,6", attrs), ["w", "b"]))
    assert why in reason
    assert bool(why) == bool(reason)
