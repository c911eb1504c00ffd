from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from edgeplan.frontends.onnx import parse_text
from edgeplan.graph import Body, DType, Graph, Op, Value
from edgeplan.lower import lower_to
from edgeplan.tflite_ops import tflite_schema
from edgeplan.verify.answer import Status
from edgeplan.verify.tflite.fields import NotWritableError
from edgeplan.verify.tflite.scales import scales_of
from edgeplan.verify.tflite.writer import described, write_tflite

CONV = """g (float[1,3,8,8] x) => (float[1,4,6,6] y) {
    s = Constant <value_ints = [4, 3, 3, 3]> ()
    w = ConstantOfShape (s)
    c = Conv (x, w)
    y = Relu (c)
}"""
QUANTISED = """g (float[1,3,8,8] x) => (float[1,4,6,6] y)
<float s = {0.1}, int8 z = {0}, int64[4] n = {4,3,3,3}, float[4] ws = {1,1,1,1}, int8[4] wz = {0,0,0,0}> {
    w = ConstantOfShape <value = int8[1] {1}> (n)
    a = QuantizeLinear (x, s, z)
    b = DequantizeLinear (a, s, z)
    wf = DequantizeLinear <axis = 0> (w, ws, wz)
    c = Conv (b, wf)
    d = QuantizeLinear (c, s, z)
    y = DequantizeLinear (d, s, z)
}"""
TEXTS = [
    "g (float[1,4] x) => (float[1,4] y) { y = tflite.ABS (x) }",
    "g (float[1,4] x) => (float[4,1] y) <int32[2] p = {1,0}> { y = tflite.TRANSPOSE (x, p) }",
    "g (float[4] a, float[4] b) => (float[2,4] y) { y = tflite.PACK <values_count = 2> (a, b) }",
    "g (float[1,8] x) => (float[1,2] y, int32[1,2] i) <int32 k = {2}> { y, i = tflite.TOPK_V2 (x, k) }",
    "g (int8[1,4] x, int8[1,4] z) => (int8[1,4] y) { y = tflite.ADD (x, z) }",
    "g (float[N,4] x) => (float[N,4] y) { y = tflite.ABS (x) }",
    '<ir_version: 8, opset_import: ["": 18, "tflite": 2]> g (float[1,4] x) => (float[1,4] y) { y = tflite.RELU (x) }',
    "g (float[1,2,2,4] x) => (float[1,2,2,4] y) { y = LogSoftmax (x) }",
    "g (float[3,1,4] x) => (float[3,1,1,2] y) <int64[3] n = {1,8,4}, int64[3] m = {1,8,2}>"
    " { w = ConstantOfShape (n) r = ConstantOfShape (m) y = LSTM <hidden_size = 2> (x, w, r) }",
    "g (float[4] x, bool c) => (float[4] y)"
    " { y = If (c) <then_branch = t () => (float[4] a) { a = Neg (x) },"
    " else_branch = e () => (float[4] b) { b = Abs (x) }> }",
    CONV,
    QUANTISED,
]


def lowered(text: str) -> Graph:
    return lower_to(parse_text(text), "tflite", "model", ("qdq-builtin",))


def op_of(file: Mapping[str, Any], type: str) -> dict[str, Any]:
    """The only op of a type in the main subgraph of a description."""
    code = tflite_schema().ops[type].code
    ops = file["subgraphs"][0]["ops"]
    (found,) = [op for op in ops if file["codes"][op["code"]]["builtin"] == code]
    return dict(found)


def test_ops_keep_their_order_and_name_tensors_by_index() -> None:
    graph = lowered(CONV)
    file = described(graph)
    main = file["subgraphs"][0]
    names = [t["name"] for t in main["tensors"]]
    assert [[names[i] for i in op["inputs"] if i >= 0] for op in main["ops"]] == [list(op.inputs) for op in graph.ops]
    assert [names[i] for i in main["inputs"]] == list(graph.inputs)


def test_options_are_numbers_behind_their_table() -> None:
    conv = op_of(described(lowered(CONV)), "CONV_2D")
    assert (conv["union"], conv["table"], conv["number"]) == ("BuiltinOptions", "Conv2DOptions", 1)
    enums = tflite_schema().enums
    assert conv["options"]["padding"] == enums["Padding"]["VALID"]
    assert conv["options"]["fused_activation_function"] == enums["ActivationFunctionType"]["RELU"]
    assert conv["options"]["stride_w"] == 1


def test_weights_are_constants_and_what_ops_make_is_not() -> None:
    file = described(lowered("g (float[2] x) => (float[2] y) <float[2] w = {3,4}> { y = tflite.ADD (x, w) }"))
    tensors = {t["name"]: t for t in file["subgraphs"][0]["tensors"]}
    assert {n: (t["const"], t["data"]) for n, t in tensors.items()} == {
        "x": (False, None), "w": (True, [3.0, 4.0]), "y": (False, None),
    }  # fmt: skip


def test_an_input_left_out_keeps_its_place() -> None:
    graph = lowered("g (float[1,4] x, float[4] b) => (float[1,4] y) { y = tflite.FULLY_CONNECTED (x, x, b) }")
    assert op_of(described(graph), "FULLY_CONNECTED")["inputs"] == [0, 0, 1]
    fc = replace(graph.ops[0], inputs=("x", "b"), ports=("input", "bias"))
    assert op_of(described(replace(graph, ops=(fc,))), "FULLY_CONNECTED")["inputs"] == [0, -1, 1]


def test_a_recurrent_op_has_all_its_slots_and_states_of_its_own() -> None:
    file = described(lowered(TEXTS[8]))
    lstm = op_of(file, "UNIDIRECTIONAL_SEQUENCE_LSTM")
    assert len(lstm["inputs"]) == 24
    tensors = file["subgraphs"][0]["tensors"]
    states = [tensors[i] for i in (lstm["inputs"][18], lstm["inputs"][19])]
    assert [(t["variable"], t["const"]) for t in states] == [(True, False)] * 2


def test_a_free_size_stands_in_the_signature() -> None:
    tensor = described(lowered(TEXTS[5]))["subgraphs"][0]["tensors"][0]
    assert (tensor["shape"], tensor["signature"]) == ([1, 4], [-1, 4])


@pytest.mark.parametrize(("version", "expected"), [(0, 2), (3, 3)])
def test_a_version_the_runtime_has_is_written(version: int, expected: int) -> None:
    text = "g (float[4] x) => (float[2,4] y) <int32[2] s = {2,4}> { y = tflite.BROADCAST_TO (x, s) }"
    graph = lowered(text)
    op = replace(graph.ops[0], version=version)
    assert described(replace(graph, ops=(op,)))["codes"] == [
        {"builtin": tflite_schema().ops["BROADCAST_TO"].code, "custom": "", "version": expected}
    ]


def test_a_branch_takes_what_it_captures_as_inputs() -> None:
    file = described(lowered(TEXTS[9]))
    main, then, otherwise = file["subgraphs"]
    branch = op_of(file, "IF")
    assert (branch["options"]["then_subgraph_index"], branch["options"]["else_subgraph_index"]) == (1, 2)
    assert [main["tensors"][i]["name"] for i in branch["inputs"]] == ["c", "x"]
    for graph in (then, otherwise):
        assert [graph["tensors"][i]["name"] for i in graph["inputs"]] == ["x"]
        assert len(graph["outputs"]) == 1


def loop(states: int) -> Graph:
    """A WHILE of two states whose condition reads the first, and whose body captures `k` and returns `states`."""
    kinds = {
        "i": Value("i", DType.INT32, ()),
        "a": Value("a", DType.FLOAT32, (4,)),
        "k": Value("k", DType.FLOAT32, (4,)),
    }
    cond = Graph(
        "cond", "tflite", (Op("l", "LESS", ("i", "m"), ("lhs", "rhs"), ("go",)),),
        {"i": kinds["i"], "m": Value("m", DType.INT32, (), True, (3,)), "go": Value("go", DType.BOOL, ())},
        ("i",), ("go",),
    )  # fmt: skip
    body = Graph(
        "body", "tflite", (Op("s", "ADD", ("a", "k"), ("lhs", "rhs"), ("n",)),),
        {**kinds, "n": Value("n", DType.FLOAT32, (4,))}, ("i", "a"), ("i", "n")[:states],
    )  # fmt: skip
    op = Op("w", "WHILE", ("i", "a"), ("inputs", "inputs"), ("o", "y"), bodies=(Body("cond", cond), Body("body", body)))
    values = {**kinds, "o": Value("o", DType.INT32, ()), "y": Value("y", DType.FLOAT32, (4,))}
    return Graph("g", "tflite", (op,), values, ("i", "a", "k"), ("y",))


def test_a_loop_hands_on_what_its_body_captures() -> None:
    file = described(loop(2))
    main, cond, body = file["subgraphs"]
    found = main["ops"][0]
    assert len(found["inputs"]) == len(found["outputs"]) == 3
    assert len(cond["inputs"]) == len(body["inputs"]) == len(body["outputs"]) == 3
    assert body["tensors"][body["inputs"][2]]["name"] == body["tensors"][body["outputs"][2]]["name"] == "k"


@pytest.mark.parametrize(
    ("graph", "words"),
    [
        (parse_text("g (float[4] x) => (float[4] y) { y = Relu (x) }"), "dialect onnx"),
        (lowered("g (float[1,4,4] x) => (float[1] y) { y = Det (x) }"), "onnx.Det is no TFLite op"),
        (lowered("g (float[4] x) => (float[2] y) { y = tflite.CALL (x) }"), "a subgraph that is not here"),
        (lowered("g (float8e4m3fn[4] x) => (float4e2m1[4] y) { y = tflite.CAST (x) }"), "no type float4"),
        (loop(1), "WHILE has 2 states, its body returns 1"),
    ],
)
def test_what_no_file_can_hold_is_said(graph: Graph, words: str) -> None:
    with pytest.raises(NotWritableError, match=words):
        described(graph)


def test_integers_get_scales_that_their_kernels_accept() -> None:
    graph = lowered(QUANTISED)
    found = scales_of(graph)
    conv = next(op for op in graph.ops if op.type == "CONV_2D")
    data, weights, bias = (found[n] for n in conv.inputs)
    assert bias.scale == (data.scale[0] * weights.scale[0],)
    assert found[conv.outputs[0]].zero_point == (0,)


@pytest.mark.parametrize("scaled", [True, False])
def test_scales_are_made_up_only_when_asked_for(scaled: bool) -> None:
    tensors = described(lowered(TEXTS[4]), scaled=scaled)["subgraphs"][0]["tensors"]
    assert [t["quantization"] is not None for t in tensors] == [scaled] * 3


@pytest.mark.parametrize(
    ("kind", "op", "scale", "zero"),
    [
        ("int8", "SOFTMAX", 1 / 256, -128), ("uint8", "SOFTMAX", 1 / 256, 0), ("int8", "TANH", 1 / 128, 0),
        ("int8", "LOG_SOFTMAX", 16 / 256, 127), ("int16", "TANH", 1 / 2**15, 0), ("uint8", "NEG", 1 / 64, 128),
    ],
)  # fmt: skip
def test_results_of_a_known_range_have_its_scale(kind: str, op: str, scale: float, zero: int) -> None:
    graph = lowered(f"g ({kind}[1,4] x) => ({kind}[1,4] y) {{ y = tflite.{op} (x) }}")
    found = scales_of(graph)["y"]
    assert (found.scale, found.zero_point) == ((scale,), (zero,))


def test_what_only_moves_keeps_its_scale() -> None:
    graph = lowered(
        "g (int8[1,4] x) => (int8[2,2] z) <int32[2] s = {2,2}> { y = tflite.SOFTMAX (x) z = tflite.RESHAPE (y, s) }"
    )
    values = {**graph.values, "y": Value("y", DType.INT8, (1, 4))}
    found = scales_of(replace(graph, values=values))
    assert found["z"] == found["y"] != found["x"]


def test_channels_have_a_scale_each() -> None:
    graph = lowered(QUANTISED)
    conv = next(op for op in graph.ops if op.type == "CONV_2D")
    weights = replace(graph.values[conv.inputs[1]], quantization="per-channel")
    found = scales_of(replace(graph, values={**graph.values, weights.name: weights}))
    assert len(found[weights.name].scale) == len(found[conv.inputs[2]].scale) == 4


def seen(graph: Graph) -> list[object]:
    """What of a graph a file has to keep: values by type and shape, for names in a file are its own."""

    def shape(name: str) -> object:
        value = graph.values[name]
        return value.dtype, None if value.shape is None else tuple(d if isinstance(d, int) else -1 for d in value.shape)

    return [
        (
            op.type, op.ports, tuple(map(shape, op.inputs)), tuple(map(shape, op.outputs)),
            {k: v for k, v in op.attrs.items() if k in tflite_schema().options(op.type) and "subgraph" not in k},
            tuple(len(body.graph.ops) for body in op.bodies),
        )
        for op in graph.ops
    ]  # fmt: skip


@pytest.mark.referee
@pytest.mark.parametrize("text", TEXTS)
def test_a_file_is_read_back_as_it_was(text: str, tmp_path: Path) -> None:
    pytest.importorskip("ai_edge_litert")
    from edgeplan.frontends.tflite import load_tflite

    graph = lowered(text)
    answer = write_tflite(graph, tmp_path / "g.tflite")
    assert (answer.status, answer.words) == (Status.COMPILED, "")
    found, wanted = seen(load_tflite(tmp_path / "g.tflite").graph), seen(graph)
    if "If" in text:  # captures have become inputs
        found, wanted = [f[0] for f in found], [w[0] for w in wanted]  # type: ignore[index]
    assert found == wanted


@pytest.mark.referee
@pytest.mark.parametrize("text", TEXTS)
def test_the_runtime_prepares_it(text: str, tmp_path: Path) -> None:
    interpreter = pytest.importorskip("ai_edge_litert.interpreter")
    write_tflite(lowered(text), tmp_path / "g.tflite")
    ready = interpreter.Interpreter(str(tmp_path / "g.tflite"))
    ready.allocate_tensors()
    assert len(ready.get_output_details()) == len(lowered(text).outputs)
