import pytest

from tests.surgery.harness import fires, model, refuses, types

NORM = "float[4] s, float[4] t, float[4] m, float[4] v"
WEIGHTS = ["w", "b", "s", "t", "m"]
GEMM = f"""g (float[%s] x, float[6,4] w, float[4] b, {NORM}) => (float[?,4] y) {{
    h = %s
    y = BatchNormalization<%s>(h, s, t, m, v)
}}"""
TOKENS = f"""g (float[B,5,6] x, float[6,4] w, float[4] b, {NORM}, int64[2] flat, int64[3] full) => (float[B,%s] y) {{
    p = MatMul(x, w)
    h = Add(p, b)
    %s
}}"""
SHAPES = {"flat": [-1, 4], "full": [-1, 5, 4]}


@pytest.mark.parametrize("shape", ["3,6", "N,6", "1,6"])
@pytest.mark.parametrize("op", ["Gemm(x, w, b)", "Gemm(x, w)", "Gemm<alpha=0.5, beta=3.0>(x, w, b)"])
def test_into_a_gemm(shape: str, op: str) -> None:
    source = model(GEMM % (shape, op, "epsilon=0.01"), WEIGHTS, ["v"])
    assert types(fires("batchnorm-into-linear", source)) == ["Gemm"]


def test_into_a_product() -> None:
    source = model(GEMM % ("N,6", "MatMul(x, w)", "epsilon=0.01"), WEIGHTS, ["v"])
    assert types(fires("batchnorm-into-linear", source)) == ["MatMul", "Add"]


def test_float16() -> None:
    text = (GEMM % ("3,6", "Gemm(x, w, b)", "epsilon=0.01")).replace("float[", "float16[")
    assert types(fires("batchnorm-into-linear", model(text, WEIGHTS, ["v"]), tolerance=1e-2)) == ["Gemm"]


def test_over_flattened_tokens() -> None:
    text = TOKENS % ("5,4", "f = Reshape(h, flat) n = BatchNormalization(f, s, t, m, v) y = Reshape(n, full)")
    made = fires("batchnorm-into-linear", model(text, WEIGHTS, ["v"], SHAPES))
    assert types(made) == ["MatMul", "Add", "Reshape", "Reshape"]


def test_over_turned_tokens() -> None:
    text = TOKENS % ("4,5", "f = Transpose<perm=[0,2,1]>(h) y = BatchNormalization(f, s, t, m, v)")
    made = fires("batchnorm-into-linear", model(text, WEIGHTS, ["v"], SHAPES))
    assert types(made) == ["MatMul", "Add", "Transpose"]


def test_over_new_axes() -> None:
    text = f"""g (float[N,6] x, float[6,4] w, float[4] b, {NORM}, int64[2] axes) => (float[N,4,1,1] y) {{
        h = Gemm(x, w, b)
        u = Unsqueeze(h, axes)
        y = BatchNormalization(u, s, t, m, v)
    }}"""
    made = fires("batchnorm-into-linear", model(text, WEIGHTS, ["v"], {"axes": [2, 3]}))
    assert types(made) == ["Gemm", "Unsqueeze"]


def test_another_axis_stays() -> None:
    text = f"""g (float[B,4,6] x, float[6,5] w, {NORM}) => (float[B,4,5] y) {{
        h = MatMul(x, w)
        y = BatchNormalization(h, s, t, m, v)
    }}"""
    reason = refuses("batchnorm-into-linear", model(text, ["w", "s", "t", "m"], ["v"]))
    assert "not the axis that is normalized" in reason


def test_an_axis_made_of_others_stays() -> None:
    text = f"""g (float[2,2,6] x, float[6,4] w, {NORM}, int64[3] r) => (float[2,4,2] y) {{
        h = MatMul(x, w)
        u = Reshape(h, r)
        y = BatchNormalization(u, s, t, m, v)
    }}"""
    reason = refuses("batchnorm-into-linear", model(text, ["w", "s", "t", "m"], ["v"], {"r": [2, 4, 2]}))
    assert "made of others" in reason


def test_training_stays() -> None:
    text = (GEMM % ("3,6", "Gemm(x, w, b)", "training_mode=1")).replace("y = Batch", "y, a, c = Batch")
    assert "training" in refuses("batchnorm-into-linear", model(text, WEIGHTS, ["v"]))


def test_a_result_others_read_stays() -> None:
    text = (GEMM % ("3,6", "Gemm(x, w, b)", "epsilon=0.01")).replace("=> (", "=> (float[3,4] h, ")
    assert "reads the layer's result" in refuses("batchnorm-into-linear", model(text, WEIGHTS, ["v"]))


def test_computed_parameters_stay() -> None:
    source = model(GEMM % ("3,6", "Gemm(x, w, b)", "epsilon=0.01"), ["w", "b", "s", "t"], ["v"])
    assert "not constant" in refuses("batchnorm-into-linear", source)
