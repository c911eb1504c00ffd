"""What coremltools takes and leaves of a program: rules/coreml/runs/2026-11-22-compressed-weights.csv."""

from __future__ import annotations

import pytest

from edgeplan.compression.layers import Layer, layers_of, split
from edgeplan.compression.offers import Offer, offers
from edgeplan.frontends.onnx import parse_text
from edgeplan.graph import Graph
from edgeplan.lower import lower_to
from edgeplan.lower.scheme import parse_scheme
from edgeplan.target import resolve

TEXT = """g (float[1,48,16,16] x, int64[1] i) => (float[1,64] z)
<int64[4] sc = {40,48,3,3}, int64[4] sd = {40,1,3,3}, int64[4] sp = {64,40,1,1}, int64[4] sa = {1,64,16,16},
 int64[4] st = {64,32,2,2}, int64[2] sf = {32,1000}, int64[2] sm = {1000,64}, int64[2] se = {500,64}> {
    wc = ConstantOfShape (sc)
    wd = ConstantOfShape (sd)
    wp = ConstantOfShape (sp)
    wa = ConstantOfShape (sa)
    wt = ConstantOfShape (st)
    wf = ConstantOfShape (sf)
    wm = ConstantOfShape (sm)
    we = ConstantOfShape (se)
    conv = Conv <pads = [1,1,1,1]> (x, wc)
    dw = Conv <pads = [1,1,1,1], group = 40> (conv, wd)
    pw = Conv (dw, wp)
    pos = Add (pw, wa)
    up = ConvTranspose <strides = [2,2]> (pos, wt)
    gap = GlobalAveragePool (up)
    flat = Flatten (gap)
    fc = MatMul (flat, wf)
    soft = Softmax (fc)
    mm = MatMul (soft, wm)
    emb = Gather (we, i)
    z = Add (mm, emb)
}"""


@pytest.fixture(scope="module")
def graph() -> Graph:
    return lower_to(parse_text(TEXT), "mil", "float16")


def taken(
    graph: Graph, scheme: str, release: str = "iOS 18"
) -> tuple[set[tuple[int, ...]], dict[tuple[int, ...], str]]:
    """The shapes of the layers that are compressed, and by shape why the others are not."""
    target = resolve("iphone14pro", "coreml", release)
    parsed = parse_scheme(scheme)
    (offer,) = offers(target.backend, target.release, target.units, [parsed])
    done, left = split(layers_of(graph), parsed, offer)
    return {layer.shape for layer in done}, {s.layer.shape: s.reason for s in left}


ALL = {(40, 48, 3, 3), (64, 40, 1, 1), (1, 64, 16, 16), (64, 32, 2, 2), (1000, 32), (64, 1000), (500, 64)}
SMALL = {(40, 1, 3, 3): "360 elements, fewer than 2,049"}


@pytest.mark.parametrize("scheme", ["w8", "w8-tensor", "w4", "palette4", "sparse50", "sparse50-w8"])
def test_every_large_constant_is_taken(graph: Graph, scheme: str) -> None:
    assert taken(graph, scheme) == (ALL, SMALL)


def test_a_block_has_to_divide_the_input_channels(graph: Graph) -> None:
    done, left = taken(graph, "w4-block32")
    assert done == {(1, 64, 16, 16), (64, 32, 2, 2), (1000, 32), (500, 64)}
    assert left[40, 48, 3, 3] == "48 input channels, which 32 does not divide"
    assert set(left) == ALL - done | set(SMALL)


def test_a_group_has_to_divide_the_output_channels(graph: Graph) -> None:
    done, left = taken(graph, "palette4-group16")
    assert done == {(64, 40, 1, 1), (64, 32, 2, 2), (64, 1000)}
    assert left[1000, 32] == "1,000 output channels, which 16 does not divide"
    assert (1, 64, 16, 16) not in left  # a constant that is added is no layer


def test_what_cannot_be_is_left_with_the_reason(graph: Graph) -> None:
    done, left = taken(graph, "w4", "iOS 17")
    assert not done
    assert len(left) == len(ALL)  # the constant that is added is no layer
    assert all("iOS 18" in why for why in left.values())


def test_a_layer_knows_its_readers_axes_and_sources(graph: Graph) -> None:
    up = next(layer for layer in layers_of(graph) if layer.label == "conv_transpose")
    assert (up.channel_axis, up.input_axis, up.role, up.sources) == (1, 0, "weight", ("up",))
    table = next(layer for layer in layers_of(graph) if layer.role == "table")
    assert (table.shape, table.label, table.elements) == ((500, 64), "gather", 32000)


SHARED = """g (float[1,64] x, float[64,64] v) => (float[1,64] y, float[64,64] z)
<int64[2] s = {64,64}> { w = ConstantOfShape (s) y = Gemm (x, w) z = Add (v, w) }"""


def test_readers_that_do_not_agree_leave_the_axes_unknown() -> None:
    (layer,) = layers_of(lower_to(parse_text(SHARED), "onnx"))
    assert (layer.channel_axis, layer.input_axis, layer.role) == (None, None, "weight")
    assert layer.labels == ("Gemm", "Add")
    offer = Offer(parse_scheme("w8"), "takes")
    assert split([layer], offer.scheme, offer)[1][0].reason == "its readers do not agree which axis counts channels"
    assert split([layer], parse_scheme("sparse50"), offer)[0] == (layer,)
    assert split([layer], parse_scheme("palette4"), offer)[0] == (layer,)  # one for all needs no channels


def test_only_the_ops_of_the_offer_are_compressed() -> None:
    conv = Layer("w", "c", "Conv", (8, 8, 3, 3), 0, ("c",), 1, "weight", ("Conv",))
    offer = Offer(parse_scheme("w8"), "takes", ops=("MatMul",))
    assert split([conv], offer.scheme, offer)[1][0].reason == "weights of Conv are not compressed"
    bias = Layer("c", "g", "MatMul", (1, 8), 0, ("g",), 1, "bias", ("MatMul",))
    assert split([bias], offer.scheme, offer) == ((), ())


def test_bodies_count_and_an_unbound_size_does_not() -> None:
    text = """g (float[1,64] x, bool c, float[N,8] u) => (float[1,64] y)
    <int64[2] s = {64,64}> {
        w = ConstantOfShape (s)
        y = If (c) <
            then_branch = t () => (float[1,64] a) { a = MatMul (x, w) },
            else_branch = e () => (float[1,64] b) { b = Relu (x) }
        >
    }"""
    assert [layer.shape for layer in layers_of(lower_to(parse_text(text), "onnx"))] == [(64, 64)]
