import pytest
from onnx import ModelProto

from tests.surgery.harness import fires, model, refuses, types

TEXT = """<ir_version: 10, opset_import: ["" : %d]>
g (float[%s] x, float[4] s, float[4] o, float[12,1,1] scale, float[1,12,1,1] bias, float one,
   int64[3] to, int64[4] back)
    => (float[%s] y) {
    %s
}"""
CORE = "g = Reshape(x, to) i = InstanceNormalization<epsilon = 0.001>(g, s, o)"


def source(body: str, opset: int = 21, shape: str = "2,12,5,6", back: tuple[int, ...] = (2, 12, 5, 6)) -> ModelProto:
    text = TEXT % (opset, shape, shape, body)
    constants = {"one": 1.5, "to": [0, 4, -1], "back": list(back)}
    return model(text, ["s", "o", "scale", "bias"], constants=constants)


@pytest.mark.parametrize(
    "body",
    [
        f"{CORE} r = Reshape(i, back) k = Mul(r, scale) y = Add(k, bias)",
        f"{CORE} r = Reshape(i, back) k = Mul(scale, r) y = Add(bias, k)",
        f"{CORE} r = Reshape(i, back) y = Mul(r, scale)",
        f"{CORE} r = Reshape(i, back) y = Add(r, bias)",
        f"{CORE} r = Reshape(i, back) k = Mul(r, one) y = Add(k, bias)",
        f"{CORE} y = Reshape(i, back)",
        f"{CORE} h = Shape(x) r = Reshape(i, h) k = Mul(r, scale) y = Add(k, bias)",
    ],
)
def test_groups_become_the_op(body: str) -> None:
    made = fires("fuse-groupnorm", source(body))
    assert types(made) == ["GroupNormalization"]


def test_a_free_batch_stays_free() -> None:
    body = f"{CORE} r = Reshape(i, back) k = Mul(r, scale) y = Add(k, bias)"
    made = fires("fuse-groupnorm", source(body, shape="N,12,5,6", back=(0, 12, 5, 6)))
    assert types(made) == ["GroupNormalization"]


DONE = f"{CORE} r = Reshape(i, back) k = Mul(r, scale) y = Add(k, bias)"


def test_older_opsets_stay() -> None:
    assert "opset 18" in refuses("fuse-groupnorm", source(DONE, 18))


def test_another_shape_behind_stays() -> None:
    text = """<ir_version: 10, opset_import: ["" : 21]>
    g (float[2,12,5,6] x, float[4] s, float[4] o, int64[3] to, int64[4] back) => (float[2,6,10,6] y) {
        g = Reshape(x, to) i = InstanceNormalization(g, s, o) y = Reshape(i, back)
    }"""
    made = model(text, ["s", "o"], constants={"to": [2, 4, -1], "back": [2, 6, 10, 6]})
    assert "not known to lead" in refuses("fuse-groupnorm", made)


def test_groups_across_the_batch_stay() -> None:
    text = """<ir_version: 10, opset_import: ["" : 21]>
    g (float[2,12,5,6] x, float[4] s, float[4] o, int64[3] to, int64[4] back) => (float[2,12,5,6] y) {
        g = Reshape(x, to) i = InstanceNormalization(g, s, o) y = Reshape(i, back)
    }"""
    made = model(text, ["s", "o"], constants={"to": [6, 4, -1], "back": [2, 12, 5, 6]})
    assert "not known to lead" in refuses("fuse-groupnorm", made)


def test_a_value_that_is_read_elsewhere_stays() -> None:
    text = (TEXT % (21, "2,12,5,6", "2,12,5,6", DONE)).replace("=> (", "=> (float[2,4,90] i, ")
    constants = {"one": 1.5, "to": [0, 4, -1], "back": [2, 12, 5, 6]}
    assert not refuses("fuse-groupnorm", model(text, ["s", "o", "scale", "bias"], constants=constants))
