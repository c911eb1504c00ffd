import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from edgeplan.surgery.draft import Draft
from edgeplan.surgery.ledger import Ledger
from edgeplan.surgery.rewrites import rewrite
from edgeplan.surgery.sweep import sweep
from tests.surgery.harness import fires, model, refuses, swept, types

SAMPLES = Path(__file__).parents[3] / "samples"

TEXT = """<ir_version: 10, opset_import: ["" : %d]> g (%s[N,4,6,3] x%s) => (%s[?,?,?,?] y) {
    a = Transpose<perm=[0,3,1,2]>(x)
    b = %s
    y = Transpose<perm=[0,2,3,1]>(b)
}"""


def between(op: str, kind: str = "float", opset: int = 18, **constants: tuple[str, Any]) -> Any:
    """An op on a tensor of [N,3,4,6] between two Transposes."""
    more = "".join(f", {declared} {name}" for name, (declared, _) in constants.items())
    gives = {"Cast": "float16", "ArgMax": "int64", "QuantizeLinear": "uint8"}.get(op.split("<")[0], kind)
    contents = {name: given for name, (_, given) in constants.items()}
    return model(TEXT % (opset, kind, more, gives, op), constants=contents)


@pytest.mark.parametrize(
    ("op", "constants"),
    [
        ("Relu(a)", {}),
        ("Cast<to=10>(a)", {}),
        ("Clip(a, c)", {"c": ("float", 0)}),
        ("Add(a, c)", {"c": ("float[3,1,1]", [[[1]], [[2]], [[3]]])}),
        ("Sub(c, a)", {"c": ("float[6]", range(6))}),
        ("Mul(a, a)", {}),
        ("Mul(a, c)", {"c": ("float", 3)}),
        ("PRelu(a, c)", {"c": ("float[3,1,1]", [[[1]], [[2]], [[3]]])}),
        ("Where(c, a, a)", {"c": ("bool[4,1]", [[True], [False], [True], [True]])}),
        ("Concat<axis=1>(a, a)", {}),
        ("Concat<axis=-3>(c, a)", {"c": ("float[1,2,4,6]", np.ones((1, 2, 4, 6)))}),
        ("Gather<axis=1>(a, c)", {"c": ("int64[2]", [2, 0])}),
        ("Slice(a, s, e, i, t)", {"s": [0, 5], "e": [3, 0], "i": [2, -1], "t": [2, -1]}),
        ("Slice(a, s, e)", {"s": [0, 1], "e": [9, 3]}),
        ("Pad(a, p)", {"p": [0, 1, 2, 3, 0, 0, 1, 0]}),
        ("Pad(a, p, , i)", {"p": [1, 0, 2, 1], "i": [1, -1]}),
        ("Tile(a, r)", {"r": [1, 2, 3, 1]}),
        ("Expand(a, r)", {"r": [1, 3, 4, 6]}),
        ("ReduceMean(a, i)", {"i": [2, 3]}),
        ("ReduceMax(a)", {}),
        ("ArgMax<axis=1>(a)", {}),
        ("Softmax<axis=1>(a)", {}),
        ("LogSoftmax(a)", {}),
        ('Resize<mode="nearest">(x2, , s)', {"s": ("float[4]", [1, 1, 2, 2])}),
        ("QuantizeLinear<axis=1>(a, c)", {"c": ("float[3]", [0.1, 0.2, 0.3])}),
    ],
)
def test_an_op_between_runs_in_the_other_order(op: str, constants: dict[str, Any]) -> None:
    given = {n: c if isinstance(c, tuple) else (f"int64[{len(c)}]", c) for n, c in constants.items()}
    given = {n: (kind, list(c) if isinstance(c, range) else c) for n, (kind, c) in given.items()}
    source = between(op.replace("x2", "a"), **given)
    if op.startswith(("ReduceMean", "ReduceMax", "Resize", "Concat<axis=-3>", "Where")):
        source.graph.input[0].type.tensor_type.shape.dim[0].dim_value = 1
    if op.startswith("Resize"):  # only from the last axes to the last axes: turned, the channels would be resized
        assert refuses("push-transposes", source) == ""
        return
    if op.startswith("ReduceMax"):  # what is left is one number, for which nothing moves
        swept("push-transposes", source)
        return
    made = fires("push-transposes", source)
    assert "Transpose" not in types(made)


@pytest.mark.parametrize("opset", [9, 11, 12])
def test_older_forms(opset: int) -> None:
    text = """<ir_version: 6, opset_import: ["" : %d]> g (float[2,4,6,3] x) => (float[?,?,?,?] y) {
        a = Transpose<perm=[0,3,1,2]>(x)
        b, c = Split<axis=1, split=[1,2]>(a)
        d = ReduceMean<axes=[2]>(b)
        e = Add(c, d)
        y = Transpose<perm=[0,2,3,1]>(e)
    }"""
    made = fires("push-transposes", model(text % opset))
    assert types(made) == ["Split", "ReduceMean", "Add"]


def test_float16() -> None:
    assert types(fires("push-transposes", between("Tanh(a)", "float16"), tolerance=2e-3)) == ["Tanh"]


def test_spatial_axes_swapped_around_a_norm() -> None:
    text = """g (float[N,3,W,H] x, float[3] s, float[3] b, float[3] m, float[3] v) => (float[?,?,?,?] y) {
        a = Transpose<perm=[0,1,3,2]>(x)
        n = BatchNormalization(a, s, b, m, v)
        y = Transpose<perm=[0,1,3,2]>(n)
    }"""
    made = fires("push-transposes", model(text, weights=["s", "b", "m"], positive=["v"]))
    assert types(made) == ["BatchNormalization"]


def test_sequence_first_linear_layers() -> None:
    text = """g (float[B,S,8] x, float[8,8] w, float[8] c) => (float[B,S,8] y) {
        a = Transpose<perm=[1,0,2]>(x)
        m = MatMul(a, w)
        n = Add(m, c)
        y = Transpose<perm=[1,0,2]>(n)
    }"""
    made = fires("push-transposes", model(text, weights=["w", "c"]))
    assert types(made) == ["MatMul", "Add"]


def test_branches_join_and_part() -> None:
    text = """g (float[N,4,6,3] x, float[N,4,6,3] z) => (float[N,4,6,3] y, float[N,3] u) {
        a = Transpose<perm=[0,3,1,2]>(x)
        b = Transpose<perm=[0,3,1,2]>(z)
        c = Add(a, b)
        d = Sigmoid(c)
        e = Mul(c, d)
        y = Transpose<perm=[0,2,3,1]>(e)
        i = Constant<value_ints=[2,3]>()
        u = ReduceMean<keepdims=0>(e, i)
    }"""
    made = fires("push-transposes", model(text))
    assert types(made) == ["Add", "Sigmoid", "Mul", "ReduceMean"]


def test_two_transposes_become_one_behind_their_sum() -> None:
    text = """g (float[N,4,6,3] x, float[N,4,6,3] z) => (float[N,3,4,6] y) {
        a = Transpose<perm=[0,3,1,2]>(x)
        b = Transpose<perm=[0,3,1,2]>(z)
        y = Add(a, b)
    }"""
    assert types(fires("push-transposes", model(text))) == ["Add", "Transpose"]


def test_a_tensor_of_another_order_is_transposed_once() -> None:
    text = """g (float[N,4,6,3] x, float[N,4,6,3] z, float[N,3,4,6] w) => (float[N,4,6,3] y) {
        a = Transpose<perm=[0,3,1,2]>(x)
        b = Transpose<perm=[0,3,1,2]>(z)
        c = Sum(a, b, w)
        y = Transpose<perm=[0,2,3,1]>(c)
    }"""
    assert types(fires("push-transposes", model(text))) == ["Transpose", "Sum"]


def test_shapes_are_read_in_the_order_they_had() -> None:
    text = """g (float[N,H,6,3] x) => (float[N,H,6,3] y, int64[4] s) {
        a = Transpose<perm=[0,3,1,2]>(x)
        b = Relu(a)
        s = Shape(b)
        y = Transpose<perm=[0,2,3,1]>(b)
    }"""
    assert types(fires("push-transposes", model(text))) == ["Relu", "Shape", "Gather"]


@pytest.mark.parametrize(
    ("op", "opset", "constants", "why"),
    [
        ("Softmax<axis=1>(a)", 12, {}, "before opset 13"),
        ("Slice(a, s, s, z)", 18, {"s": [0], "z": ""}, "axes of the Slice are not known"),
        ("Pad(a, z)", 18, {"z": ""}, "widths of the Pad are not known"),
    ],
)
def test_others_stay(op: str, opset: int, constants: dict[str, Any], why: str) -> None:
    wanted = 8 if op.startswith("Pad") else 1
    text = """<ir_version: 7, opset_import: ["" : %d]>
    g (float[2,4,6,3] x, int64[1] s, int64[%d] z) => (float[?,?,?,?] y) {
        a = Transpose<perm=[0,3,1,2]>(x)
        b = %s
        y = Transpose<perm=[0,2,3,1]>(b)
    }"""
    source = model(text % (opset, wanted, op), constants={"s": [0]})
    assert why in refuses("push-transposes", source)


def test_an_operand_of_fewer_axes_that_is_computed_stays() -> None:
    text = """g (float[2,4,6,3] x, float[6] z) => (float[2,4,6,3] y) {
        a = Transpose<perm=[0,3,1,2]>(x)
        b = Add(a, z)
        y = Transpose<perm=[0,2,3,1]>(b)
    }"""
    assert "computed and has fewer axes" in refuses("push-transposes", model(text))


def test_no_fewer_transposes_is_no_reason() -> None:
    text = """g (float[N,4,6,3] x, float[N,3,4,6] z) => (float[N,4,6,3] y, float[N,3,4,6] u) {
        a = Transpose<perm=[0,3,1,2]>(x)
        b = Add(a, z)
        u = Relu(b)
        y = Transpose<perm=[0,2,3,1]>(b)
    }"""
    assert "as many Transposes" in refuses("push-transposes", model(text))


def test_a_real_model() -> None:
    draft = Draft.open(SAMPLES / "basic_pitch.onnx")
    found = sweep(draft, [rewrite("push-transposes")], Ledger())
    assert len(found.sites) == 1


@pytest.mark.parametrize("seed", range(16))
def test_any_graph_keeps_its_results_and_has_fewer_transposes_each_time(seed: int) -> None:
    rng = random.Random(seed)
    orders = [[0, 2, 1], [0, 2, 1], [1, 0, 2], [2, 0, 1], [1, 2, 0]]
    shapes: dict[str, tuple[int, ...]] = {"x": (2, 3, 4), "z": (2, 3, 4)}
    nodes = []
    for at in range(rng.randint(8, 24)):
        source, name = rng.choice(list(shapes)[-5:]), f"v{at}"
        same = [n for n, shape in shapes.items() if shape == shapes[source]]
        kind = rng.choice(["Transpose", "Transpose", "Relu", "Add", "Softmax", "Sum", "Mul"])
        if kind == "Transpose":
            order = rng.choice(orders)
            nodes.append(helper.make_node(kind, [source], [name], perm=order))
            shapes[name] = tuple(shapes[source][axis] for axis in order)
            continue
        inputs = [source]
        if kind in ("Add", "Sum"):
            inputs += [rng.choice(same)] + ([rng.choice(same)] if kind == "Sum" else [])
        inputs += ["w"] if kind == "Mul" else []
        options = {"axis": rng.randint(0, 2)} if kind == "Softmax" else {}
        nodes.append(helper.make_node(kind, inputs, [name], **options))
        shapes[name] = shapes[source]
    read = {i for n in nodes for i in n.input}
    last = [n for n in shapes if n not in read and n not in "xz"]
    last += rng.sample([n for n in shapes if n in read and n not in "xz"], 1)
    infos = [helper.make_tensor_value_info(n, TensorProto.FLOAT, shapes[n]) for n in ("x", "z")]
    outs = [helper.make_tensor_value_info(n, TensorProto.FLOAT, shapes[n]) for n in last]
    weight = numpy_helper.from_array(np.float32(1.5), "w")
    graph = helper.make_graph(nodes, "g", infos, outs, [weight])
    source_model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    draft = Draft.open(source_model)
    before = sum(n.op_type == "Transpose" for n in nodes)
    found = sweep(draft, [rewrite("push-transposes")], Ledger())
    assert not [m for m in found.misses if "proved" in m.reason]
    after = sum(n.op_type == "Transpose" for n in draft.model.graph)
    assert after + len(found.sites) <= before
    if found.sites:
        fires("push-transposes", source_model, sites=len(found.sites))
