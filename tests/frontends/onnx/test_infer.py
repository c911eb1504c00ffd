"""Shapes and types, opset by opset, and what stays open."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import TensorProto, helper, parser

from edgeplan.frontends.onnx import load_onnx, parse_text
from edgeplan.graph import DType, Graph, Shape


def read(opset: int, text: str, **dims: int) -> Graph:
    """A graph without the types of its outputs: what is known of them was inferred."""
    m = parser.parse_model(f'<ir_version: 8, opset_import: ["" : {opset}, "com.microsoft" : 1, "acme" : 1]> {text}')
    for out in m.graph.output:
        out.ClearField("type")
    return load_onnx(m, dims).graph


def shape(opset: int, text: str, **dims: int) -> Shape:
    graph = read(opset, text, **dims)
    return graph.values[graph.outputs[0]].shape


AXES = "int64[1] axis = {1}, int64[2] starts = {1, 0}, int64[2] ends = {3, 2}, int64[2] sizes = {1, 2}"


@pytest.mark.parametrize(
    ("opset", "node", "wanted"),
    [
        (7, "Squeeze <axes = [1]> (x)", (4, 3)),
        (13, "Squeeze (x, axis)", (4, 3)),
        (25, "Squeeze (x, axis)", (4, 3)),
        (7, "Unsqueeze <axes = [1]> (x)", (4, 1, 1, 3)),
        (13, "Unsqueeze (x, axis)", (4, 1, 1, 3)),
        (7, "Slice <starts = [1, 0], ends = [3, 2], axes = [0, 2]> (x)", (2, 1, 2)),
        (13, "Slice (x, starts, ends)", (2, 1, 3)),
        (7, "ReduceMean <axes = [1], keepdims = 0> (x)", (4, 3)),
        (18, "ReduceMean <keepdims = 0> (x, axis)", (4, 3)),
        (11, "ReduceSum <axes = [0]> (x)", (1, 1, 3)),
        (13, "ReduceSum (x, axis)", (4, 1, 3)),
        (25, "ReduceMax <keepdims = 0> (x)", ()),
        (7, "Reshape (x, sizes)", (1, 2)),
        (9, "Upsample (x, scales)", (4, 2, 6)),
        (11, 'Resize (x, "", scales)', (4, 2, 6)),
        (13, 'Resize (x, "", "", newsize)', (4, 5, 6)),
        (7, "Pad <pads = [0, 1, 0, 0, 1, 0]> (x)", (4, 3, 3)),
        (13, "Pad (x, pads)", (4, 3, 3)),
        (8, "Expand (x, newsize)", (4, 5, 6)),
        (13, "Tile (x, newsize)", (16, 5, 18)),
        (9, "OneHot (axis, depth, onoff)", (1, 7)),
        (11, "CumSum (x, axis)", (4, 1, 3)),
        (7, "Dropout (x)", (4, 1, 3)),
        (13, 'Clip (x, "", top)', (4, 1, 3)),
    ],
)
def test_forms_of_every_opset_give_a_shape(opset: int, node: str, wanted: Shape) -> None:
    scale = "1" if "Expand" in node else "3"
    text = f"""g (float[4, 1, {scale}] x) => (float[] y) <{AXES}, float[3] scales = {{1, 2, 2}},
        int64[3] newsize = {{4, 5, 6}}, int64[6] pads = {{0, 1, 0, 0, 1, 0}}, int64 depth = {{7}},
        float[2] onoff = {{0, 1}}, float top = {{6}}> {{ y = {node} }}"""
    assert shape(opset, text) == wanted


@pytest.mark.parametrize(("opset", "parts"), [(11, "<axis = 1, split = [1, 2]> (x)"), (13, "<axis = 1> (x, sizes)")])
def test_split_gives_both_parts(opset: int, parts: str) -> None:
    text = f"g (float[4, 3] x) => (float[] y, float[] z) <int64[2] sizes = {{1, 2}}> {{ y, z = Split {parts} }}"
    graph = read(opset, text)
    assert [graph.values[o].shape for o in graph.outputs] == [(4, 1), (4, 2)]


CHAIN = """g (float[N, 3, 8, 8] x) => (float[] y) <int64 zero = {0}, int64[1] axis = {0}, int64[1] rest = {-1}>
    { s = Shape (x) n = Gather (s, zero) u = Unsqueeze (n, axis) c = Concat <axis = 0> (u, rest) y = Reshape (x, c) }"""


def test_a_chain_of_shapes_is_followed() -> None:
    assert shape(18, CHAIN, N=2) == (2, 192)


def test_a_chain_of_shapes_is_followed_through_a_name() -> None:
    assert shape(18, CHAIN) == ("N", 192)


@pytest.mark.parametrize(
    ("nodes", "wanted"),
    [
        ("t = Concat <axis = 0> (n, c) y = Reshape (x, t)", ("N", 12)),
        ("t = Concat <axis = 0> (rest, c) y = Reshape (x, t)", ("N", 12)),
        ("t = Concat <axis = 0> (n, rest, three) y = Reshape (x, t)", ("N", 4, 3)),
        ("t = Concat <axis = 0> (keep, rest) y = Reshape (x, t)", ("N", 12)),
        ("t = Concat <axis = 0> (n, three) y = ConstantOfShape (t)", ("N", 3)),
        ("one = Mul (n, unit) t = Concat <axis = 0> (one, three) y = ConstantOfShape (t)", ("N", 3)),
        ("two = Mul (n, three) t = Concat <axis = 0> (two, three) y = ConstantOfShape (t)", (None, 3)),
        ("t = Concat <axis = 0> (n, three) w = ConstantOfShape (three) y = Expand (w, t)", ("N", 3)),
        ("i = Cast <to = 6> (n) j = Cast <to = 7> (i) y = ConstantOfShape (j)", ("N",)),
        ("v = Slice (s, front, unit) y = ConstantOfShape (v)", ("N",)),
        ("v = Slice (s, unit, far) y = ConstantOfShape (v)", (4, 3)),
        ("v = Shape <start = 1> (x) y = ConstantOfShape (v)", (4, 3)),
        ("v = Gather (s, unit) m = Add (v, three) d = Div (m, three) y = ConstantOfShape (d)", (2,)),
        ("q = Squeeze (n, front) y = Range (zero, q, step)", (None,)),
        ("u = acme.Mystery (x) t = Concat <axis = 0> (n, u) y = ConstantOfShape (t)", None),
    ],
)
def test_partly_known_shapes_keep_what_is_known(nodes: str, wanted: Shape) -> None:
    text = f"""g (float[N, 4, 3] x) => (float[] y) <int64[1] front = {{0}}, int64[1] unit = {{1}},
        int64[1] three = {{3}}, int64[1] rest = {{-1}}, int64[1] keep = {{0}},
        int64[1] far = {{9}}, int64[1] c = {{12}}, int64 zero = {{0}},
        int64 step = {{1}}> {{ s = Shape (x) n = Gather (s, front) {nodes} }}"""
    assert shape(18, text) == wanted


def test_a_known_size_among_names_is_a_constant() -> None:
    graph = read(
        18, "g (float[N, 4] x) => (int64[] y) <int64 one = {1}> { s = Shape (x) c = Gather (s, one) y = Add (c, one) }"
    )
    assert (graph.values["y"].const, graph.values["y"].data) == (True, (5,))


def test_weights_made_by_an_op_have_their_shape_and_type() -> None:
    graph = read(
        18,
        """g (float16[2, 3] x) => (float16[] y) <int64[2] s = {3, 5}>
        { w = ConstantOfShape <value = float16[1] {2}> (s) y = MatMul (x, w) }""",
    )
    w = graph.values["w"]
    assert (w.const, w.shape, w.dtype) == (True, (3, 5), DType.FLOAT16)
    assert graph.values["y"].shape == (2, 5)


def test_a_declared_size_fills_what_inference_leaves_open() -> None:
    graph = parse_text("g (float[4] x) => (float[7, 2] y) { y = acme.Mystery (x) }")
    assert graph.values["y"].shape == (7, 2)


def test_an_inferred_scalar_replaces_no_shape() -> None:
    m = parser.parse_model('<ir_version: 8, opset_import: ["" : 18]> g (float[4] x) => (y) { y = acme.Mystery (x) }')
    m.opset_import.add(domain="acme", version=1)
    m.graph.node[0].CopyFrom(helper.make_node("ReduceSum", ["x"], ["y"], keepdims=0))
    m.graph.output[0].type.tensor_type.elem_type = TensorProto.FLOAT
    assert load_onnx(m).graph.values["y"].shape == ()


def test_an_unknown_op_stops_inference_at_its_outputs_only() -> None:
    graph = read(
        18, "g (float[4] x, float[2, 3] v) => (float[] y, float[] z) { u = acme.Mystery (x) y = Relu (u) z = Relu (v) }"
    )
    assert [graph.values[o].shape for o in graph.outputs] == [None, (2, 3)]


@pytest.mark.parametrize(
    ("node", "wanted"),
    [
        ("com.microsoft.FusedMatMul <transB = 1> (x, w)", (2, 5)),
        ("com.microsoft.FusedMatMul (x, v)", (2, 7)),
        ("com.microsoft.QuickGelu (x)", (2, 3)),
        ("com.microsoft.Attention <num_heads = 1> (t, k)", (1, 2, 4)),
        ("com.microsoft.Attention <num_heads = 1> (t, s)", None),
        ("Crop <border = [1, 1, 1, 1]> (p)", (1, 3, 6, 6)),
        ("Crop <border = [9, 9, 9, 9]> (p)", (1, 3, None, None)),
        ("Crop <border = [1, 1, 1, 1], scale = [2, 4]> (p)", (1, 3, 2, 4)),
        ("Crop <border = [1, 1, 1, 1], scale = [-2, 4]> (p)", (1, 3, 6, 6)),
        ("ParametricSoftplus <alpha = 1.0> (x)", (2, 3)),
    ],
)
def test_operators_outside_the_standard_have_shapes(node: str, wanted: Shape) -> None:
    text = f"""g (float[2, 3] x, float[5, 3] w, float[3, 7] v, float[1, 2, 6] t, float[6, 12] k, float s,
        float[1, 3, 8, 8] p) => (float[] y) {{ y = {node} }}"""
    assert shape(18, text) == wanted


def test_absent_optional_inputs_stand_in_no_port() -> None:
    (op,) = parse_text(
        'g (float[1, 3, 4, 4] x) => (float[] y) <float[4] s = {1, 1, 2, 2}> { y = Resize (x, "", s) }'
    ).ops
    assert (op.inputs, op.ports) == (("x", "s"), ("X", "scales"))


def test_repeated_ports_repeat() -> None:
    (op,) = parse_text("g (float[4] x) => (float[] y) { y = Concat <axis = 0> (x, x, x) }").ops
    assert op.ports == ("inputs",) * 3


def test_unknown_operators_number_their_ports() -> None:
    (op,) = parse_text('g (float[4] x) => (float[] y) { y = acme.Mystery (x, "", x) }').ops
    assert op.ports == ("input0", "input2")


@pytest.mark.parametrize(
    ("kind", "bits"),
    [("BFLOAT16", 16), ("FLOAT8E4M3FN", 8), ("FLOAT8E5M2", 8), ("INT4", 4), ("UINT4", 4), ("FLOAT4E2M1", 4)],
)
def test_narrow_types_have_their_bytes(kind: str, bits: int) -> None:
    number = TensorProto.DataType.Value(kind)
    w = helper.make_tensor("w", number, [3, 3], np.ones(9))
    y = helper.make_tensor_value_info("y", number, None)
    g = helper.make_graph([helper.make_node("Identity", ["w"], ["y"])], "g", [], [y], [w])
    graph = load_onnx(helper.make_model(g, opset_imports=[helper.make_opsetid("", 24)], ir_version=11)).graph
    value = graph.values["w"]
    assert (value.const, value.shape, value.bytes) == (True, (3, 3), (9 * bits + 7) // 8)
    assert value.data is None or value.data == (1.0,) * 9


def test_complex_constants_are_not_read() -> None:
    w = helper.make_tensor("w", TensorProto.COMPLEX64, [1], [1j])
    x, y = (helper.make_tensor_value_info(n, TensorProto.COMPLEX64, [4]) for n in "xy")
    g = helper.make_graph([helper.make_node("Mul", ["x", "w"], ["y"])], "g", [x], [y], [w])
    graph = load_onnx(helper.make_model(g, opset_imports=[helper.make_opsetid("", 18)])).graph
    assert (graph.values["w"].dtype, graph.values["w"].data) == (DType.COMPLEX64, None)


def test_sparse_weights_are_constants_of_their_dense_shape() -> None:
    values = helper.make_tensor("w", TensorProto.FLOAT, [2], [1.0, 2.0])
    indices = helper.make_tensor("i", TensorProto.INT64, [2], [0, 5])
    x, y = (helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in (("x", [1, 3]), ("y", None)))
    g = helper.make_graph([helper.make_node("MatMul", ["x", "w"], ["y"])], "g", [x], [y])
    g.sparse_initializer.append(helper.make_sparse_tensor(values, indices, [3, 4]))
    graph = load_onnx(helper.make_model(g, opset_imports=[helper.make_opsetid("", 18)])).graph
    assert (graph.values["w"].const, graph.values["w"].shape) == (True, (3, 4))
    assert graph.values["y"].shape == (1, 4)


def test_weights_that_old_files_list_as_inputs_are_no_inputs() -> None:
    m = parser.parse_model(
        '<ir_version: 3, opset_import: ["" : 8]> g (float[4] x, float[4] w) => (float[4] y) { y = Add (x, w) }'
    )
    m.graph.initializer.append(helper.make_tensor("w", TensorProto.FLOAT, [4], [1.0] * 4))
    graph = load_onnx(m).graph
    assert graph.inputs == ("x",)
    assert graph.values["w"].const


QDQ = """g (float[1, 8] x) => (float[] y) <float s = {0.5}, uint8 z = {128}, int8[8, 4] w = {
    1,2,3,4,5,6,7,8, 1,2,3,4,5,6,7,8, 1,2,3,4,5,6,7,8, 1,2,3,4,5,6,7,8}, int8 wz = {0}>
    { q = QuantizeLinear (x, s, z) d = DequantizeLinear (q, s, z)
      wd = DequantizeLinear (w, s, wz) y = MatMul (d, wd) }"""


def test_quantised_models_have_shapes_and_constant_weights() -> None:
    graph = read(13, QDQ)
    assert graph.values["y"].shape == (1, 4)
    assert graph.values["q"].dtype is DType.UINT8
    assert (graph.values["wd"].const, graph.values["wd"].dtype) == (True, DType.FLOAT32)


def test_integer_operators_have_shapes() -> None:
    graph = read(
        13,
        """g (uint8[1, 8] x, uint8[8, 4] w) => (uint8[] y) <float s = {0.5}, uint8 z = {128}>
        { y = QLinearMatMul (x, s, z, w, s, z, s, z) }""",
    )
    assert (graph.values["y"].shape, graph.values["y"].dtype) == ((1, 4), DType.UINT8)


@pytest.mark.parametrize(
    "nodes",
    [
        "y = EyeLike <dtype = 1> (u)",
        'y = RegexFullMatch <pattern = "a"> (u)',
        'y = Einsum <equation = "a!"> (v)',
        'y = Einsum <equation = "a-b"> (x)',
    ],
)
def test_operators_that_end_or_hang_onnx_are_kept_from_it(nodes: str) -> None:
    text = f"g (float[4, 4] x, float[4] v) => (float[] y) {{ u = acme.Mystery (x) {nodes} }}"
    assert shape(20, text) is None


def test_a_shape_of_many_elements_makes_no_axes() -> None:
    text = "g (float[1] x, int64[300000000] s) => (float[] y) { y = Expand (x, s) }"
    assert shape(11, text) is None


def test_and_inferred_where_nothing_can_happen() -> None:
    assert shape(20, "g (float[4, 4] x) => (float[] y) { y = EyeLike <dtype = 1> (x) }") == (4, 4)
    assert shape(11, "g (float[1] x, int64[2] s) => (float[] y) { y = Expand (x, s) }") == (None, None)
    assert shape(20, 'g (float[4, 3] x) => (float[] y) { y = Einsum <equation = "i j -> j i"> (x) }') == (3, 4)


@pytest.mark.parametrize("call", ["GroupNormalization<num_groups=2>(x, s, s)", "MeanVarianceNormalization(x)"])
def test_normalisations_known_only_as_functions_keep_their_inputs_shape(call: str) -> None:
    graph = parse_text(f"g (float[N,4,6,8] x, float[2] s) => (float[?,?,?,?] z) {{ y = {call} z = Relu(y) }}")
    assert graph.values["z"].shape == ("N", 4, 6, 8)
