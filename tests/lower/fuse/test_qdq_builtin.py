"""Dequantised ops whose result is quantised again, as one op of integers."""

from __future__ import annotations

import pytest

from edgeplan.frontends.onnx import parse_text
from edgeplan.graph import DType, Graph
from edgeplan.lower.fold import fold
from edgeplan.lower.fuse import fuse

CONSTANTS = """<float s = {0.5}, float r = {0.25}, int8 z = {0}, uint8 u = {128}, int32 n = {0},
    int8[4, 3, 1, 1] w = {1,2,3,4,5,6,7,8,9,1,2,3}, int32[4] b = {1, 2, 3, 4}, float[4] f = {1, 2, 3, 4}>"""
START = "q = QuantizeLinear (x, s, z) d = DequantizeLinear (q, s, z) e = DequantizeLinear (w, s, z)"
END = "o = QuantizeLinear (t, s, z) y = DequantizeLinear (o, s, z)"


def fused(nodes: str, shape: str = "1, 3, 4, 4") -> Graph:
    return fuse(fold(parse_text(f"g (float[{shape}] x) => (float[] y) {CONSTANTS} {{ {nodes} }}")), ("qdq-builtin",))


def types(graph: Graph) -> list[str]:
    return [op.type for op in graph.ops]


@pytest.mark.parametrize(
    ("nodes", "name", "activation"),
    [
        ("t = Conv (d, e)", "Conv", "NONE"),
        ("c = DequantizeLinear (b, r, n) t = Conv (d, e, c)", "Conv", "NONE"),
        ("t = Conv (d, e, f)", "Conv", "NONE"),
        ("c = Conv (d, e) t = Relu (c)", "Conv", "RELU"),
        ("c = Conv (d, e) t = Clip <min = 0.0, max = 6.0> (c)", "Conv", "RELU6"),
        ("c = MaxPool <kernel_shape = [2, 2]> (d) t = Relu (c)", "MaxPool", "RELU"),
        ("t = Add (d, d)", "Add", "NONE"),
        ("t = Softmax (d)", "Softmax", "NONE"),
        ("t = Concat <axis = 1> (d, d)", "Concat", "NONE"),
        ("t = Transpose (d)", "Transpose", "NONE"),
    ],
)
def test_becomes_one_op(nodes, name, activation):
    text = nodes.replace("Clip <min = 0.0, max = 6.0> (c)", "Clip (c, lo, hi)")
    graph = fused(f"lo = Constant <value_float = 0.0> () hi = Constant <value_float = 6.0> () {START} {text} {END}")
    op = next(op for op in graph.ops if op.type.startswith("Quantized"))
    assert op.type == f"Quantized{name}"
    assert op.attrs["activation"] == activation
    assert types(graph) == ["QuantizeLinear", op.type, "DequantizeLinear"]
    assert {graph.values[n].dtype for n in (op.inputs[0], *op.outputs)} == {DType.INT8}


@pytest.mark.parametrize(
    "nodes",
    [
        f"{START} t = Erf (d) {END}",
        f"{START} t = Conv (x, e) {END}",
        f"{START} c = Conv (d, e) t = Sigmoid (c) {END}".replace("t = Sigmoid (c)", "t = Softplus (c)"),
        f"{START} t = Conv (d, e) o = QuantizeLinear (t, s, z) i = Cast <to = 1> (o) y = Add (i, t)",
        f"{START} t = Transpose (d) o = QuantizeLinear (t, r, z) y = DequantizeLinear (o, r, z)",
        f"{START} y = Relu (d)",
    ],
)
def test_stays(nodes):
    assert not any(t.startswith("Quantized") for t in types(fused(nodes)))


def test_unsigned_bytes_become_signed_ones():
    graph = fused(
        "q = QuantizeLinear (x, s, u) d = DequantizeLinear (q, s, u) t = Relu (d) "
        "o = QuantizeLinear (t, s, u) y = DequantizeLinear (o, s, u)"
    )
    (op,) = (op for op in graph.ops if op.type == "QuantizedRelu")
    assert {graph.values[n].dtype for n in (*op.inputs, *op.outputs)} == {DType.INT8}
