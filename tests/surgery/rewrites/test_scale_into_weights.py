import pytest

from tests.surgery.harness import fires, model, refuses, types

BEFORE = """g (float[%s] x, float[6,4] w, float[%s] s) => (float[%s] y) {
    h = %s
    y = MatMul(h, w)
}"""
ATTENTION = """g (float[B,5,8] x, float[8,8] wq, float[8] bq, float[8,8] wk, int64[4] heads, float s)
=> (float[?,?,?,?] y) {
    p = MatMul(x, wq)
    q = Add(bq, p)
    k = MatMul(x, wk)
    qr = Reshape(q, heads)
    kr = Reshape(k, heads)
    qt = Transpose<perm=[0,2,1,3]>(qr)
    kt = Transpose<perm=[0,2,3,1]>(kr)
    %s
}"""


def unknown(shape: str) -> str:
    return ",".join("?" for _ in shape.split(","))


HEADS = {"heads": [0, 5, 2, 4], "s": 2.0}


@pytest.mark.parametrize("shape", ["3,6", "B,5,6", "1,2,3,6"])
@pytest.mark.parametrize("scale", ["6", "1", "1,6"])
@pytest.mark.parametrize("op", ["Mul(x, s)", "Mul(s, x)", "Div(x, s)"])
def test_a_scale_before_the_layer(shape: str, scale: str, op: str) -> None:
    assert types(fires("scale-into-weights", model(BEFORE % (shape, scale, unknown(shape), op), ["w"], ["s"]))) == [
        "MatMul"
    ]


def test_a_scale_before_a_gemm() -> None:
    text = """g (float[N,6] x, float[4,6] w, float[4] b, float[6] s) => (float[N,4] y) {
        h = Mul(x, s)
        y = Gemm<transB=1, alpha=3.0, beta=0.5>(h, w, b)
    }"""
    assert types(fires("scale-into-weights", model(text, ["w", "b"], ["s"]))) == ["Gemm"]


def test_float16() -> None:
    text = (BEFORE % ("3,6", "6", "3,4", "Mul(x, s)")).replace("float[", "float16[")
    assert types(fires("scale-into-weights", model(text, ["w"], ["s"]), tolerance=5e-3)) == ["MatMul"]


@pytest.mark.parametrize("op", ["Mul(t, s)", "Div(t, s)"])
def test_the_scale_of_scores_goes_into_the_queries_weights(op: str) -> None:
    text = ATTENTION % f"t = MatMul(qt, kt) y = {op}"
    made = fires("scale-into-weights", model(text, ["wq", "bq", "wk"], constants=HEADS))
    assert not {"Mul", "Div"} & set(types(made))
    assert len(types(made)) == 8


def test_the_scale_of_queries_goes_into_their_weights() -> None:
    text = ATTENTION % "t = Mul(qt, s) y = MatMul(t, kt)"
    made = fires("scale-into-weights", model(text, ["wq", "bq", "wk"], constants=HEADS))
    assert "Mul" not in types(made)


@pytest.mark.parametrize(
    ("op", "outputs", "why"),
    [
        ("t = MatMul(qt, kt) y = Mul(t, s)", "t", "between the layer and its scale"),
        ("t = Mul(qt, s) y = MatMul(t, kt)", "q", "between the layer and its scale"),
    ],
)
def test_results_others_read_stay(op: str, outputs: str, why: str) -> None:
    text = (ATTENTION % op).replace("=> (", f"=> (float[{'?,?,?,?' if outputs == 't' else '?,?,?'}] {outputs}, ")
    assert why in refuses("scale-into-weights", model(text, ["wq", "bq", "wk"], constants=HEADS))


@pytest.mark.parametrize(
    ("shape", "scale", "why"),
    [("3,6", "3,1", "one a channel"), ("3,6", "1,1,6", "one a channel"), ("3,1", "6", "one a channel")],
)
def test_other_scales_stay(shape: str, scale: str, why: str) -> None:
    assert why in refuses(
        "scale-into-weights",
        model(BEFORE % (shape, scale, unknown(max(shape, scale, key=len)), "Mul(x, s)"), ["w"], ["s"]),
    )


def test_a_scaled_tensor_others_read_stays() -> None:
    text = (BEFORE % ("3,6", "6", "3,4", "Mul(x, s)")).replace("=> (float[3,4] y)", "=> (float[3,4] y, float[3,6] h)")
    assert "scaled tensor" in refuses("scale-into-weights", model(text, ["w"], ["s"]))


def test_a_gemm_that_turns_its_input_stays() -> None:
    text = "g (float[6,6] x, float[6,4] w, float[6] s) => (float[6,4] y) { h = Mul(x, s) y = Gemm<transA=1>(h, w) }"
    assert "turns its input" in refuses("scale-into-weights", model(text, ["w"], ["s"]))
