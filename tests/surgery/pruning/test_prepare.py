from __future__ import annotations

import numpy as np
import onnx_ir as ir
import pytest
from onnx import ModelProto

from edgeplan.pruning.structure import Structure, structure_of
from edgeplan.surgery.draft import Draft
from edgeplan.surgery.pruning.prepare import prepare
from tests.surgery.harness import model, same, types

SHAPED = """g (float[BATCH,6] x, float[6,8] v, float[8,3] w) => (float[BATCH,3] y)
    <int64 zero = {0}, int64[1] first = {0}, int64[1] two = {2}, int64[1] four = {4}, int64[1] eight = {8}> {
    h = MatMul (x, v) s = Shape (h) n = Gather (s, zero) m = Unsqueeze (n, first)
    split = Concat <axis = 0> (m, two, four) p = Reshape (h, split) q = Transpose <perm = [0,2,1]> (p)
    whole = Concat <axis = 0> (m, eight) r = Reshape (q, whole) y = MatMul (r, w)
}"""


def prepared(source: ModelProto) -> tuple[ModelProto, Structure]:
    draft = prepare(Draft.open(source))
    return ir.to_proto(draft.model), structure_of(draft.graph)


def told(made: ModelProto) -> list[list[int]]:
    """The shapes that reshapes are told as constants."""
    held = {t.name: np.frombuffer(t.raw_data, np.int64).tolist() for t in made.graph.initializer if t.data_type == 7}
    return [held[n.input[1]] for n in made.graph.node if n.op_type == "Reshape" and n.input[1] in held]


@pytest.mark.parametrize(("batch", "first"), [("2", 2), ("N", 0)])
def test_shapes_that_are_computed_become_constants(batch: str, first: int) -> None:
    source = model(SHAPED.replace("BATCH", batch), weights=["v", "w"])
    made, structure = prepared(source)
    assert types(made) == ["MatMul", "Reshape", "Transpose", "Reshape", "MatMul"]
    assert [t[1:] for t in told(made)] == [[2, 4], [8]]
    assert all(t[0] in (first, -1) for t in told(made))
    assert [(len(g.units), g.per_unit) for g in structure.groups] == [(4, 2)]
    same(source, made)


def test_a_shape_with_two_open_sizes_that_move_is_left_computed() -> None:
    text = """g (float[A,B,6] x, float[6,8] v, float[8,3] w) => (float[C,3] y, float[B,A,8] z)
        <int64[3] order = {1,0,2}, int64 axis = {0}> {
        h = MatMul (x, v) s = Shape (h) t = Gather (s, order) z = Reshape (h, t)
        f = Reshape (h, flat) y = MatMul (f, w)
    }""".replace("int64 axis = {0}", "int64[2] flat = {-1,8}")
    source = model(text, weights=["v", "w"])
    made, structure = prepared(source)
    assert not structure.groups
    assert [f.reason for f in structure.frozen] == ["its size is computed with", "an output of the model"]
    same(source, made)


def test_the_draft_that_was_given_stays() -> None:
    draft = Draft.open(model(SHAPED.replace("BATCH", "2"), weights=["v", "w"]))
    before = ir.to_proto(draft.model).SerializeToString(deterministic=True)
    prepare(draft)
    assert ir.to_proto(draft.model).SerializeToString(deterministic=True) == before


SHARED = """g (float[2,16] x, float[16,16] w, float[16] b, float[16,3] u) => (float[2,3] y) {
    c = MatMul (x, w) d = Add (c, b) e = Relu (d) f = MatMul (e, w) g = Add (f, b) r = Relu (g) y = MatMul (r, u)
}"""


def test_a_trained_matrix_that_two_ops_read_stays_one_and_a_vector_does_not() -> None:
    source = model(SHARED, weights=["w", "b", "u"])
    made, structure = prepared(source)
    held = {t.name for t in made.graph.initializer}
    assert len(held) == 4
    assert sorted(t.dims[0] for t in made.graph.initializer if len(t.dims) == 1) == [16, 16]
    assert not structure.groups  # its rows are the model's input, its columns the next layer's rows
    same(source, made)


def test_a_weight_that_is_parted_leaves_the_model_it_came_from_alone() -> None:
    source = model(SHARED, weights=["w", "b", "u"])
    before = source.SerializeToString(deterministic=True)
    prepared(source)
    assert source.SerializeToString(deterministic=True) == before


def test_before_training_every_op_has_weights_of_its_own() -> None:
    source = model(SHARED, constants={"w": np.ones((16, 16)), "b": np.zeros(16), "u": np.ones((16, 3))})
    made, structure = prepared(source)
    assert len(made.graph.initializer) == 5
    assert [len(g.units) for g in structure.groups] == [16, 16]
    same(source, made)


def test_weights_made_of_nothing_are_parted_as_well() -> None:
    text = """g (float[2,16] x, float[16,8] u) => (float[2,8] y) <int64[2] shape = {16,16}> {
        w = ConstantOfShape <value = float[1] {0.5}> (shape) i = Identity (w)
        c = MatMul (x, i) e = Relu (c) f = MatMul (e, i) r = Relu (f) y = MatMul (r, u)
    }"""
    source = model(text, constants={"u": np.ones((16, 8))})
    made, structure = prepared(source)
    assert [len(g.units) for g in structure.groups] == [16, 16]
    same(source, made)


def test_quantised_weights_stay_quantised() -> None:
    text = """<ir_version: 9, opset_import: ["" : 19]> g (float[2,6] x, int8[8,6] w, float[8] s, float[8,3] u)
        => (float[2,3] y) {
        d = DequantizeLinear <axis = 0> (w, s) t = Transpose (d) c = MatMul (x, t) y = MatMul (c, u)
    }"""
    source = model(text, weights=["u"], positive=["s"], constants={"w": np.arange(48).reshape(8, 6)})
    made, structure = prepared(source)
    assert types(made) == ["DequantizeLinear", "Transpose", "MatMul", "MatMul"]
    (group,) = structure.groups
    assert {(a.weight, a.axis) for a in group.axes} == {("w", 0), ("s", 0), ("u", 0)}


def test_weights_of_an_old_model_are_no_inputs_any_more() -> None:
    source = model('<ir_version: 8, opset_import: ["" : 8]>' + SHARED, weights=["w", "b", "u"])
    source.ir_version = 3
    for t in source.graph.initializer:
        info = source.graph.input.add()
        info.CopyFrom(source.graph.input[0])
        info.name = t.name
        del info.type.tensor_type.shape.dim[:]
        for d in t.dims:
            info.type.tensor_type.shape.dim.add().dim_value = d
    made, _ = prepared(source)
    assert [i.name for i in made.graph.input] == ["x"]


def test_zeros_made_of_a_shape_stay_made() -> None:
    text = """g (float[1,4,64,64] x) => (float[1,12,64,64] y) <int64[4] s = {1,4,64,64}> {
        z = ConstantOfShape (s)
        c = Concat <axis = 1> (x, z)
        y = Conv (c, w)
    }"""
    draft = Draft.open(model(text.replace("x)", "x, float[12,8,1,1] w)", 1), ["w"]))
    made = prepare(draft)
    assert [op.type for op in made.graph.ops] == ["ConstantOfShape", "Concat", "Conv"]
