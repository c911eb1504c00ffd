import pytest

from tests.surgery.harness import fires, model, refuses, types

TEXT = "g (float[%s] x, float[%s] w, float[8] b) => (float[?,8,?,?,?] y) { y = Conv<%s>(x, w, b) }"


@pytest.mark.parametrize(
    ("x", "w", "attrs", "convs"),
    [
        ("N,4,5,6,7", "8,4,1,3,3", "pads=[0,1,1,0,1,1]", 1),
        ("N,4,5,6,7", "8,4,3,3,3", "pads=[1,1,1,1,1,1]", 3),
        ("2,8,5,6,7", "8,1,3,3,3", "group=8, strides=[2,2,1], dilations=[2,1,1]", 3),
        ("1,4,2,8,8", "8,4,2,4,4", "strides=[2,4,4]", 2),
    ],
)
def test_volumes_are_convolved_image_by_image(x: str, w: str, attrs: str, convs: int) -> None:
    made = fires("conv3d-to-conv2d", model(TEXT % (x, w, attrs), ["w", "b"]))
    assert types(made).count("Conv") == convs
    assert types(made).count("Transpose") == 2


@pytest.mark.parametrize("attrs", ["pads=[1,0,0,1,0,0]", "strides=[2,1,1]", "dilations=[2,1,1]"])
def test_a_kernel_along_the_depth_takes_height_and_width_as_one(attrs: str) -> None:
    made = fires("conv3d-to-conv2d", model(TEXT % ("N,4,7,5,6", "8,4,3,1,1", attrs), ["w", "b"]))
    assert types(made) == ["Reshape", "Conv", "Reshape"]


@pytest.mark.parametrize(
    ("x", "w", "why"),
    [("1,4,D,6,7", "8,4,3,3,3", "not known"), ("1,4,9,6,7", "8,4,8,3,3", "8 deep"), ("1,4,6,7", "8,4,3,3", "")],
)
def test_refusals_say_why(x: str, w: str, why: str) -> None:
    text = TEXT % (x, w, "group=1")
    text = text if why else text.replace("?,8,?,?,?", "?,8,?,?")
    reason = refuses("conv3d-to-conv2d", model(text, ["w", "b"]))
    assert why in reason
    assert bool(why) == bool(reason)


def test_weights_made_at_run_time_stay() -> None:
    source = model(TEXT % ("1,4,5,6,7", "8,4,3,3,3", "group=1"), ["b"])
    assert "not constant" in refuses("conv3d-to-conv2d", source)
