from pathlib import Path

import pytest

from edgeplan.surgery.draft import Draft
from edgeplan.surgery.ledger import Ledger
from edgeplan.surgery.rewrites import rewrite
from edgeplan.surgery.sweep import sweep
from tests.surgery.harness import fires, model, refuses, types

SAMPLES = Path(__file__).parents[3] / "samples"

ONE = "g (float[N,4,L] x, float[%s] w, float[8] b) => (float[N,8,?] y) { y = %s(x, w, b) }"

CHAIN = """g (float[N,4,L] x, float[4,4,3] w1, float[8,4,5] w2, float[1,4,1] c, float[4] s, float[4] t, float[4] m,
           float[4] v) => (float[N,8,?] y) {
    a = Conv<pads=[1,1]>(x, w1)
    n = BatchNormalization(a, s, t, m, v)
    r = LeakyRelu(n)
    k = Mul(r, c)
    q = Add(k, a)
    p = MaxPool<kernel_shape=[3], strides=[2], pads=[1,1]>(q)
    y = Conv<pads=[2,2]>(p, w2)
}"""


@pytest.mark.parametrize(
    ("w", "op"),
    [
        ("8,4,3", "Conv<pads=[2,1], strides=[2], dilations=[2], kernel_shape=[3]>"),
        ("8,4,3", 'Conv<auto_pad="SAME_UPPER">'),
        ("8,2,3", "Conv<group=2, pads=[1,0]>"),
        ("4,8,4", "ConvTranspose<strides=[2], pads=[1,1], output_padding=[1]>"),
    ],
)
def test_a_signal_is_an_image_one_pixel_high(w: str, op: str) -> None:
    made = types(fires("conv1d-to-conv2d", model(ONE % (w, op), ["w", "b"])))
    assert made == ["Unsqueeze", op.split("<")[0], "Squeeze"]


def test_opset_11_has_axes_as_attributes() -> None:
    source = model(ONE % ("8,4,3", "Conv<pads=[1,1]>"), ["w", "b"])
    source.opset_import[0].version = 11
    fires("conv1d-to-conv2d", source)


@pytest.mark.parametrize(
    "op", ["AveragePool<kernel_shape=[3], pads=[1,1], count_include_pad=1>", "GlobalAveragePool", "GlobalMaxPool"]
)
def test_pools_go_along(op: str) -> None:
    made = types(fires("conv1d-to-conv2d", model(f"g (float[2,4,9] x) => (float[2,4,?] y) {{ y = {op}(x) }}")))
    assert made == ["Unsqueeze", op.split("<")[0], "Squeeze"]


def test_between_two_convolutions_nothing_is_squeezed() -> None:
    source = model(CHAIN, ["w1", "w2", "c", "s", "t", "m"], positive=["v"])
    made = types(fires("conv1d-to-conv2d", source, sites=7))
    assert made == ["Unsqueeze", "Conv", "BatchNormalization", "LeakyRelu", "Mul", "Add", "MaxPool", "Conv", "Squeeze"]


def test_what_others_read_is_squeezed_for_them() -> None:
    text = CHAIN.replace("=> (", "=> (float[N,4,?] r, ")
    source = model(text, ["w1", "w2", "c", "s", "t", "m"], positive=["v"])
    assert types(fires("conv1d-to-conv2d", source, sites=7)).count("Squeeze") == 2


def test_indices_of_a_pool_stay() -> None:
    text = "g (float[2,4,9] x) => (float[2,4,?] y, int64[2,4,?] i) { y, i = MaxPool<kernel_shape=[3]>(x) }"
    assert "indices" in refuses("conv1d-to-conv2d", model(text))


def test_images_are_none_of_it() -> None:
    text = "g (float[1,4,9,9] x, float[8,4,3,3] w) => (float[1,8,?,?] y) { y = Conv(x, w) }"
    assert refuses("conv1d-to-conv2d", model(text, ["w"])) == ""


def test_weights_made_at_run_time_stay() -> None:
    assert "not constant" in refuses("conv1d-to-conv2d", model(ONE % ("8,4,3", "Conv"), ["b"]))


def test_the_convolution_over_bytes() -> None:
    draft = Draft.open(SAMPLES / "magika_v3_3.onnx")
    found = sweep(draft, [rewrite("conv1d-to-conv2d")], Ledger())
    assert len(found.sites) == 1
