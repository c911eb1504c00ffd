import pytest

from tests.surgery.harness import fires, model, refuses, types

TEXT = """<ir_version: 8, opset_import: ["" : 13]> g (%(t)s[%(g)s] x) => (%(t)s[?,?,?,?] y) <float[4] s = {%(s)s}>
{ y = Resize <mode = "%(m)s", coordinate_transformation_mode = "%(c)s", nearest_mode = "floor"> (x, , s) }"""


def text(given: str, scales: str, mode: str, coordinates: str, kind: str = "float") -> str:
    return TEXT % {"g": given, "s": scales, "m": mode, "c": coordinates, "t": kind}


@pytest.mark.parametrize(
    ("given", "scales", "mode", "coordinates", "ops"),
    [
        ("N,3,H,W", "1,1,2,3", "nearest", "asymmetric", ["ConvTranspose"]),
        ("1,2,3,4", "1,1,8,3", "nearest", "asymmetric", ["ConvTranspose", "ConvTranspose"]),
        ("2,3,4,5", "1,1,2,2", "linear", "half_pixel", ["Pad", "ConvTranspose"]),
        ("N,3,H,W", "1,1,3,4", "linear", "half_pixel", ["Pad", "ConvTranspose"]),
        ("1,3,4,1", "1,1,8,1", "linear", "half_pixel", ["Pad", "ConvTranspose"]),
    ],
)
def test_fixed_weights_enlarge(given: str, scales: str, mode: str, coordinates: str, ops: list[str]) -> None:
    assert types(fires("resize-to-conv-transpose", model(text(given, scales, mode, coordinates)))) == ops


def test_half_precision() -> None:
    fires(
        "resize-to-conv-transpose", model(text("1,2,4,4", "1,1,2,2", "nearest", "asymmetric", "float16")), tolerance=0
    )


@pytest.mark.parametrize(
    ("given", "scales", "mode", "coordinates", "why"),
    [
        ("1,3,4,4", "1,1,2,2", "linear", "align_corners", "other coordinates"),
        ("1,3,4,4", "1,1,2,2", "linear", "asymmetric", "other coordinates"),
        ("1,3,4,4", "1,2,2,2", "nearest", "asymmetric", "channels are resized"),
        ("1,C,4,4", "1,1,2,2", "nearest", "asymmetric", "not known"),
        ("1,3,4,4", "1,1,9,2", "nearest", "asymmetric", "not 2 to 8"),
        ("1,3,4,4", "1,1,1.5,2", "linear", "half_pixel", "whole number"),
        ("1,3,4,4", "1,1,2,2", "cubic", "half_pixel", ""),
    ],
)
def test_others_stay(given: str, scales: str, mode: str, coordinates: str, why: str) -> None:
    said = refuses("resize-to-conv-transpose", model(text(given, scales, mode, coordinates)))
    assert why in said
    assert bool(said) == bool(why)
