"""Ops of integers, behind the fusion that makes them."""

import pytest

from edgeplan.frontends.onnx import parse_text
from edgeplan.lower import lower_to

from .check import check_graph

CONSTANTS = """<float s = {0.5}, int8 z = {0}, int16 h = {0}, int64[4] a = {4, 3, 3, 3}, int64[2] m = {4, 5}>"""

CASES = {
    "conv and pool": (
        "int8",
        "w = ConstantOfShape <value = int8[1] {1}> (a) v = DequantizeLinear (w, s, z) c = Conv (d, v) r = Relu (c) "
        "o = QuantizeLinear (r, s, z) e = DequantizeLinear (o, s, z) t = MaxPool <kernel_shape = [2, 2]> (e)",
        ["QUANTIZE", "CONV_2D int8 int8 int32 RELU -> int8", "MAX_POOL_2D int8 NONE -> int8", "DEQUANTIZE"],
    ),
    "conv of 16 bits": (
        "int16",
        "w = ConstantOfShape <value = int8[1] {1}> (a) v = DequantizeLinear (w, s, z) t = Conv (d, v)",
        ["QUANTIZE", "CONV_2D int16 int8 int64 NONE -> int16", "DEQUANTIZE"],
    ),
    "a matrix": (
        "int8",
        "w = ConstantOfShape <value = int8[1] {1}> (m) v = DequantizeLinear (w, s, z) t = MatMul (d, v)",
        ["QUANTIZE", "FULLY_CONNECTED int8 int8 int32 NONE -> int8", "DEQUANTIZE"],
    ),
    "elementwise": ("int8", "t = Add (d, d)", ["QUANTIZE", "ADD int8 int8 NONE -> int8", "DEQUANTIZE"]),
    "refused": (
        "int8",
        "t = ReduceMax (d, k)",
        ["QUANTIZE", "onnx.ReduceMax int8 int64 -> int8", "DEQUANTIZE"],
    ),
}


def _line(graph, op):
    if op.type in ("QUANTIZE", "DEQUANTIZE"):
        return op.type
    function = op.attrs.get("fused_activation_function")
    kinds = [str(graph.values[n].dtype) for n in op.inputs]
    return " ".join((op.label, *kinds, *filter(None, [function]), "->", str(graph.values[op.outputs[0]].dtype)))


@pytest.mark.parametrize(("kind", "nodes", "expected"), CASES.values(), ids=CASES.keys())
def test_lowers_to(kind, nodes, expected):
    zero = "h" if kind == "int16" else "z"
    text = (
        f"<ir_version: 10, opset_import: ['' : 21]> g (float[1,3,8,4] x, int64[K] k) => (float[] y) {CONSTANTS} {{ "
        f"q = QuantizeLinear (x, s, {zero}) d = DequantizeLinear (q, s, {zero}) {nodes} "
        f"p = QuantizeLinear (t, s, {zero}) y = DequantizeLinear (p, s, {zero}) }}"
    ).replace("''", '""')
    lowered = lower_to(parse_text(text), "tflite", fusions=["qdq-builtin"])
    check_graph(lowered)
    assert [_line(lowered, op) for op in lowered.ops] == expected
