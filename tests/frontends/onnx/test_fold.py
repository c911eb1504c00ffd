"""Every evaluation against onnx's own reference, and none for what is too large."""

from __future__ import annotations

import time

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper, parser
from onnx.reference import ReferenceEvaluator

from edgeplan.frontends.errors import ModelError
from edgeplan.frontends.onnx import load_onnx, parse_text
from edgeplan.frontends.onnx.fold import FOLDS

CASES = [
    "18: y = Identity(a)",
    "18: y = Neg(a)",
    "18: y = Abs(a)",
    "18: y = Floor(f)",
    "18: y = Ceil(f)",
    "18: y = Round(f)",
    "18: y = Sqrt(p)",
    "18: y = Exp(f)",
    "18: y = Log(p)",
    "18: y = Reciprocal(p)",
    "18: y = Sign(f)",
    "18: y = Not(t)",
    "18: y = Add(a, b)",
    "18: y = Sub(a, b)",
    "18: y = Mul(a, b)",
    "18: y = Div(a, b)",
    "18: y = Div(f, p)",
    "18: y = Mod(a, b)",
    "18: y = Mod <fmod = 1> (a, b)",
    "18: y = Pow(p, f)",
    "18: y = Equal(a, b)",
    "18: y = Greater(a, b)",
    "18: y = Less(a, b)",
    "18: y = GreaterOrEqual(a, b)",
    "18: y = LessOrEqual(a, b)",
    "18: y = And(t, u)",
    "18: y = Or(t, u)",
    "18: y = Xor(t, u)",
    "18: y = Min(a, b, one)",
    "18: y = Max(a, b, one)",
    "18: y = Sum(f, p, f)",
    "11: y = Squeeze <axes = [0]> (m)",
    "13: y = Squeeze(m, zero)",
    "13: y = Squeeze(m)",
    "11: y = Unsqueeze <axes = [0, 2]> (a)",
    "13: y = Unsqueeze(a, zerotwo)",
    "14: y = Reshape(m, back)",
    "14: y = Reshape(m, copy)",
    "18: y = Flatten <axis = 1> (m)",
    "18: y = Transpose <perm = [2, 0, 1]> (m)",
    "18: y = Transpose(m)",
    "9: y = Slice <starts = [1], ends = [3], axes = [1]> (m)",
    "9: y = Slice <starts = [0, 1], ends = [1, 9]> (m)",
    "13: y = Slice(a, one1, big)",
    "13: y = Slice(a, last, before, zero, back1)",
    "13: y = Slice(m, one1, two1, two1)",
    "18: y = Gather(a, zerotwo)",
    "18: y = Gather <axis = 1> (m, one)",
    "18: y = GatherElements(a, zerotwo)",
    "18: y = ScatterND(a, pick, put)",
    "18: y = Concat <axis = 0> (a, b, a)",
    "18: y = Concat <axis = -1> (m, m)",
    "11: y, z = Split <axis = 0, split = [1, 2]> (a)",
    "13: y, z = Split(a, onetwo)",
    "18: y, z = Split <num_outputs = 2> (a)",
    "18: y = Cast <to = 1> (a)",
    "18: y = Cast <to = 7> (f)",
    "18: y = Cast <to = 9> (a)",
    "18: y = ConstantOfShape(onetwo)",
    "18: y = ConstantOfShape <value = int64[1] {-1}> (onetwo)",
    "18: y = Range(zero0, seven, two)",
    "18: y = Range(seven, zero0, minus)",
    "18: y = Expand(a, square)",
    "18: y = Tile(a, two1)",
    "18: y = Where(t, a, b)",
    "18: y = NonZero(t)",
    "18: y = CumSum(a, zero0)",
    "13: y = ReduceSum(m)",
    "13: y = ReduceSum(m, zerotwo)",
    "13: y = ReduceSum <keepdims = 0> (m, two1)",
    "13: y = ReduceSum <noop_with_empty_axes = 1> (m)",
    "11: y = ReduceSum <axes = [1]> (m)",
    "18: y = ReduceProd <keepdims = 0> (a)",
    "13: y = ReduceProd <axes = [0], keepdims = 0> (a)",
    "18: y = ReduceMax(m, two1)",
    "13: y = ReduceMin <axes = [-1]> (m)",
    "18: y = ReduceMean(f)",
    "18: y = Size(m)",
    "18: y = Shape(m)",
    "18: y = Shape <start = 1, end = -1> (m)",
]
CONSTANTS = """<int64[3] a = {5, -7, 9}, int64[3] b = {2, 3, -4}, int64 one = {1}, int64 two = {2}, int64 zero0 = {0},
    int64[1] zero = {0}, int64[1] one1 = {1}, int64[1] two1 = {2}, int64[2] zerotwo = {0, 2}, int64[2] onetwo = {1, 2},
    int64[1] big = {99}, int64[1] last = {-1}, int64[1] before = {-99}, int64[1] back1 = {-1}, int64 minus = {-2},
    int64 seven = {7}, int64[2] square = {3, 3}, int64[2] back = {3, -1}, int64[3] copy = {0, 3, 1},
    int64[1, 3, 1] m = {4, 5, 6}, float[3] f = {1.5, -2.5, 0.25}, float[3] p = {1.0, 2.0, 4.5},
    bool[3] t = {1, 0, 1}, bool[3] u = {1, 1, 0}, int64[1, 1] pick = {1}, int64[1] put = {44}>"""


def model(case: str) -> str:
    opset, _, node = case.partition(": ")
    outputs = node.partition(" = ")[0].replace(",", "").split()
    head = f'<ir_version: 8, opset_import: ["" : {opset}]>'
    return f"{head} g () => ({', '.join(f'float[] {o}' for o in outputs)}) {CONSTANTS} {{ {node} }}"


@pytest.mark.parametrize("case", CASES)
def test_an_evaluation_gives_what_the_reference_gives(case: str) -> None:
    text = model(case)
    wanted = ReferenceEvaluator(parser.parse_model(text)).run(None, {})
    m = parser.parse_model(text)
    for out in m.graph.output:
        out.ClearField("type")
    graph = load_onnx(m).graph
    for name, array in zip(graph.outputs, wanted, strict=True):
        value = graph.values[name]
        assert value.const
        assert value.shape == np.shape(array)
        assert value.data is not None
        np.testing.assert_allclose(np.array(value.data).reshape(np.shape(array)), array, rtol=1e-6)
        if "Cast" not in case:
            assert str(value.dtype) == np.asarray(array).dtype.name


def test_every_evaluation_is_tested() -> None:
    assert not FOLDS.keys() - {case.partition(" = ")[2].split("(")[0].split("<")[0].strip() for case in CASES}


@pytest.mark.parametrize(
    "node",
    [
        "y = Div(a, nil)",
        "y = Mod(a, nil)",
        "y = Range(nil0, seven, nil0)",
        "y = Reshape(a, five)",
        "y = Squeeze(a, nil)",
        "y = Gather(a, five)",
        "y = Add(a, five2)",
        "y = Tile(a, five2)",
        "y = CumSum <reverse = 1> (a, nil0)",
        'y = ScatterND <reduction = "add"> (a, pick, five)',
        "y = Concat <axis = 7> (a, a)",
        "y = Expand(a, five2)",
        "y = ConstantOfShape(minus)",
        "y = Cast <to = 8> (a)",
    ],
)
def test_what_does_not_fit_is_left_alone(node: str) -> None:
    graph = parse_text(f"""g () => (float[] y) <int64[3] a = {{1, 2, 3}}, int64[1] nil = {{0}}, int64 nil0 = {{0}},
        int64 seven = {{7}}, int64[1] five = {{5}}, int64[2] five2 = {{5, 5}}, int64[1] minus = {{-1}},
        int64[1, 1] pick = {{1}}> {{ {node} }}""")
    assert graph.values["y"].data is None


@pytest.mark.parametrize(
    "node",
    [
        "y = ConstantOfShape(gib)",
        "y = Expand(w, gib)",
        "y = Tile(w, gib)",
        "y = Range(nil, huge, one)",
        "s = ConstantOfShape(gib) y = Transpose(s)",
        "s = Expand(w, gib) y = Add(s, w)",
        "s = ConstantOfShape(part) y = Concat <axis = 0> (s, s, s)",
    ],
)
def test_a_constant_of_gibibytes_is_refused_and_never_made(node: str) -> None:
    start = time.process_time()
    with pytest.raises(ModelError, match=r"makes a constant of .* from nothing"):
        parse_text(f"""g (float[1] x) => (float[] y) <int64[2] gib = {{32768, 32768}}, float[1, 1] w = {{1}},
            int64 nil = {{0}}, int64 one = {{1}}, int64 huge = {{1099511627776}}, int64[2] part = {{16384, 16384}}>
            {{ {node} }}""")
    assert time.process_time() - start < 20


def test_a_large_constant_is_described_and_not_made() -> None:
    graph = parse_text("g () => (float[] y) <int64[2] s = {4096, 4096}> { y = ConstantOfShape(s) }")
    value = graph.values["y"]
    assert (value.const, value.shape, value.data) == (True, (4096, 4096), None)


def test_a_vector_of_many_elements_costs_nothing() -> None:
    graph = parse_text("g (float[1099511627776] x) => (float16[] y) { y = Cast <to = 10> (x) }")
    assert graph.values["y"].shape == (2**40,)


def test_weights_are_constant_and_not_computed_with() -> None:
    w = numpy_helper.from_array(np.ones((100, 100), np.float32), "w")
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    g = helper.make_graph([helper.make_node("Transpose", ["w"], ["y"])], "g", [], [y], [w])
    m = helper.make_model(g, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    value = load_onnx(m).graph.values["y"]
    assert (value.const, value.shape, value.data) == (True, (100, 100), None)


def test_random_numbers_are_no_constant() -> None:
    graph = parse_text("g () => (float[] y) { y = RandomNormal <shape = [2, 2]> () }")
    assert not graph.values["y"].const
