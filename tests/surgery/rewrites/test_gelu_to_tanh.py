import pytest

from tests.surgery.harness import fires, refuses, types
from tests.surgery.rewrites.test_fuse_gelu import BY_ERF, BY_TANH, gelu
from tests.surgery.rewrites.test_split_gelu import SIGMOID


@pytest.mark.parametrize("shape", ["64", "2,3,4,5", "N,7,33"])
def test_gelu_by_erf_becomes_a_sigmoid(shape: str) -> None:
    assert types(fires("gelu-to-tanh", gelu("y = Gelu(x)", shape=shape), tolerance=1e-3)) == SIGMOID


def test_so_does_its_formula_at_any_opset() -> None:
    assert types(fires("gelu-to-tanh", gelu(BY_ERF["pytorch"], opset=13), tolerance=1e-3)) == SIGMOID


@pytest.mark.parametrize("body", ['y = Gelu<approximate = "tanh">(x)', BY_TANH["pow"]])
def test_what_is_by_tanh_already_stays(body: str) -> None:
    assert refuses("gelu-to-tanh", gelu(body)) == ""
