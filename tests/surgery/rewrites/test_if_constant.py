from dataclasses import replace
from pathlib import Path

import onnx
import onnx_ir as ir
import pytest

from edgeplan.frontends.onnx.bind import bind
from edgeplan.surgery.draft import Draft, graphs
from edgeplan.surgery.ledger import Ledger
from edgeplan.surgery.reading import reads_as_branch
from edgeplan.surgery.rewrite import Replacement
from edgeplan.surgery.rewrites import rewrite
from edgeplan.surgery.sweep import sweep
from tests.surgery.harness import fires, model, refuses, same, swept, types

SAMPLES = Path(__file__).parents[3] / "samples"

TEXT = """g (float[N,4] x, bool c, float[4] w) => (float[N,4] y) {
    z = Neg(x)
    y = If(c) <
        then_branch = t () => (float[N,4] a) <float[4] k = {1.0, 2.0, 3.0, 4.0}> { m = Mul(z, k) a = Add(m, w) },
        else_branch = e () => (float[N,4] b) <float[4] l = {4.0, 3.0, 2.0, 1.0}> { m = Sub(z, l) b = Relu(m) }
    >
}"""


def test_a_constant_condition_leaves_the_branch_it_takes() -> None:
    assert types(fires("if-constant", model(TEXT, ["w"], constants={"c": True}))) == ["Neg", "Mul", "Add"]
    assert types(fires("if-constant", model(TEXT, ["w"], constants={"c": False}))) == ["Neg", "Sub", "Relu"]


def test_what_only_the_other_branch_read_goes_too() -> None:
    text = """g (float[2,3] x, bool c) => (float[2,3] y) {
        z = Exp(x)
        y = If(c) <
            then_branch = t () => (float[2,3] a) { a = Relu(x) },
            else_branch = e () => (float[2,3] b) { b = Neg(z) }
        >
    }"""
    assert types(fires("if-constant", model(text, constants={"c": True}))) == ["Relu"]


def test_a_condition_on_sizes_is_known_with_them() -> None:
    text = """g (float[%s,1,3] x) => (float[%s,3] y) <int64 one = {1}, int64 at = {1}, int64[1] axes = {1}> {
        s = Shape(x) d = Gather<axis=0>(s, at) c = Equal(d, one)
        y = If(c) <
            then_branch = t () => (float[?,3] a) { a = Squeeze(x, axes) },
            else_branch = e () => (float[?,1,3] b) { b = Identity(x) }
        >
    }"""
    assert "Squeeze" in types(fires("if-constant", model(text % ("N", "N"))))
    assert "Squeeze" in types(fires("if-constant", model(text % ("5", "5"))))
    swapped = text.replace("float[%s,1,3]", "float[2,N,3]") % "2"
    assert "not known" in refuses("if-constant", model(swapped))


def test_branches_inside_branches() -> None:
    text = """g (float[2,3] x, bool c, bool d) => (float[2,3] y, float[2,3] z) {
        y, z = If(c) <
            then_branch = t () => (float[2,3] a, float[2,3] x) {
                n = Neg(x)
                a = If(d) <
                    then_branch = tt () => (float[2,3] p) { p = Exp(n) },
                    else_branch = te () => (float[2,3] q) { q = Abs(n) }
                >
            },
            else_branch = e () => (float[2,3] b, float[2,3] b2) { b = Relu(x) b2 = Relu(b) }
        >
    }"""
    both = model(text.replace("float[2,3] x) {", "float[2,3] i) { i = Identity(x)"), constants={"c": True, "d": False})
    assert types(fires("if-constant", both, sites=2)) == ["Identity", "Neg", "Abs"]
    inner = model(text.replace("float[2,3] x) {", "float[2,3] i) { i = Identity(x)"), constants={"d": True})
    made = fires("if-constant", inner)
    assert types(made) == ["If"]
    outer = model(text.replace("float[2,3] x) {", "float[2,3] i) { i = Identity(x)"), constants={"c": True})
    assert types(fires("if-constant", outer)) == ["Identity", "Neg", "If"]


def test_a_branch_that_hands_on_a_weight() -> None:
    text = """g (float[2,2] x, bool c) => (float[2,2] y, float[2] z) {
        y, z = If(c) <
            then_branch = t () => (float[2,2] a, float[2] k) <float[2] k = {1.0, 2.0}> { a = Abs(x) },
            else_branch = e () => (float[2,2] b, float[2] k2) <float[2] k2 = {1.0, 3.0}> { b = Relu(x) }
        >
    }"""
    made = fires("if-constant", model(text, constants={"c": False}))
    assert types(made) == ["Relu", "Identity"]


def test_a_condition_from_the_data_stays() -> None:
    assert "not known" in refuses("if-constant", model(TEXT, ["w"]))


def test_a_branch_too_heavy_to_try_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edgeplan.surgery.region._HEAVY", 0)
    source = model(TEXT, ["w"], constants={"c": True})
    found, made = swept("if-constant", source)
    assert [site.proof.runs for site in found.sites] == [0]
    assert types(made) == ["Neg", "Mul", "Add"]
    same(source, made)


@pytest.mark.parametrize("wrong", ["op", "order", "setting", "weight", "result"])
def test_reading_sees_what_is_not_the_branch(wrong: str) -> None:
    text = """g (float[2,2] x, float[2,2] z, bool c) => (float[2,2] y, float[2,2] u) {
        y, u = If(c) <
            then_branch = t () => (float[2,2] a, float[2,2] b) <float k = {1.0}> {
                d = Sub(x, z) e = Add(d, k) a = Elu<alpha=0.5>(e) b = Relu(e)
            },
            else_branch = e () => (float[2,2] f, float[2,2] g) { f = Neg(x) g = Neg(z) }
        >
    }"""
    draft = Draft.open(model(text, constants={"c": True}))
    root = draft.model.graph[-1]
    found = rewrite("if-constant").at(root, draft.context)
    assert isinstance(found, Replacement)
    assert reads_as_branch(found)
    sub, elu = found.new[0], found.new[2]
    if wrong == "op":
        sub.op_type = "Add"
    elif wrong == "order":
        first, second = sub.inputs
        sub.replace_input_with(0, second)
        sub.replace_input_with(1, first)
    elif wrong == "setting":
        elu.attributes["alpha"] = ir.AttrFloat32("alpha", 0.25)
    elif wrong == "weight":
        found = replace(found, folded=(replace(found.folded[0], compute=abs),))
    else:
        (y, a), (u, b) = found.outputs
        found = replace(found, outputs=((y, b), (u, a)))
    assert not reads_as_branch(found)


def test_a_real_model_whose_ranks_are_not_known() -> None:
    draft = Draft.open(SAMPLES / "silero_vad.onnx")
    found = sweep(draft, [rewrite("if-constant")], Ledger())
    assert [site.proof.runs for site in found.sites] == [0, 0]


def test_a_real_model_with_branches_in_branches() -> None:
    proto = onnx.load(SAMPLES / "silero_vad.onnx")
    bind(proto, {}, {"input": (1, 576), "state": (2, 1, 128)}, {"sr": 16000})
    draft = Draft.open(proto)
    found = sweep(draft, [rewrite("if-constant")], Ledger())
    assert len(found.sites) == 7
    assert all(site.proof.runs for site in found.sites)
    assert not [n for g in graphs(draft.model.graph) for n in g if n.op_type == "If"]
    same(proto, ir.to_proto(draft.model))
