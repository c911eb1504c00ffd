from __future__ import annotations

import pytest

from edgeplan.cost.parameters import parameters
from edgeplan.frontends.onnx import parse_text


@pytest.mark.parametrize(
    ("text", "count"),
    [
        pytest.param(
            "g (float[4] x) => (y) <float[4] b = {1, 2, 3, 4}> { a = Add (x, b) y = Mul (a, b) }", 4, id="shared"
        ),
        pytest.param("g (float[4] x) => (y) <float k = {0.5}> { y = Mul (x, k) }", 0, id="scalar"),
        pytest.param("g (float[4] x) => (y) <int64[2] t = {2, 2}> { y = Reshape (x, t) }", 0, id="shape"),
        pytest.param(
            "g (float[4] x) => (y) <float[4] b = {1, 2, 3, 4}, float[4] c = {1, 2, 3, 4}> "
            "{ y = Add (x, b) unused = Add (x, c) }",
            4,
            id="dead",
        ),
        pytest.param(
            "g (float[4,3] x) => (y) <int64[2] s = {5, 3}> "
            "{ w = ConstantOfShape (s) t = Transpose (w) y = MatMul (x, t) }",
            15,
            id="made-and-transposed",
        ),
        pytest.param(
            "g (float[1,2,4,4] x) => (y) <float[2] m = {1, 1}> { y = BatchNormalization (x, m, m, m, m) }",
            2,
            id="scale-and-shift",
        ),
        pytest.param(
            "g (float[1,2,4,4] x) => (y) <float[2] m = {1, 1}, float[2] v = {1, 1}, float[2] s = {1, 1}> "
            "{ y = BatchNormalization (x, s, s, m, v) }",
            2,
            id="statistics",
        ),
        pytest.param(
            "g (int8[2] x, float[2,2] z) => (y) <int8[2,2] q = {1, 2, 3, 4}, float s = {0.5}> "
            "{ w = DequantizeLinear (q, s) y = MatMul (z, w) }",
            4,
            id="quantised",
        ),
        pytest.param("g (float[4] x) => (y) { y = Relu (x) }", 0, id="none"),
    ],
)
def test_parameters_are_the_learned_constants(text: str, count: int) -> None:
    assert parameters(parse_text(text)) == count
