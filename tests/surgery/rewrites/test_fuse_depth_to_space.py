import pytest

from tests.surgery.harness import fires, model, refuses, types

TEXT = """<ir_version: 8, opset_import: ["" : %d]> g (float[%s] x) => (float[%s] y)
<int64[6] a = {%s}, int64[4] b = {%s}> {
    r = Reshape (x, a)
    t = Transpose <perm = [%s]> (r)
    y = Reshape (t, b)
}"""
SHUFFLE = ("1,12,3,4", "1,3,6,8", "1,3,2,2,3,4", "1,3,6,8", "0,1,4,2,5,3")


@pytest.mark.parametrize(
    ("form", "op"),
    [
        (SHUFFLE, "DepthToSpace"),
        (("N,8,3,4", "N,2,6,8", "-1,2,2,2,3,4", "-1,2,6,8", "0,1,4,2,5,3"), "DepthToSpace"),
        (("2,18,3,4", "2,2,9,12", "2,3,3,2,3,4", "2,2,9,12", "0,3,4,1,5,2"), "DepthToSpace"),
        (("2,3,4,6", "2,12,2,3", "2,3,2,2,3,2", "2,12,2,3", "0,3,5,1,2,4"), "SpaceToDepth"),
    ],
)
def test_the_pattern_is_one_op(form: tuple[str, ...], op: str) -> None:
    assert types(fires("fuse-depth-to-space", model(TEXT % (17, *form)))) == [op]


@pytest.mark.parametrize(
    ("opset", "form", "why"),
    [
        (10, SHUFFLE, "before opset 11"),
        (17, ("2,3,4,6", "2,12,2,3", "2,3,2,2,3,2", "2,12,2,3", "0,1,3,5,2,4"), "channels of one place last"),
        (17, ("1,18,4,4", "1,3,8,12", "1,3,2,3,4,4", "1,3,8,12", "0,1,4,2,5,3"), "not squares"),
        (17, ("1,12,3,4", "1,3,8,6", "1,3,2,2,3,4", "1,3,8,6", "0,1,4,2,5,3"), "whole blocks"),
        (17, ("1,12,3,4", "1,3,6,8", "1,4,2,3,2,3", "1,3,6,8", "0,2,4,1,5,3"), ""),
    ],
)
def test_other_forms_stay(opset: int, form: tuple[str, ...], why: str) -> None:
    said = refuses("fuse-depth-to-space", model(TEXT % (opset, *form)))
    assert why in said
    assert bool(said) == bool(why)


def test_a_tensor_of_six_axes_others_read() -> None:
    text = (TEXT % (17, *SHUFFLE)).replace("=> (", "=> (float[?,?,?,?,?,?] t, ")
    assert "reads" in refuses("fuse-depth-to-space", model(text))
