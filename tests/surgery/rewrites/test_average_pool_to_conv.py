import pytest

from tests.surgery.harness import fires, model, refuses, types

TEXT = """<ir_version: 8, opset_import: ["" : 17]> g (float[%s] x) => (float[?,?,?,?] y)
{ y = AveragePool <%s> (x) }"""


@pytest.mark.parametrize(
    ("given", "rest"),
    [
        ("N,3,H,8", "kernel_shape = [2,2], strides = [2,2]"),
        ("1,5,9,8", "kernel_shape = [3,2], pads = [1,0,1,1], count_include_pad = 1"),
        ("2,3,7,7", "kernel_shape = [7,7]"),
    ],
)
def test_a_mean_is_a_convolution_with_equal_weights(given: str, rest: str) -> None:
    made = fires("average-pool-to-conv", model(TEXT % (given, rest)))
    assert types(made) == ["Conv"]


def test_half_precision() -> None:
    text = (TEXT % ("1,5,8,8", "kernel_shape = [2,2]")).replace("float[", "float16[")
    fires("average-pool-to-conv", model(text), tolerance=1e-2)


@pytest.mark.parametrize(
    ("given", "rest", "why"),
    [
        ("2,3,8,8", "kernel_shape = [3,3], pads = [1,1,1,1]", "left out of the average"),
        ("2,C,8,8", "kernel_shape = [2,2]", "channels are not known"),
        ("2,3,H,8", "kernel_shape = [3,3], strides = [2,2], ceil_mode = 1", "reach past"),
        ("2,3,64,64", "kernel_shape = [40,40]", "more than 1024"),
        ("2,3,4,3", 'kernel_shape = [1,1], strides = [3,3], auto_pad = "SAME_UPPER"', "do not agree"),
    ],
)
def test_others_stay(given: str, rest: str, why: str) -> None:
    assert why in refuses("average-pool-to-conv", model(TEXT % (given, rest)))
