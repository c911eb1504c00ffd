import pytest

from tests.surgery.harness import fires, model, refuses, types

TEXT = """<ir_version: 8, opset_import: ["" : 17]> g (float[%s] x) => (float[?,?,?,?] y)
{ y = %s <%s> (x) }"""


@pytest.mark.parametrize(
    ("given", "op", "rest", "count"),
    [
        ("1,2,40,40", "MaxPool", "kernel_shape = [25,25], strides = [2,2]", 2),
        ("N,2,H,40", "MaxPool", "kernel_shape = [3,33], strides = [1,3], pads = [1,16,1,16]", 3),
        ("1,2,40,40", "MaxPool", "kernel_shape = [15,14], pads = [14,0,3,13]", 2),
        ("1,2,56,48", "AveragePool", "kernel_shape = [28,16], strides = [28,16]", 2),
        ("1,2,32,32", "AveragePool", "kernel_shape = [32,2], strides = [32,2]", 2),
    ],
)
def test_a_chain_of_small_windows(given: str, op: str, rest: str, count: int) -> None:
    assert types(fires("large-pool-to-chain", model(TEXT % (given, op, rest)))) == [op] * count


def test_half_precision() -> None:
    text = (TEXT % ("1,2,40,40", "MaxPool", "kernel_shape = [25,25]")).replace("float[", "float16[")
    fires("large-pool-to-chain", model(text), tolerance=0)


@pytest.mark.parametrize(
    ("op", "rest", "why"),
    [
        ("MaxPool", "kernel_shape = [25,25], strides = [2,2], ceil_mode = 1", "rounded up"),
        ("AveragePool", "kernel_shape = [25,25], strides = [2,2]", "overlap"),
        ("AveragePool", "kernel_shape = [34,34], strides = [34,34]", "no product"),
        ("MaxPool", "kernel_shape = [5,5]", ""),
    ],
)
def test_others_stay(op: str, rest: str, why: str) -> None:
    said = refuses("large-pool-to-chain", model(TEXT % ("1,2,40,40", op, rest)))
    assert why in said
    assert bool(said) == bool(why)
