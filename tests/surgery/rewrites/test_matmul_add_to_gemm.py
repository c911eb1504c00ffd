from pathlib import Path

import numpy as np
import pytest

from edgeplan.surgery.draft import Draft
from edgeplan.surgery.ledger import Ledger
from edgeplan.surgery.rewrites import rewrite
from edgeplan.surgery.sweep import sweep
from tests.surgery.harness import fires, model, refuses, types

TEXT = """g (float[%s] x, float[6,4] w, float[%s] b) => (float[?,4] y) {
    h = MatMul(x, w)
    y = Add(%s)
}"""


@pytest.mark.parametrize("shape", ["3,6", "N,6", "1,6"])
@pytest.mark.parametrize("bias", ["4", "1", "1,4", "1,1"])
@pytest.mark.parametrize("order", ["h, b", "b, h"])
def test_a_product_and_its_bias_are_one_gemm(shape: str, bias: str, order: str) -> None:
    made = fires("matmul-add-to-gemm", model(TEXT % (shape, bias, order), ["w", "b"]))
    assert types(made) == ["Gemm"]
    assert not made.graph.node[0].attribute


def test_float16() -> None:
    text = (TEXT % ("3,6", "4", "h, b")).replace("float[", "float16[")
    assert types(fires("matmul-add-to-gemm", model(text, ["w", "b"]), tolerance=2e-3)) == ["Gemm"]


def test_transposed_weights_stay_as_they_are() -> None:
    source = model(
        """g (float[N,6] x, float[4,6] w, float[4] b) => (float[N,4] y) {
            t = Transpose<perm=[1,0]>(w)
            h = MatMul(x, t)
            y = Add(h, b)
        }""",
        ["w", "b"],
    )
    made = fires("matmul-add-to-gemm", source)
    assert types(made) == ["Gemm"]
    assert made.graph.node[0].attribute[0].name == "transB"
    assert [list(t.dims) for t in made.graph.initializer if t.name == "w"] == [[4, 6]]


def test_between_reshapes() -> None:
    source = model(
        """g (float[2,5,6] x, float[6,4] w, float[4] b, int64[2] s, int64[3] r) => (float[2,5,4] y) {
            f = Reshape(x, s)
            h = MatMul(f, w)
            a = Add(h, b)
            y = Reshape(a, r)
        }""",
        ["w", "b"],
        constants={"s": [-1, 6], "r": [2, 5, 4]},
    )
    assert types(fires("matmul-add-to-gemm", source)) == ["Reshape", "Gemm", "Reshape"]


@pytest.mark.parametrize(
    ("shape", "bias", "weights", "why"),
    [
        ("2,3,6", "4", ["w", "b"], ""),
        ("3,6", "3,1", ["w", "b"], "one a column"),
        ("1,6", "5,4", ["w", "b"], "one a column"),
        ("3,6", "1,1,4", ["w", "b"], "one a column"),
        ("3,6", "4", ["w"], "computed"),
        ("6", "4", ["w", "b"], ""),
        ("3,6", "4", ["b"], ""),
    ],
)
def test_other_sums_stay(shape: str, bias: str, weights: list[str], why: str) -> None:
    rank = max(len(shape.split(",")), len(bias.split(",")))
    text = (TEXT % (shape, bias, "h, b")).replace("[?,4]", f"[{','.join('?' * rank)}]")
    reason = refuses("matmul-add-to-gemm", model(text, weights))
    assert why in reason
    assert bool(why) == bool(reason)


def test_a_product_others_read_stays() -> None:
    text = (TEXT % ("3,6", "4", "h, b")).replace("=> (", "=> (float[3,4] h, ")
    assert "before its bias" in refuses("matmul-add-to-gemm", model(text, ["w", "b"]))


def test_integers_stay() -> None:
    text = (TEXT % ("3,6", "4", "h, b")).replace("float[", "int32[")
    weights = {"w": np.ones((6, 4)), "b": np.ones(4)}
    assert "floating-point" in refuses("matmul-add-to-gemm", model(text, constants=weights))


RESHAPED = """g (float[B,5,6] x, float[6,4] w, float[%s] b, int64[2] flat, int64[%d] full) => (float[%s] y) {
    f = Reshape(x, flat)
    p = MatMul(f, w)
    h = Reshape(p, full)
    y = Add(h, b)
}"""


@pytest.mark.parametrize("bias", ["4", "1", "1,4"])
def test_a_bias_behind_a_reshape(bias: str) -> None:
    source = model(RESHAPED % (bias, 3, "?,5,4"), ["w", "b"], constants={"flat": [-1, 6], "full": [-1, 5, 4]})
    assert types(fires("matmul-add-to-gemm", source)) == ["Reshape", "Gemm", "Reshape"]


@pytest.mark.parametrize(
    ("bias", "full", "out", "why"),
    [("2", [-1, 5, 2, 2], "?,5,2,2", "one a column"), ("1", [-1, 5, 2, 2], "?,5,2,2", "columns are reshaped")],
)
def test_a_bias_of_other_columns_stays(bias: str, full: list[int], out: str, why: str) -> None:
    constants = {"flat": [-1, 6], "full": full}
    assert why in refuses("matmul-add-to-gemm", model(RESHAPED % (bias, 4, out), ["w", "b"], constants=constants))


def test_a_real_model() -> None:
    draft = Draft.open(Path(__file__).parents[3] / "samples" / "magika_v3_3.onnx")
    assert len(sweep(draft, [rewrite("matmul-add-to-gemm")], Ledger()).sites) == 1
