import pytest
from onnx import ModelProto

from tests.surgery.harness import fires, model, refuses, types

TEXT = """<ir_version: 11, opset_import: ["" : %d]>
g (float[N,5,8] x, float[8] s, float[5,8] t, float e, float p, float one, float root, int64[1] axes)
    => (float[N,5,8] y) {
    %s
}"""
MEAN = "q = Pow(x, p) v = ReduceMean(q, axes) a = Add(v, e)"


def source(body: str, opset: int = 23, axes: int = -1) -> ModelProto:
    constants = {"e": 1e-5, "p": 2.0, "one": 1.0, "root": -0.5, "axes": [axes]}
    return model(TEXT % (opset, body), ["s", "t"], constants=constants)


@pytest.mark.parametrize(
    "body",
    [
        f"{MEAN} r = Sqrt(a) z = Div(x, r) y = Mul(z, s)",
        f"{MEAN} r = Sqrt(a) i = Reciprocal(r) z = Mul(x, i) y = Mul(s, z)",
        f"{MEAN} r = Sqrt(a) i = Div(one, r) z = Mul(i, x) y = Mul(s, z)",
        f"{MEAN} r = Pow(a, root) z = Mul(x, r) y = Mul(z, s)",
        f"{MEAN} r = Sqrt(a) y = Div(x, r)",
        "q = Mul(x, x) v = ReduceMean(q, axes) a = Add(e, v) r = Sqrt(a) z = Div(x, r) y = Mul(z, s)",
    ],
)
def test_every_spelling_becomes_the_op(body: str) -> None:
    assert types(fires("fuse-rmsnorm", source(body))) == ["RMSNormalization"]


def test_a_bias_stays_behind() -> None:
    made = fires("fuse-rmsnorm", source(f"{MEAN} r = Sqrt(a) z = Div(x, r) w = Mul(z, s) y = Add(w, s)"))
    assert types(made) == ["RMSNormalization", "Add"]


def test_a_scale_of_other_axes_stays_behind() -> None:
    made = fires("fuse-rmsnorm", source(f"{MEAN} r = Sqrt(a) z = Div(x, r) y = Mul(z, t)"))
    assert types(made) == ["RMSNormalization", "Mul"]


def test_the_casts_of_half_precision_go() -> None:
    text = """<ir_version: 11, opset_import: ["" : 23]>
    g (float16[N,8] x, float16[8] s, float e, float p, int64[1] axes) => (float16[N,8] y) {
        w = Cast<to = 1>(x)
        q = Pow(w, p) v = ReduceMean(q, axes) a = Add(v, e) r = Sqrt(a) i = Reciprocal(r) z = Mul(w, i)
        n = Cast<to = 10>(z)
        y = Mul(s, n)
    }"""
    made = model(text, ["s"], constants={"e": 1e-5, "p": 2.0, "axes": [-1]})
    assert types(fires("fuse-rmsnorm", made, tolerance=1e-2)) == ["RMSNormalization"]


DONE = f"{MEAN} r = Sqrt(a) z = Div(x, r) y = Mul(z, s)"


@pytest.mark.parametrize(
    ("made", "why"),
    [
        (source(DONE, 22), "opset 22"),
        (source(DONE, axes=1), "over axis 1 of 3"),
        (source(f"{MEAN} r = Sqrt(a) z = Div(x, r) k = Mul(z, s) y = Add(k, q)"), "something else reads"),
        (source(f"{MEAN} r = Sqrt(a) y = Div(q, r)"), ""),
        (source("m = ReduceMean(x, axes) d = Sub(x, m) " + DONE.replace("x,", "d,")), ""),
    ],
)
def test_other_forms_stay(made: ModelProto, why: str) -> None:
    found = refuses("fuse-rmsnorm", made)
    assert why in found if why else not found
