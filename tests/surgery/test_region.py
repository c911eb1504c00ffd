from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import onnx_ir as ir

from edgeplan.frontends.onnx import parse_model
from edgeplan.surgery.apply import name_new
from edgeplan.surgery.draft import Draft
from edgeplan.surgery.region import Region, fixed_inputs, old_weights, region
from edgeplan.surgery.rewrite import Rewrite
from edgeplan.surgery.runs import run_float
from tests.surgery.harness import model
from tests.surgery.toys import MulFolded, NegAway, ReluOnce


def cut(text: str, one: Rewrite, **given: Any) -> Region | str:
    """The region of a rewrite at the last op it fits."""
    draft = Draft.open(model(text, **given) if given else parse_model(text))
    node = [n for n in draft.model.graph if n.op_type in one.roots][-1]
    new = one.at(node, draft.context)
    name_new(draft, node, new, one.id)  # type: ignore[arg-type]
    return region(new, draft.context.opsets)  # type: ignore[arg-type]


CHAIN = "g (float[2,4] x) => (float[2,4] y) { a = Exp (x) b = Relu (a) c = Relu (b) y = Neg (c) }"
MULS = "g (float[N,4] x, float[4] a, float[4] b) => (float[N,4] y) { m = Mul (x, a) y = Mul (m, b) }"


def test_it_holds_the_old_ops_and_the_new_and_no_other() -> None:
    part = cut(CHAIN, ReluOnce())
    assert [n.op_type for n in part.before] == ["Relu", "Relu"]
    assert [n.op_type for n in part.after] == ["Relu"]
    assert [v.name for v in part.inputs] == ["a"]
    assert len(part.outputs) == 1


def test_both_models_run_and_have_the_same_inputs() -> None:
    part = cut(MULS, MulFolded(), weights=["a", "b"])
    models = part.models({"x": [3, 4]}, part.weights(old_weights(part)))
    for made, count in zip(models, (2, 1), strict=True):
        assert run_float(made, {"x": np.ones((3, 4), np.float32)}, [made.graph.output[0].name])[0].shape == (3, 4)
        assert [i.name for i in made.graph.input] == ["x"]
        assert len(made.graph.node) == count


def test_new_weights_follow_from_whatever_the_old_ones_are() -> None:
    part = cut(MULS, MulFolded(), weights=["a", "b"])
    made = part.weights({v: np.full(4, 3.0) for v in part.constants})
    (new,) = set(made) - {"a", "b"}
    assert made[new].tolist() == [9.0] * 4


def test_in_float64_all_floats_are() -> None:
    text = """g (float[2] x, float[2] z) => (float[2] y) { b = Relu (x) y = Relu (b) }"""
    part = cut(text, ReluOnce())
    for made in part.models({"x": [2]}, {}, double=True):
        assert {i.type.tensor_type.elem_type for i in made.graph.input} == {onnx.TensorProto.DOUBLE}


def test_what_is_handed_on_is_an_output_still() -> None:
    part = cut("g (float[4] x) => (float[4] y) { a = Neg (x) b = Neg (a) y = Relu (b) }", NegAway())
    assert [n.op_type for n in part.after] == ["Identity"]


def test_unknown_shapes_cannot_be_tried() -> None:
    text = "g (float[4] x) => (y) { a = com.acme.Odd (x) b = Relu (a) y = Relu (b) }"
    header = '<ir_version: 8, opset_import: ["" : 18, "com.acme" : 1]>'
    assert cut(header + text, ReluOnce()) == "the type or shape of a is not known"


def test_inputs_that_are_known_are_fed_as_they_are() -> None:
    text = "g (float[2,3] x) => (int64[2] y) { s = Shape (x) a = Neg (s) b = Neg (a) y = Identity (b) }"
    part = cut(text, NegAway())
    assert {n: a.tolist() for n, a in fixed_inputs(part).items()} == {"s": [2, 3]}


def test_only_the_opsets_that_are_used_are_imported() -> None:
    part = cut(CHAIN, ReluOnce())
    assert set(part.opsets) == {""}
    assert isinstance(part.new.new[0], ir.Node)
