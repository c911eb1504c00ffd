import onnx
import pytest

from tests.surgery.harness import fires, model, refuses, types

TEXT = """%sg (float[N,%d,3] x, int64[1] z, int64[1] a, int64[1] b, int64[1] e, int64[1] axis)
        => (float[N,?,3] p, float[N,?,3] q, float[N,?,3] r) {
    p = Slice(x, a, b, axis)
    q = Slice(x, z, a, axis)
    m = Slice(x, b, e, axis)
    r = Relu(m)
}"""
BOUNDS = {"z": [0], "a": [2], "b": [5], "e": [2**31 - 1], "axis": [1]}


@pytest.mark.parametrize(("opset", "size"), [(10, 9), (13, 7), (18, 8), (21, 6)])
def test_slices_that_cover_an_axis_become_a_split(opset: int, size: int) -> None:
    text = TEXT % (f'<ir_version: 8, opset_import: ["" : {opset}]> ', size)
    made = fires("slice-to-split", model(text, constants=BOUNDS))
    assert types(made) == ["Split", "Relu"]


def test_two_slices_may_share_a_piece() -> None:
    text = (TEXT % ("", 8)).replace("r = Relu(m)", "n = Slice(x, b, e, axis) r = Add(m, n)")
    made = fires("slice-to-split", model(text, constants=BOUNDS))
    assert types(made) == ["Split", "Add"]


def test_readers_in_between_are_put_in_order() -> None:
    text = """g (float[2,6] x, int64[1] z, int64[1] a, int64[1] e, int64[1] axis) => (float[2,3] y) {
        p = Slice(x, z, a, axis) u = Relu(p) q = Slice(x, a, e, axis) y = Mul(u, q)
    }"""
    made = fires("slice-to-split", model(text, constants={"z": [0], "a": [3], "e": [6], "axis": [-1]}))
    assert types(made) == ["Split", "Relu", "Mul"]
    onnx.checker.check_model(made)


@pytest.mark.parametrize(
    ("changed", "why"),
    [({"z": [1]}, ""), ({"e": [7]}, "out"), ({"b": [6]}, "out"), ({"a": [3]}, "overlap")],
)
def test_other_pieces_stay(changed: dict[str, list[int]], why: str) -> None:
    text = TEXT % ("", 8)
    if why == "overlap":
        text = text.replace("x, z, a,", "x, z, b,")
    if changed.get("b"):
        text = text.replace("x, b, e,", "x, e, e,")
    reason = refuses("slice-to-split", model(text, constants={**BOUNDS, **changed}))
    assert why in reason
    assert bool(why) == bool(reason)


def test_a_free_axis_stays() -> None:
    assert refuses("slice-to-split", model(TEXT % ("", 8), constants={**BOUNDS, "axis": [0]})) == ""
