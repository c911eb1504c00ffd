import numpy as np
import pytest

from edgeplan.surgery.runs import run_float
from tests.surgery.harness import fires, model, refuses, types

TEXT = '<ir_version: 8, opset_import: ["" : %d]> g (%s x) => (%s y) { y = LpNormalization<axis = %d, p = %d>(x) }'


@pytest.mark.parametrize("opset", [11, 13, 18])
@pytest.mark.parametrize(("shape", "axis"), [("N,7,5", 1), ("2,8", -1), ("1,3,4,H", 3)])
def test_the_op_becomes_its_parts(opset: int, shape: str, axis: int) -> None:
    kind = f"float[{shape}]"
    assert types(fires("split-lpnorm", model(TEXT % (opset, kind, kind, axis, 2)))) == [
        "Mul", "ReduceSum", "Sqrt", "Max", "Div",
    ]  # fmt: skip
    assert types(fires("split-lpnorm", model(TEXT % (opset, kind, kind, axis, 1)))) == [
        "Abs", "ReduceSum", "Max", "Div",
    ]  # fmt: skip


def test_zeros_stay_zeros() -> None:
    made = fires("split-lpnorm", model(TEXT % (13, "float[2,8]", "float[2,8]", -1, 2)))
    (found,) = run_float(made, {"x": np.zeros((2, 8), np.float32)}, ["y"])
    assert not found.any()


def test_half_precision_stays() -> None:
    kind = "float16[2,8]"
    assert "float16" in refuses("split-lpnorm", model(TEXT % (13, kind, kind, -1, 2)))
