"""Batch norms, scales and shifts folded into the convolution before them."""

from __future__ import annotations

import pytest

from edgeplan.graph import Graph

CONSTANTS = """<float[3, 2, 1, 1] w = {1, 2, 3, 4, 5, 6}, float[2, 3, 1, 1] wt = {1, 2, 3, 4, 5, 6},
    float[3] b = {1, 2, 3},
    float[1, 3, 1, 1] c4 = {1, 2, 3}, float[3, 1, 1] c3 = {1, 2, 3}, float k = {2}, float[1] k1 = {2},
    float[4] row = {1, 2, 3, 4}, float[1, 1, 1, 1, 1] high = {2}, float[2, 5] g = {1,2,3,4,5,6,7,8,9,10},
    float[5] g5 = {1, 2, 3, 4, 5}>"""
NORM = "BatchNormalization ({}, b, b, b, b)"


def text(nodes: str, outputs: str = "float[] y") -> str:
    return f"g (float[1, 2, 4, 4] x, float[1, 3, 4, 4] z, float[7, 2] f) => ({outputs}) {CONSTANTS} {{ {nodes} }}"


def types(graph: Graph) -> list[str]:
    return [op.type for op in graph.ops]


@pytest.mark.parametrize(
    "nodes",
    [
        f"t = Conv (x, w) y = {NORM.format('t')}",
        f"t = Conv (x, w, b) y = {NORM.format('t')}",
        f"t = ConvTranspose (x, wt, b) y = {NORM.format('t')}",
        "t = Conv (x, w) y = Add (t, c4)",
        "t = Conv (x, w) y = Add (c3, t)",
        "t = Conv (x, w, b) y = Mul (t, c4)",
        "t = Conv (x, w) y = Mul (t, k)",
        "t = Conv (x, w) y = Mul (t, k1)",
        "t = Conv (x, w) y = Sub (t, c3)",
        "t = Gemm (f, g) y = Add (t, g5)",
        f"t = Conv (x, w) u = {NORM.format('t')} v = Mul (u, c4) y = Add (v, c3)",
        f"t = Conv (x, w) u = {NORM.format('t')} y = {NORM.format('u')}",
    ],
)
def test_it_goes_into_the_weights(nodes: str, fused) -> None:
    graph = fused(text(nodes))
    (op,) = graph.ops
    assert op.type == nodes.split(" = ")[1].split(" ")[0]
    assert len(op.sources) == nodes.count("=")
    assert op.outputs == ("y",)
    bias = op.input("C" if op.type == "Gemm" else "B")
    assert bias is not None
    assert graph.values[bias].const
    assert graph.values[bias].shape == ((5,) if op.type == "Gemm" else (3,))


@pytest.mark.parametrize(
    "nodes",
    [
        "t = Conv (x, w) y = Add (t, z)",
        "t = Conv (x, w) y = Sub (c4, t)",
        "t = Conv (x, w) y = Mul (t, row)",
        "t = Conv (x, w) y = Mul (t, high)",
        "t = Conv (x, w) y = Relu (t)",
        "t = Conv (x, w) u = Relu (t) y = Mul (u, k)",
        "t = Gemm (f, g, g5) y = Add (t, g5)",
        "t = MatMul (f, g) y = Add (t, g5)",
        "v = Relu (w) t = Conv (x, v) y = Add (t, t)",
    ],
)
def test_what_does_not_fit_stays(nodes: str, fused) -> None:
    folds_away = nodes.count("(w)")
    assert len(fused(text(nodes)).ops) == nodes.count("=") - folds_away


def test_a_kernel_that_is_computed_keeps_its_scale(fused) -> None:
    graph = fused("""g (float[1, 2, 4, 4] x, float[3, 2, 1, 1] w) => (float[] y) <float k = {2}>
        { t = Conv (x, w) y = Mul (t, k) }""")
    assert types(graph) == ["Conv", "Mul"]


def test_statistics_that_are_computed_stay(fused) -> None:
    graph = fused("""g (float[1, 2, 4, 4] x, float[3] s) => (float[] y) <float[3, 2, 1, 1] w = {1, 2, 3, 4, 5, 6}>
        { t = Conv (x, w) y = BatchNormalization (t, s, s, s, s) }""")
    assert types(graph) == ["Conv", "BatchNormalization"]


def test_a_norm_in_training_stays(fused) -> None:
    graph = fused(text("t = Conv (x, w) y, m, v = BatchNormalization <training_mode = 1> (t, b, b, b, b)"))
    assert types(graph) == ["Conv", "BatchNormalization"]


def test_a_result_that_somebody_else_needs_stays(fused) -> None:
    assert len(fused(text("t = Conv (x, w) y = Mul (t, k) r = Neg (t)", "float[] y, float[] r")).ops) == 3
    assert len(fused(text("t = Conv (x, w) y = Mul (t, k)", "float[] y, float[] t")).ops) == 2
