"""What the builder makes of a whole graph: inputs and outputs, names, shared transposes, fused activations, halves."""

from edgeplan.cost.work import work_of
from edgeplan.frontends.onnx import parse_text
from edgeplan.graph import DType, Graph
from edgeplan.lower import lower_to

_W = "<int64[4] s = {4,3,1,1}> { w = ConstantOfShape (s)"


def _shape(graph: Graph, name: str):
    return graph.values[name].shape


def test_inputs_and_outputs_of_spatial_ops_are_channels_last_under_their_names(graph_of) -> None:
    graph = graph_of(f"g (float[1,3,8,8] x) => (float[1,4,8,8] y) {_W} y = Conv (x, w) }}")
    assert (graph.inputs, graph.outputs) == (("x",), ("y",))
    assert _shape(graph, "x") == (1, 8, 8, 3)
    assert _shape(graph, "y") == (1, 8, 8, 4)
    assert graph.ops[0].outputs == ("y",)


def test_other_inputs_and_outputs_keep_their_order(graph_of) -> None:
    graph = graph_of("g (float[1,3,8,8] x) => (float[1,3,8,8] y) { t = Relu (x) y = Softmax (t) }")
    assert [op.type for op in graph.ops] == ["RELU", "SOFTMAX"]
    assert _shape(graph, "x") == _shape(graph, "y") == (1, 3, 8, 8)


def test_a_tensor_is_transposed_once_for_all_its_readers(graph_of) -> None:
    graph = graph_of(
        "g (float[1,3,8,8] x) => (float[1,2,128] y, float[1,2,128] u) "
        "<int64[4] s = {4,3,1,1}, int64[3] a = {1,2,128}> { w = ConstantOfShape (s) t = Conv (x, w) "
        "y = Reshape (t, a) v = Reshape (t, a) u = Relu (v) }"
    )
    assert [op.type for op in graph.ops].count("TRANSPOSE") == 1


def test_a_sequence_that_planes_become_keeps_its_order(graph_of) -> None:
    text = f"g (float[1,3,8,8] x) => (float[1,4,64] y) {_W[:-1]}, int64[3] a = {{1,4,64}}> {{"
    text = (
        text.replace(_W[:-1], "<int64[4] s = {4,3,1,1}")
        + " w = ConstantOfShape (s) t = Conv (x, w) y = Reshape (t, a) }"
    )
    graph = graph_of(text)
    assert _shape(graph, graph.outputs[0]) == (1, 4, 64)


def test_activations_are_fused_only_into_an_op_that_nothing_else_reads(graph_of) -> None:
    head = "g (float[1,3,8,8] x) => (float[1,4,8,8] y, float[1,4,8,8] z)"
    text = f"{head} {_W} t = Conv (x, w) y = Relu (t) z = Add (t, y) }}"
    assert [op.type for op in graph_of(text).ops] == ["CONV_2D", "RELU", "ADD"]
    text = f"g (float[1,3,8,8] x) => (float[1,4,8,8] y) {_W} t = Conv (x, w) y = Relu (t) }}"
    op = graph_of(text).ops[0]
    assert op.attrs["fused_activation_function"] == "RELU"
    assert op.sources == tuple(o.name for o in parse_text(text).ops[1:])


def test_a_clip_of_computed_bounds_is_not_fused(graph_of) -> None:
    graph = graph_of("g (float[2,3] a, float[2,3] b, float m) => (float[2,3] y) { t = Add (a, b) y = Clip (t, m) }")
    assert [op.type for op in graph.ops] == ["ADD", "MAXIMUM"]


def test_half_keeps_weights_in_float16_with_a_dequantize_behind_each(graph_of) -> None:
    text = f"g (float[1,3,8,8] x) => (float[1,4,8,8] y) {_W} t = Conv (x, w) y = Conv (t, v) }}".replace(
        "> { w", ", int64[4] r = {4,4,1,1}> { v = ConstantOfShape (r) w"
    )
    graph = graph_of(text, "float16")
    dequantized = [op for op in graph.ops if op.type == "DEQUANTIZE"]
    assert len(dequantized) == 4
    assert {graph.values[op.inputs[0]].dtype for op in dequantized} == {DType.FLOAT16}
    assert {graph.values[op.outputs[0]].dtype for op in graph.ops} == {DType.FLOAT32}
    assert all(graph.values[op.outputs[0]].const for op in dequantized)


def test_a_model_of_halves_is_computed_in_single_precision(graph_of) -> None:
    graph = graph_of("g (float16[2,3] x) => (float16[2,3] y) <float16[3] c = {1,2,3}> { y = Add (x, c) }")
    assert [op.type for op in graph.ops] == ["DEQUANTIZE", "ADD"]
    assert graph.values["y"].dtype is DType.FLOAT32


def test_what_a_body_captures_is_in_the_model_s_order(graph_of) -> None:
    graph = graph_of(
        f"g (float[1,3,8,8] x, bool c) => (float[1,4,8,8] y) {_W} t = Conv (x, w) y = If (c) <then_branch = a () => "
        "(float[1,4,8,8] p) { p = Relu (t) }, else_branch = b () => (float[1,4,8,8] q) { q = Neg (t) }> }"
    )
    assert _shape(graph, "t") == (1, 4, 8, 8)
    assert [op.type for op in graph.ops][:2] == ["CONV_2D", "TRANSPOSE"]


def test_a_plain_network_has_the_work_that_the_model_has() -> None:
    source = parse_text(
        "g (float[1,3,16,16] x) => (float[1,10] y) <int64[4] s = {8,3,3,3}, int64[4] d = {8,1,3,3}, int64[4] p = "
        "{16,4,1,1}, int64[2] f = {16,10}, int64[4] u = {16,4,2,2}, int64[2] a = {2,3}> { w = ConstantOfShape (s) v = "
        "ConstantOfShape (d) z = ConstantOfShape (p) g = ConstantOfShape (f) k = ConstantOfShape (u) "
        "t1 = Conv <pads = [1,1,1,1], strides = [2,2]> (x, w) t2 = Conv <group = 8> (t1, v) "
        "t3 = Conv <group = 2> (t2, z) "
        "t4 = ConvTranspose <strides = [2,2], group = 2> (t3, k) t5 = ConvTranspose <strides = [2,2]> (t3, k) "
        "t6 = ReduceMean <keepdims = 0> (t3, a) t7 = Concat <axis = 1> (t4, t5) t8 = ReduceMean <keepdims = 0> (t7, a) "
        "t9 = MatMul (t6, g) y = Add (t9, t9) }"
    )
    counts = [
        sum(work_of(graph, op).macs or 0 for op in graph.ops)
        for graph in (lower_to(source, "onnx"), lower_to(source, "tflite"))
    ]
    assert counts[0] == counts[1] > 0
