from __future__ import annotations

import pytest

from edgeplan.cost.parameters import parameters
from edgeplan.cost.work import work_of
from edgeplan.frontends.onnx import parse_text
from edgeplan.graph import Graph
from edgeplan.lower.builder import Builder
from edgeplan.lower.tflite.native import keep_tflite

HEADER = '<ir_version: 8, opset_import: ["" : 18, "tflite" : 1, "custom" : 1]>'


def tflite(text: str) -> Graph:
    source = parse_text(f"{HEADER} {text}")
    b = Builder(source, lambda dtype: dtype)
    for op in source.ops:
        b.translate(op, keep_tflite if op.domain == "tflite" else None)
    return b.finish("tflite")


# Every count is that of the loops the op stands for, written out.
@pytest.mark.parametrize(
    ("text", "macs"),
    [
        pytest.param(
            "g (float[1,8,8,4] x, float[16,3,3,4] w) => (float[1,8,8,16] y) { y = tflite.CONV_2D (x, w) }",
            (8 * 8 * 16) * (3 * 3 * 4),
            id="conv",
        ),
        pytest.param(
            "g (float[1,8,8,4] x, float[16,3,3,2] w) => (float[1,8,8,16] y) { y = tflite.CONV_2D (x, w) }",
            (8 * 8 * 16) * (3 * 3 * 2),
            id="conv-of-groups",
        ),
        pytest.param(
            "g (float[1,8,8,4] x, float[1,5,3,8] w) => (float[1,4,8,8] y) { y = tflite.DEPTHWISE_CONV_2D (x, w) }",
            (4 * 8 * 8) * (5 * 3),
            id="depthwise",
        ),
        pytest.param(
            "g (int32[4] s, float[8,2,2,4] w, float[1,5,5,4] x) => (float[1,10,10,8] y) "
            "{ y = tflite.TRANSPOSE_CONV (s, w, x) }",
            (5 * 5 * 4) * (2 * 2 * 8),
            id="transposed",
        ),
        pytest.param(
            "g (float[1,4,8,8,3] x, float[2,3,3,3,16] w) => (float[1,3,6,6,16] y) { y = tflite.CONV_3D (x, w) }",
            (3 * 6 * 6 * 16) * (2 * 3 * 3 * 3),
            id="volumes",
        ),
        pytest.param(
            "g (int32[5] s, float[2,2,2,8,3] w, float[1,4,4,4,3] x) => (float[1,8,8,8,8] y) "
            "{ y = tflite.CONV_3D_TRANSPOSE (s, w, x) }",
            (4 * 4 * 4 * 3) * (2 * 2 * 2 * 8),
            id="volumes-transposed",
        ),
        pytest.param(
            "g (float[5,64] x, int8[10,64] w) => (float[5,10] y) { y = tflite.FULLY_CONNECTED (x, w) }",
            5 * 10 * 64,
            id="dense",
        ),
        pytest.param(
            "g (float[2,7,5] x, float[2,5,3] w) => (float[2,7,3] y) { y = tflite.BATCH_MATMUL (x, w) }",
            2 * 7 * 3 * 5,
            id="product",
        ),
        pytest.param(
            "g (float[2,5,7] x, float[2,5,3] w) => (float[2,7,3] y) { y = tflite.BATCH_MATMUL <adj_x = 1> (x, w) }",
            2 * 7 * 3 * 5,
            id="product-flipped",
        ),
        pytest.param(
            "g (float[3,20] x, float[8,20] f, float[8,6] t, float[3,48] s) => (float[3,8] y) "
            "{ y = tflite.SVDF (x, f, t, , s) }",
            3 * (8 * 20 + 8 * 6),
            id="svdf",
        ),
        pytest.param(
            "g (float[2,9,5] x, float[7,5] w, float[7,7] r, float[7] b, float[2,7] h) => (float[2,9,7] y) "
            "{ y = tflite.UNIDIRECTIONAL_SEQUENCE_RNN (x, w, r, b, h) }",
            2 * 9 * (7 * 5 + 7 * 7),
            id="recurrent",
        ),
        pytest.param(
            "g (float[2,9,5] x, float[7,5] w, float[7,7] r, float[7] p, float[7] b, float[2,7] h) => (float[2,9,7] y) "
            "{ y = tflite.UNIDIRECTIONAL_SEQUENCE_LSTM (x, , w, w, w, , r, r, r, , p, p, , b, b, b, , , h, h) }",
            2 * 9 * 3 * (7 * 5 + 7 * 7),
            id="lstm-with-coupled-gates",
        ),
        pytest.param(
            "g (float[2,5] x, float[2,7] h, float[28,12] w, float[28] b) => (float[2,7] y) "
            '{ y = tflite.LSTM <kernel_type = "BASIC"> (x, h, w, b, h) }',
            2 * 28 * 12,
            id="basic-lstm",
        ),
        pytest.param("g (float[4] x) => (float[4] y) { y = tflite.GELU (x) }", 0, id="nothing-contracted"),
        pytest.param("g (float[4] x) => (float[4] y) { y = custom.Mystery (x) }", None, id="unknown"),
        pytest.param(
            "g (float[9,4] x) => (float[9,4] y) { y = custom.TFLite_Detection_PostProcess (x) }", 0, id="known-custom"
        ),
        pytest.param(
            "g (float[1,4,8,8] x, float[2,4,3,3] w) => (float[1,2,6,6] y) { y = Conv (x, w) }",
            (2 * 6 * 6) * (4 * 3 * 3),
            id="not-lowered",
        ),
    ],
)
def test_macs(text: str, macs: int | None) -> None:
    graph = tflite(text)
    assert work_of(graph, graph.ops[0]).macs == macs


def test_reshape_moves_nothing() -> None:
    graph = tflite("g (float[2,3] x) => (float[6] y) { y = tflite.RESHAPE <new_shape = [6]> (x) }")
    assert work_of(graph, graph.ops[0]).moved == 0


def test_parameters_of_a_quantised_model_hold_its_biases() -> None:
    graph = tflite(
        "g (int8[1,4] x) => (int8[1,2] y) <int8[2,4] w = {1,2,3,4,5,6,7,8}, int32[2] b = {1,2}, int32[2] s = {1,2}> "
        "{ a = tflite.FULLY_CONNECTED (x, w, b) y = tflite.RESHAPE (a, s) }"
    )
    assert parameters(graph) == 8 + 2
