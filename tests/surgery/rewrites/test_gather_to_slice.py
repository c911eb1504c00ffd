import pytest

from tests.surgery.harness import fires, model, refuses, types

ROW = """g (float[N,6,4] x, int64[%d] i) => (float[N,?,4] y) { y = Gather<axis=%d>(x, i) }"""
ONE = """g (float[N,6,4] x, int64 i) => (float[?,?] y) { y = Gather<axis=%d>(x, i) }"""


@pytest.mark.parametrize("indices", [[2, 3, 4], [-3, -2, -1], [1, 3, 5], [4], [4, -1]])
def test_neighbours_are_sliced(indices: list[int]) -> None:
    source = model(ROW % (len(indices), 1), constants={"i": indices})
    assert types(fires("gather-to-slice", source)) == ["Slice"]


def test_indices_of_all_elements_in_order_leave_nothing_to_do() -> None:
    text = (ROW % (6, 1)).replace("y = ", "h = Neg(x) y = ").replace("(x, i)", "(h, i)")
    assert types(fires("gather-to-slice", model(text, constants={"i": range(6)}))) == ["Neg"]


@pytest.mark.parametrize(("axis", "index"), [(1, 0), (1, 5), (-1, -1), (0, -1), (0, 1), (2, -2)])
def test_a_scalar_index_leaves_the_axis_out(axis: int, index: int) -> None:
    assert types(fires("gather-to-slice", model(ONE % axis, constants={"i": index}))) == ["Slice", "Squeeze"]


def test_a_free_axis_counts_from_either_end() -> None:
    text = "g (float[3,N] x, int64[2] i) => (float[3,2] y) { y = Gather<axis=1>(x, i) }"
    assert types(fires("gather-to-slice", model(text, constants={"i": [-2, -1]}))) == ["Slice"]
    assert types(fires("gather-to-slice", model(text, constants={"i": [0, 1]}))) == ["Slice"]
    assert "both ends" in refuses("gather-to-slice", model(text, constants={"i": [0, -1]}))


@pytest.mark.parametrize("indices", [[1, 1], [3, 2], [0, 1, 3], [5, -1]])
def test_other_orders_stay(indices: list[int]) -> None:
    source = model(ROW % (len(indices), 1), constants={"i": indices})
    assert "not in order" in refuses("gather-to-slice", source)


def test_a_table_of_indices_stays() -> None:
    text = "g (float[5,4] x, int64[2,2] i) => (float[2,2,4] y) { y = Gather(x, i) }"
    assert "shape [2, 2]" in refuses("gather-to-slice", model(text, constants={"i": [[0, 1], [2, 3]]}))
    assert "not known" in refuses("gather-to-slice", model(text))


def test_sizes_picked_out_of_a_shape_are_none_of_its_business() -> None:
    text = "g (float[N,4] x, int64 i) => (int64 y) { s = Shape(x) y = Gather(s, i) }"
    assert refuses("gather-to-slice", model(text, constants={"i": 0})) == ""
    row = text.replace("s = Shape(x)", "").replace("float[N,4] x", "int64[4] s")
    assert refuses("gather-to-slice", model(row, constants={"i": 0})) == ""


@pytest.mark.parametrize("opset", [9, 12, 13])
def test_older_opsets(opset: int) -> None:
    header = f'<ir_version: 8, opset_import: ["" : {opset}]> '
    assert types(fires("gather-to-slice", model(header + ONE % 1, constants={"i": 2}))) == ["Slice", "Squeeze"]
    stepped = model(header + ROW % (2, 1), constants={"i": [1, 3]})
    if opset < 10:
        assert "no steps" in refuses("gather-to-slice", stepped)
    else:
        fires("gather-to-slice", stepped)


@pytest.mark.parametrize("kind", ["float16", "int32"])
def test_other_types(kind: str) -> None:
    text = (ONE % 1).replace("float", kind)
    assert types(fires("gather-to-slice", model(text, constants={"i": 2}))) == ["Slice", "Squeeze"]


def test_an_index_outside_stays() -> None:
    assert "outside" in refuses("gather-to-slice", model(ROW % (2, 1), constants={"i": [5, 6]}))
