"""Dequantised ops whose results are quantised again become one quantised op, in the groups that QNN knows."""

from __future__ import annotations

import pytest

from edgeplan.frontends.onnx import parse_text
from edgeplan.graph import DType, Graph
from edgeplan.lower.fold import fold
from edgeplan.lower.fuse import fuse

HEADER = '<ir_version: 10, opset_import: ["" : 21, "com.microsoft" : 1]>'
CONSTANTS = """<float s = {0.1}, float r = {0.2}, uint8 z = {128}, uint8 zero = {0}, uint16 zz = {3}, int8 k = {0},
    int32 o = {0}, int8[2, 2, 1, 1] w = {1, 2, 3, 4}, int32[2] b = {1, 2}, uint8[2] c = {1, 2}, float[2] f = {1, 2},
    float low = {-12.8}, float high = {12.7}, float six = {6}, int64[2] shape = {1, 32}>"""
X = "xq = QuantizeLinear (x, s, z) xd = DequantizeLinear (xq, s, z)"
V = "vq = QuantizeLinear (v, s, z) vd = DequantizeLinear (vq, s, z)"
W = "wd = DequantizeLinear (w, s, k)"
Y = "yq = QuantizeLinear (y, s, z) out = DequantizeLinear (yq, s, z)"


def lowered(nodes: str, out: str = "float[] out") -> Graph:
    inputs = "float[1, 2, 4, 4] x, float[1, 2, 4, 4] v, bool[1, 2, 4, 4] p"
    text = f"{HEADER} g ({inputs}) => ({out}) {CONSTANTS} {{ {nodes} }}"
    return fuse(fold(parse_text(text)), ("qdq",))


def types(graph: Graph) -> list[str]:
    return [op.type for op in graph.ops]


@pytest.mark.parametrize(
    "nodes",
    [
        f"{X} y = Relu (xd) {Y}",
        f"{X} y = com.microsoft.Gelu (xd) {Y}",
        f"{X} {V} y = Add (xd, vd) {Y}",
        f"{X} {W} y = Conv (xd, wd) {Y}",
        f"{X} {W} bd = DequantizeLinear (b, s, o) y = Conv (xd, wd, bd) {Y}",
        f"{X} y = Reshape (xd, shape) {Y}",
        f"{X} {V} y = Where (p, xd, vd) {Y}",
        f"{X} y = Where (p, xd, six) {Y}",
        f"{X} cd = DequantizeLinear (zero, s, z) y = Where (p, xd, cd) {Y}",
        f"{X} y = Clip (xd, low, high) {Y}",
        f"{X} {V} y = Concat <axis = 1> (xd, vd) {Y}",
    ],
)
def test_a_group_is_one_op(nodes: str) -> None:
    graph = lowered(nodes)
    op = next(op for op in graph.ops if op.attrs.get("quantized"))
    assert "DequantizeLinear" not in types(graph)[:-1]
    assert graph.values[op.outputs[0]].dtype is DType.UINT8
    assert op.type == nodes.split("y = ")[1].split(" ")[0].removeprefix("com.microsoft.")


@pytest.mark.parametrize(
    "nodes",
    [
        f"{X} y = Selu (xd) {Y}",
        f"{X} y = Add (xd, v) {Y}",
        f"{X} y = Relu (xd) yq = QuantizeLinear (y, s, zz) out = DequantizeLinear (yq, s, zz)",
        f"{X} y = Reshape (xd, shape) yq = QuantizeLinear (y, r, z) out = DequantizeLinear (yq, r, z)",
        f"{X} {W} bd = DequantizeLinear (c, s, zero) y = Conv (xd, wd, bd) {Y}",
        f"{X} {W} y = Conv (xd, wd, f) {Y}",
        f"{X} out = Relu (xd)",
        f"{X} y = Relu (xd) {Y} more = Neg (y)",
    ],
)
def test_what_is_no_group_stays_float(nodes: str) -> None:
    outs = "float[] out, float[] more" if "more" in nodes else "float[] out"
    assert not any(op.attrs.get("quantized") for op in lowered(nodes, outs).ops)


def test_a_dequantised_value_may_have_several_readers() -> None:
    graph = lowered(f"{X} y = Relu (xd) {Y} o2 = Selu (xd)", "float[] out, float[] o2")
    assert types(graph) == ["QuantizeLinear", "DequantizeLinear", "Relu", "DequantizeLinear", "Selu"]


def test_a_relu_that_the_rounding_does_goes_too() -> None:
    rounded = "yq = QuantizeLinear (y, s, zero) out = DequantizeLinear (yq, s, zero)"
    assert types(lowered(f"{X} {W} t = Conv (xd, wd) y = Relu (t) {rounded}")) == [
        "QuantizeLinear",
        "Conv",
        "DequantizeLinear",
    ]
    assert "Relu" in types(lowered(f"{X} {W} t = Conv (xd, wd) y = Relu (t) {Y}"))


def test_a_search_needs_no_quantised_result() -> None:
    graph = lowered(f"{X} out = ArgMax (xd)", "int64[] out")
    assert types(graph) == ["QuantizeLinear", "ArgMax"]


def test_max_pool_has_a_group_since_opset_12() -> None:
    nodes = f"{X} y = MaxPool <kernel_shape = [2, 2]> (xd) {Y}"
    assert any(op.attrs.get("quantized") for op in lowered(nodes).ops)
    old = parse_text(
        f'<ir_version: 8, opset_import: ["" : 11]> g (float[1, 2, 4, 4] x) => (float[] out) '
        f"<float s = {{0.1}}, uint8 z = {{1}}> {{ {nodes} }}"
    )
    assert not any(op.attrs.get("quantized") for op in fuse(fold(old), ("qdq",)).ops)
