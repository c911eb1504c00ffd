import pytest

from tests.surgery.harness import fires, model, refuses, types

TEXT = """<ir_version: 8, opset_import: ["" : 17]> g (%s x) => (%s y)
<int64[%d] a = {%s}, int64[%d] b = {%s}> {
    r = Reshape (x, a)
    t = Transpose <perm = [%s]> (r)
    y = Reshape (t, b)
}"""


def text(given: str, shape: list[int], perm: list[int], result: list[int], kind: str = "float") -> str:
    def said(values: list[int]) -> str:
        return ",".join(map(str, values))

    out = f"{kind}[{','.join('?' * len(result))}]"
    return TEXT % (f"{kind}[{given}]", out, len(shape), said(shape), len(result), said(result), said(perm))


@pytest.mark.parametrize(
    ("given", "shape", "perm", "result", "becomes"),
    [
        ("1,56,56,12", [1, 8, 7, 8, 7, 12], [0, 1, 3, 2, 4, 5], [64, 49, 12], [0, 2, 1, 3]),
        ("N,56,56,12", [-1, 8, 7, 8, 7, 12], [0, 1, 3, 2, 4, 5], [-1, 49, 12], [0, 2, 1, 3]),
        ("1,255,20,20", [1, 3, 85, 20, 20], [0, 1, 3, 4, 2], [1, 1200, 85], [0, 2, 1]),
        ("2,12,4,4", [2, 4, 3, 4, 4], [0, 2, 1, 3, 4], [2, 12, 4, 4], [0, 2, 1, 3]),
    ],
)
def test_axes_that_stay_together_are_one(
    given: str, shape: list[int], perm: list[int], result: list[int], becomes: list[int]
) -> None:
    made = fires("high-rank-transpose", model(text(given, shape, perm, result)))
    assert types(made) == ["Reshape", "Transpose", "Reshape"]
    assert list(made.graph.node[1].attribute[0].ints) == becomes


def test_half_precision_and_integers_are_moved_as_well() -> None:
    for kind in ("float16", "int64"):
        fires("high-rank-transpose", model(text("1,4,6,2", [1, 2, 2, 3, 2, 2], [0, 1, 3, 2, 4, 5], [6, 4, 2], kind)))


def test_a_result_others_read_keeps_its_shape() -> None:
    source = model(
        "g (float[2,3,4,5,6] x) => (float[2,5,6,3,4] y, float[2,5,6,3,4] z) "
        "{ y = Transpose <perm = [0,3,4,1,2]> (x) z = Relu (y) }"
    )
    assert types(fires("high-rank-transpose", source)) == ["Reshape", "Transpose", "Reshape", "Relu"]


def test_a_transpose_of_ones_alone_is_a_reshape() -> None:
    source = model("g (float[1,3,1,1,6] x) => (float[1,1,3,1,6] y) { y = Transpose <perm = [0,2,1,3,4]> (x) }")
    assert types(fires("high-rank-transpose", source)) == ["Reshape"]


def test_two_open_sizes_cannot_be_said() -> None:
    source = model("g (float[N,3,4,5,L] x) => (float[N,5,L,3,4] y) { y = Transpose <perm = [0,3,4,1,2]> (x) }")
    assert "more than one size is open" in refuses("high-rank-transpose", source)


@pytest.mark.parametrize("perm", ["[2,0,3,1,4]", "[4,3,2,1,0]"])
def test_where_no_axes_stay_together_it_has_nothing_to_say(perm: str) -> None:
    source = model(f"g (float[2,3,4,5,6] x) => (float[?,?,?,?,?] y) {{ y = Transpose <perm = {perm}> (x) }}")
    assert refuses("high-rank-transpose", source) == ""
