import pytest

from tests.surgery.harness import fires, model, refuses, types

GATHERS = """<ir_version: 8, opset_import: ["" : %d]> g (float[%s,5,24] x) => (%s)
<int64[5] s = {-1,5,%s}, int64 i = {0}, int64 j = {1}, int64 l = {-1}> {
    r = Reshape (x, s)
    t = Transpose <perm = [%s]> (r)
    q = Gather <axis = 0> (t, i)
    k = Gather <axis = 0> (t, j)
    v = Gather <axis = 0> (t, l)
}"""
PARTS = "float[?,2,5,4] q, float[?,2,5,4] k, float[?,2,5,4] v"


@pytest.mark.parametrize(("opset", "batch"), [(17, "3"), (17, "N"), (11, "2")])
def test_parts_are_slices_of_the_packed_product(opset: int, batch: str) -> None:
    made = fires("split-heads-first", model(GATHERS % (opset, batch, PARTS, "3,2,4", "2,0,3,1,4")))
    assert sorted(types(made)) == ["Reshape"] * 3 + ["Split"] + ["Transpose"] * 3


def test_split_and_squeeze_take_parts_out_too() -> None:
    text = """<ir_version: 8, opset_import: ["" : 13]> g (float16[2,5,16] x) => (float16[2,2,5,4] k, float16[2,2,5,4] v)
    <int64[5] s = {2,5,2,2,4}, int64[1] a = {0}> {
        r = Reshape (x, s)
        t = Transpose <perm = [2,0,3,1,4]> (r)
        k1, v1 = Split <axis = 0> (t)
        k = Squeeze (k1, a)
        v = Squeeze (v1, a)
    }"""
    made = fires("split-heads-first", model(text))
    assert sorted(types(made)) == ["Reshape", "Reshape", "Split", "Transpose", "Transpose"]


def test_a_part_that_nobody_takes() -> None:
    two = PARTS[: PARTS.index(", float[?,2,5,4] v")]
    text = GATHERS.replace("v = Gather <axis = 0> (t, l)", "") % (17, "3", two, "3,2,4", "2,0,3,1,4")
    assert "one by one" in refuses("split-heads-first", model(text))


def test_heads_outside_the_parts_are_no_slices() -> None:
    assert "not slices" in refuses("split-heads-first", model(GATHERS % (17, "3", PARTS, "2,3,4", "3,0,2,1,4")))


def test_a_transposed_tensor_others_read_is_left() -> None:
    text = GATHERS % (17, "3", PARTS + ", float[3,?,2,5,4] t", "3,2,4", "2,0,3,1,4")
    assert refuses("split-heads-first", model(text)) == ""


def test_a_cut_tensor_others_read_is_left() -> None:
    text = GATHERS % (17, "3", PARTS + ", float[?,5,3,2,4] r", "3,2,4", "2,0,3,1,4")
    assert "before it is transposed" in refuses("split-heads-first", model(text))
