import pytest

from tests.surgery.harness import fires, model, refuses, types

TEXT = """<ir_version: 9, opset_import: ["" : 19]> g (float[N,3,5,6] x, %s int64[2] a) => (float[?,?,?,?] y)
<%s> { y = Pad <mode = "%s"> (x, p, %s, a) }"""


@pytest.mark.parametrize(("mode", "axes"), [("constant", [3, 1]), ("reflect", [-1, -2])])
def test_every_axis_has_a_width(mode: str, axes: list[int]) -> None:
    source = model(TEXT % ("", "int64[4] p = {1,2,0,1}", mode, ""), constants={"a": axes})
    made = fires("pad-every-axis", source)
    assert types(made) == ["Pad"]
    assert len(made.graph.node[0].input) == 2


@pytest.mark.parametrize("shape", ["7,6", "N,3,L", "1,2,3,4,5"])
def test_of_any_rank(shape: str) -> None:
    text = TEXT.replace("N,3,5,6", shape).replace("?,?,?,?", ",".join("?" for _ in shape.split(",")))
    source = model(text % ("", "int64[4] p = {1,2,0,1}", "edge", ""), constants={"a": [-1, 0]})
    assert types(fires("pad-every-axis", source)) == ["Pad"]


def test_the_value_is_kept() -> None:
    text = TEXT % ("", "int64[4] p = {1,2,0,1}, float v = {1.5}", "constant", "v")
    made = fires("pad-every-axis", model(text, constants={"a": [2, 3]}))
    assert len(made.graph.node[0].input) == 3


def test_widths_that_are_computed_stay() -> None:
    text = TEXT % ("int64[4] p,", "float v = {1.5}", "constant", "v")
    assert "not known" in refuses("pad-every-axis", model(text, constants={"a": [2, 3]}))
