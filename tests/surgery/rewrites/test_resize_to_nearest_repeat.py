import pytest

from tests.surgery.harness import fires, model, refuses, types

TEXT = """<ir_version: 8, opset_import: ["" : 13]> g (float[%s] x) => (float[%s] y)
<float[%d] s = {%s}>
{ y = Resize <mode = "%s", coordinate_transformation_mode = "asymmetric", nearest_mode = "%s"> (x, , s) }"""


def text(given: str, scales: str, mode: str = "nearest", rounding: str = "floor") -> str:
    rank = scales.count(",") + 1
    return TEXT % (given, ",".join("?" * rank), rank, scales, mode, rounding)


@pytest.mark.parametrize(
    ("given", "scales", "copies"),
    [
        ("2,3,4,5", "1,1,2,2", 2),
        ("N,3,4,5", "1,1,3,1", 1),
        ("2,3,4,5,6", "1,1,2,2,2", 3),
        ("2,3,4", "2,2,1", 2),
    ],
)
def test_copies_beside_each_other(given: str, scales: str, copies: int) -> None:
    made = fires("resize-to-nearest-repeat", model(text(given, scales)))
    assert types(made).count("Concat") == copies
    assert set(types(made)) == {"Concat", "Reshape"}


def test_an_upsample_and_half_precision() -> None:
    old = """<ir_version: 4, opset_import: ["" : 9]> g (float[1,2,3,4] x) => (float[1,2,6,8] y)
    <float[4] s = {1,1,2,2}> { y = Upsample <mode = "nearest"> (x, s) }"""
    fires("resize-to-nearest-repeat", model(old))
    fires(
        "resize-to-nearest-repeat",
        model(text("2,3,4,5", "1,1,2,2").replace("g (float[", "g (float16[").replace("(float[?", "(float16[?")),
    )


@pytest.mark.parametrize(
    ("source", "why"),
    [
        (text("2,3,4,5", "1,1,2,2", rounding="ceil"), "nearer to another"),
        (text("2,3,4,5", "1,1,2.5,2"), "whole number"),
        (text("2,3,4,5", "1,1,2,32"), "more than 16"),
        (text("2,3,H,W", "1,1,2,2"), "more than one size is open"),
        (text("2,3,4,5", "1,1,2,2", "linear"), ""),
    ],
)
def test_others_stay(source: str, why: str) -> None:
    said = refuses("resize-to-nearest-repeat", model(source))
    assert why in said
    assert bool(said) == bool(why)
