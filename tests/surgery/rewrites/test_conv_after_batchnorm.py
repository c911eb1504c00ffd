import onnx_ir as ir
import pytest

from edgeplan.surgery.draft import Draft
from edgeplan.surgery.ledger import Ledger
from edgeplan.surgery.rewrites import rewrite
from edgeplan.surgery.sweep import sweep
from tests.surgery.harness import fires, model, refuses, same, types

ID = "conv-after-batchnorm"
WEIGHTS = ["w", "b", "gamma", "beta", "mean"]
TEXT = """g (float[N,4,11,9] x, float[6,{inner},3,3] w, float[6] b, float[4] gamma, float[4] beta, float[4] mean,
    float[4] var) => (float[N,6,?,?] y) {{
    n = BatchNormalization(x, gamma, beta, mean, var)
    y = Conv<group={group}{pads}>(n, w{bias})
}}"""


def given(group: int = 1, pads: str = "", bias: str = "") -> str:
    return TEXT.format(inner=4 // group, group=group, pads=pads, bias=bias)


@pytest.mark.parametrize("group", [1, 2])
@pytest.mark.parametrize("bias", ["", ", b"])
def test_factor_and_shift_go_forward_into_the_weights(group: int, bias: str) -> None:
    made = fires(ID, model(given(group, bias=bias), WEIGHTS, ["var"]))
    assert types(made) == ["Conv"]
    assert len(made.graph.node[0].input) == 3


def test_before_opset_14() -> None:
    text = '<ir_version: 7, opset_import: ["" : 12]> ' + given().replace("ion(x", "ion<momentum=0.9>(x")
    assert types(fires(ID, model(text, WEIGHTS, ["var"]))) == ["Conv"]


def test_depthwise_one_axis() -> None:
    text = """g (float[N,4,17] x, float[8,1,3] w, float[4] gamma, float[4] beta, float[4] mean, float[4] var)
        => (float[N,8,?] y) {
        n = BatchNormalization(x, gamma, beta, mean, var)
        y = Conv<group=4, strides=[2], dilations=[2]>(n, w)
    }"""
    assert types(fires(ID, model(text, WEIGHTS, ["var"]))) == ["Conv"]


def test_a_padding_convolution_takes_a_factor_without_shift() -> None:
    zeros = {"beta": [0.0] * 4, "mean": [0.0] * 4}
    source = model(given(pads=", pads=[1,1,1,1]", bias=", b"), WEIGHTS, ["var"], zeros)
    assert types(fires(ID, source)) == ["Conv"]


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("group=1", "pads=[0,1,0,1]", "pads with zeros"),
        ("group=1", 'auto_pad="SAME_UPPER", strides=[2,2]', "pads with zeros"),
        ("y = Conv", "z = Relu(n) y = Conv", "reads the normalised tensor"),
        ("n = BatchNormalization", "n, i, j = BatchNormalization<training_mode=1>", "training mode"),
        ("y = Conv<group=1>(n", "r = Relu(n) y = Conv<group=1>(r", ""),
    ],
)
def test_what_stays(old: str, new: str, why: str) -> None:
    found = refuses(ID, model(given().replace(old, new), WEIGHTS, ["var"]))
    assert why in found if why else found == ""


def test_a_batchnorm_between_two_convolutions_goes_backwards() -> None:
    text = """g (float[1,4,8,8] x, float[4,4,1,1] v, float[6,4,3,3] w, float[4] gamma, float[4] beta, float[4] mean,
               float[4] var) => (float[1,6,6,6] y) {
        c = Conv(x, v)
        n = BatchNormalization(c, gamma, beta, mean, var)
        y = Conv(n, w)
    }"""
    source = model(text, ["v", *WEIGHTS], ["var"])
    draft = Draft.open(source)
    found = sweep(draft, [rewrite("batchnorm-into-conv"), rewrite(ID)], Ledger())
    assert [s.rewrite for s in found.sites] == ["batchnorm-into-conv"]
    same(source, ir.to_proto(draft.model))
