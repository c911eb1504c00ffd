import pytest

from tests.surgery.harness import fires, model, refuses, types

SCALES = """<ir_version: 8, opset_import: ["" : %d]> g (float[%s] x) => (float[?,?,?,?] y)
<float[4] s = {%s}>
{ y = Resize <mode = "%s", coordinate_transformation_mode = "%s", nearest_mode = "%s"> (x, %s, s) }"""
SIZES = """<ir_version: 8, opset_import: ["" : 13]> g (float16[%s] x) => (float16[?,?,?,?] y)
<int64[4] s = {%s}> { y = Resize <coordinate_transformation_mode = "asymmetric", nearest_mode = "floor"> (x, , , s) }"""


@pytest.mark.parametrize(
    ("coordinates", "rounding", "scales"),
    [
        ("half_pixel", "round_prefer_floor", "1,1,2,3"),
        ("half_pixel", "round_prefer_ceil", "1,1,2,3"),
        ("tf_half_pixel_for_nn", "floor", "1,1,2,2"),
        ("align_corners", "round_prefer_floor", "1,1,2,1"),
    ],
)
def test_other_words_for_repetition(coordinates: str, rounding: str, scales: str) -> None:
    made = fires("resize-plain-nearest", model(SCALES % (13, "2,3,4,5", scales, "nearest", coordinates, rounding, "")))
    assert types(made) == ["Resize"]


def test_open_sizes() -> None:
    text = SCALES % (13, "N,3,H,W", "1,1,2,4", "nearest", "half_pixel", "round_prefer_floor", "")
    fires("resize-plain-nearest", model(text))


def test_sizes_become_scales() -> None:
    made = fires("resize-plain-nearest", model(SIZES % ("2,3,4,5", "2,3,8,15")))
    assert list(made.graph.node[0].input)[1] == ""


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (SCALES % (13, "2,3,4,5", "1,1,2,2", "nearest", "asymmetric", "ceil", ""), "nearer to another"),
        (SCALES % (13, "2,3,4,5", "1,1,1.5,2", "nearest", "half_pixel", "floor", ""), "whole number"),
        (SIZES % ("2,3,4,W", "2,3,8,10"), "size is not known"),
        (SCALES % (13, "2,3,4,5", "1,1,2,2", "linear", "half_pixel", "floor", ""), ""),
        (SCALES % (13, "2,3,4,5", "1,1,2,2", "nearest", "asymmetric", "floor", ""), ""),
    ],
)
def test_others_stay(text: str, why: str) -> None:
    said = refuses("resize-plain-nearest", model(text))
    assert why in said
    assert bool(said) == bool(why)
