import pytest

from tests.surgery.harness import fires, model, refuses, types

TEXT = """<ir_version: 8, opset_import: ["" : 18]> g (float[%s] x) => (float[?,?,?,?] y)
{ y = %s <kernel_shape = [3,3], ceil_mode = 1, %s> (x) }"""


@pytest.mark.parametrize(
    ("given", "op", "rest", "pads"),
    [
        ("1,2,8,8", "MaxPool", "strides = [2,2]", [0, 0, 1, 1]),
        ("N,2,9,8", "MaxPool", "strides = [2,2], pads = [0,1,0,1]", [0, 1, 0, 2]),
        ("2,2,8,11", "AveragePool", "strides = [2,2]", [0, 0, 1, 0]),
        ("2,2,7,7", "LpPool", "strides = [2,2]", [0, 0, 0, 0]),
    ],
)
def test_rounding_up_becomes_padding(given: str, op: str, rest: str, pads: list[int]) -> None:
    made = fires("pool-ceil-mode", model(TEXT % (given, op, rest)))
    assert types(made) == [op]
    found = {a.name: a for a in made.graph.node[0].attribute}
    assert list(found["pads"].ints) == pads
    assert "ceil_mode" not in found


@pytest.mark.parametrize(
    ("given", "op", "rest", "why"),
    [
        ("2,2,H,8", "MaxPool", "strides = [2,2]", "sizes are not known"),
        ("2,2,8,8", "AveragePool", "strides = [2,2], count_include_pad = 1", "padding counts"),
        ("2,2,8,8", "MaxPool", "strides = [2,2], dilations = [2,2]", "dilated"),
    ],
)
def test_others_stay(given: str, op: str, rest: str, why: str) -> None:
    assert why in refuses("pool-ceil-mode", model(TEXT % (given, op, rest)))


def test_half_precision() -> None:
    fires("pool-ceil-mode", model((TEXT % ("1,2,8,8", "MaxPool", "strides = [2,2]")).replace("float[", "float16[")))
