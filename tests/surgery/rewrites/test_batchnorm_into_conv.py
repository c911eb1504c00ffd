from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, numpy_helper

from tests.surgery.harness import fires, model, refuses, swept, types

SAMPLES = Path(__file__).parents[3] / "samples"
WEIGHTS = ["w", "b", "gamma", "beta", "mean"]
TEXT = """g (float[N,4,H,9] x, float[6,{inner},3,3] w, float[6] b,
           float[6] gamma, float[6] beta, float[6] mean, float[6] var) => (float[N,6,?,?] y) {{
    c = Conv<group={group}, pads=[1,1,1,1]>(x, w{bias})
    y = BatchNormalization<epsilon=0.01>(c, gamma, beta, mean, var)
}}"""


@pytest.mark.parametrize("group", [1, 2])
@pytest.mark.parametrize("bias", ["", ", b"])
def test_factor_and_shift_go_into_the_weights(group: int, bias: str) -> None:
    source = model(TEXT.format(inner=4 // group, group=group, bias=bias), WEIGHTS, ["var"])
    made = fires("batchnorm-into-conv", source)
    assert types(made) == ["Conv"]
    assert len(made.graph.node[0].input) == 3


@pytest.mark.parametrize("group", [1, 2, 4])
@pytest.mark.parametrize("bias", ["", ", b"])
def test_transposed_convolutions_scale_along_their_second_axis(group: int, bias: str) -> None:
    text = f"""g (float[N,4,H] x, float[4,{8 // group},3] w, float[8] b,
               float[8] gamma, float[8] beta, float[8] mean, float[8] var) => (float[N,8,?] y) {{
        c = ConvTranspose<group={group}, strides=[2], output_padding=[1]>(x, w{bias})
        y = BatchNormalization(c, gamma, beta, mean, var)
    }}"""
    assert types(fires("batchnorm-into-conv", model(text, WEIGHTS, ["var"]))) == ["ConvTranspose"]


def test_half_precision_with_parameters_in_single() -> None:
    text = """<ir_version: 8, opset_import: ["" : 17]>
    g (float16[1,4,8,8] x, float16[6,4,1,1] w, float[6] gamma, float[6] beta, float[6] mean, float[6] var)
        => (float16[1,6,8,8] y) {
        c = Conv(x, w)
        y = BatchNormalization(c, gamma, beta, mean, var)
    }"""
    source = model(text, WEIGHTS, ["var"])
    made = fires("batchnorm-into-conv", source, tolerance=5e-3)
    read = made.graph.node[0].input
    assert {t.data_type for t in made.graph.initializer if t.name in read} == {TensorProto.FLOAT16}


def test_convolutions_that_share_weights_each_get_their_own() -> None:
    text = """g (float[1,4,8,8] x, float[1,4,4,4] z, float[6,4,3,3] w, float[6] gamma, float[6] beta, float[6] mean,
               float[6] var, float[6] mean2) => (float[1,6,6,6] y, float[1,6,2,2] v, float[1,6,6,6] r) {
        c = Conv(x, w)
        d = Conv(z, w)
        r = Conv(x, w)
        y = BatchNormalization(c, gamma, beta, mean, var)
        v = BatchNormalization(d, gamma, beta, mean2, var)
    }"""
    made = fires("batchnorm-into-conv", model(text, [*WEIGHTS, "mean2"], ["var"]), sites=2)
    assert types(made) == ["Conv", "Conv", "Conv"]
    assert len({n.input[1] for n in made.graph.node}) == 3


def test_the_new_weights_are_rounded_once() -> None:
    source = model(TEXT.format(inner=4, group=1, bias=", b"), WEIGHTS, ["var"])
    made = fires("batchnorm-into-conv", source)
    given = {t.name: numpy_helper.to_array(t).astype(np.float64) for t in source.graph.initializer}
    bias = (given["b"] - given["mean"]) * given["gamma"] / np.sqrt(given["var"] + np.float32(0.01)) + given["beta"]
    found = {t.name: numpy_helper.to_array(t) for t in made.graph.initializer}
    assert np.array_equal(found[made.graph.node[0].input[2]], bias.astype(np.float32))


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("epsilon=0.01>", "epsilon=0.01>(c, gamma, beta, mean, var) u = Identity", "reads the convolution's result"),
        ("y = BatchNormalization<", "y, m, v = BatchNormalization<training_mode=1, ", "training mode"),
        ("(c, gamma", "(c, given", "parameters are not constant"),
        ("(x, w)", "(x, live)", "weights are not constant"),
    ],
)
def test_what_stays(old: str, new: str, why: str) -> None:
    text = TEXT.format(inner=4, group=1, bias="").replace(old, new)
    text = text.replace("float[6] b,", "float[6] given, float[6,4,3,3] live,")
    if "Identity" in new:
        text = text.replace("(c, gamma, beta, mean, var)\n", "(c)\n").replace("?] y)", "?] y, float[N,6,?,?] u)")
    assert why in refuses("batchnorm-into-conv", model(text, ["w", *WEIGHTS[2:]], ["var"]))


def test_a_result_the_model_hands_out_stays() -> None:
    text = TEXT.format(inner=4, group=1, bias="").replace("=> (", "=> (float[N,6,?,?] c, ")
    assert "reads" in refuses("batchnorm-into-conv", model(text, WEIGHTS, ["var"]))


def test_an_activation_between_is_none_of_its_business() -> None:
    text = TEXT.format(inner=4, group=1, bias="").replace("y = B", "r = Relu(c) y = B").replace("(c, g", "(r, g")
    assert refuses("batchnorm-into-conv", model(text, WEIGHTS, ["var"])) == ""


def test_before_opset_14() -> None:
    text = '<ir_version: 7, opset_import: ["" : 12]> ' + TEXT.format(inner=4, group=1, bias="")
    source = model(text.replace("epsilon=0.01", "epsilon=0.01, momentum=0.9"), WEIGHTS, ["var"])
    assert types(fires("batchnorm-into-conv", source)) == ["Conv"]


def test_a_text_detector() -> None:
    source = onnx.load(SAMPLES / "ppocr_v4_det.onnx")
    found, made = swept("batchnorm-into-conv", source)
    assert len(found.sites) == 2
    assert types(source).count("BatchNormalization") - types(made).count("BatchNormalization") == 2
