import pytest

from tests.surgery.harness import fires, model, refuses, types

TEXT = """<ir_version: 8, opset_import: ["" : %d]> g (float[%s] x) => (float[%s] y)
{ y = AveragePool <kernel_shape = [3,3], %s> (x) }"""
FOUR = "?,?,?,?"


@pytest.mark.parametrize("opset", [10, 17, 22])
@pytest.mark.parametrize(
    ("given", "rest", "ops"),
    [
        ("N,2,H,8", "pads = [1,1,1,1], count_include_pad = 1", ["Pad", "AveragePool"]),
        ("N,2,7,8", "pads = [1,0,1,2], strides = [2,1]", ["Pad", "AveragePool", "Mul"]),
        ("N,2,H,8", 'auto_pad = "SAME_LOWER", count_include_pad = 1', ["Pad", "AveragePool"]),
        ("2,2,7,8", 'auto_pad = "SAME_UPPER", strides = [2,2]', ["Pad", "AveragePool", "Mul"]),
        ("2,2,8,8", "strides = [2,2], ceil_mode = 1", ["Pad", "AveragePool", "Mul"]),
        ("2,2,7,7", "strides = [2,2], ceil_mode = 1, count_include_pad = 1", ["AveragePool"]),
    ],
)
def test_padding_is_written_and_averages_are_put_right(opset: int, given: str, rest: str, ops: list[str]) -> None:
    assert types(fires("average-pool-padding", model(TEXT % (opset, given, FOUR, rest)))) == ops


def test_volumes_and_half_precision() -> None:
    text = """<ir_version: 8, opset_import: ["" : 17]> g (float16[1,2,4,5,6] x) => (float16[1,2,4,5,6] y)
    { y = AveragePool <kernel_shape = [3,3,3], pads = [1,1,1,1,1,1]> (x) }"""
    assert types(fires("average-pool-padding", model(text), tolerance=1e-2)) == ["Pad", "AveragePool", "Mul"]


@pytest.mark.parametrize(
    ("given", "rest", "why"),
    [
        ("2,2,H,8", "pads = [1,1,1,1]", "sizes are not known"),
        ("2,2,H,8", "strides = [2,2], ceil_mode = 1", "sizes are not known"),
        ("2,2,H,8", 'auto_pad = "SAME_UPPER", strides = [2,2]', "chooses its padding"),
        ("2,2,8,8", "strides = [2,2]", ""),
    ],
)
def test_others_stay(given: str, rest: str, why: str) -> None:
    said = refuses("average-pool-padding", model(TEXT % (17, given, FOUR, rest)))
    assert why in said
    assert bool(said) == bool(why)
