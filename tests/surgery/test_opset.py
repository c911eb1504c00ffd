from __future__ import annotations

import numpy as np
import onnx
import onnx_ir as ir
import pytest

from edgeplan.frontends.onnx import parse_model
from edgeplan.surgery.draft import Draft
from edgeplan.surgery.opset import OpsetError, raise_opset
from tests.surgery.harness import model, same

OLD = """<ir_version: 7, opset_import: ["" : {0}]> g (float[N,3,8,8] x, float[32,3,5,5] w) => (float[N,32,1,1] y) {{
    a = Conv <pads = [2, 2, 2, 2]> (x, w) b = Relu (a) y = ReduceMean <axes = [2, 3]> (b)
}}"""


def raised(version: int, by: int) -> tuple[onnx.ModelProto, onnx.ModelProto]:
    source = model(OLD.format(version), weights=["w"])
    source.producer_name, source.doc_string = "maker", "the model"
    source.metadata_props.add(key="author", value="me")
    return source, ir.to_proto(raise_opset(Draft.open(source), by).model)


@pytest.mark.parametrize(("version", "by"), [(11, 13), (13, 18), (9, 20)])
def test_it_computes_the_same_in_the_new_opset(version: int, by: int) -> None:
    source, made = raised(version, by)
    assert {o.domain: o.version for o in made.opset_import}[""] == by
    onnx.checker.check_model(made, full_check=True)
    same(source, made, 1e-6)


def test_weights_stay_weights_and_what_it_says_of_itself_stays() -> None:
    source, made = raised(11, 18)
    assert [i.name for i in made.graph.input] == ["x"]
    weights = {t.name: onnx.numpy_helper.to_array(t) for t in made.graph.initializer}
    assert np.array_equal(weights["w"], onnx.numpy_helper.to_array(source.graph.initializer[0]))
    assert (made.producer_name, made.doc_string) == ("maker", "the model")
    assert made.metadata_props == source.metadata_props
    assert made.graph.output == source.graph.output


def test_the_same_opset_is_the_same_draft() -> None:
    draft = Draft.open(model(OLD.format(13), weights=["w"]))
    assert raise_opset(draft, 13) is draft


@pytest.mark.parametrize(("by", "words"), [(11, "raised, not lowered to 11"), (999, "knows opsets up to")])
def test_opsets_that_cannot_be_are_refused(by: int, words: str) -> None:
    with pytest.raises(OpsetError, match=words):
        raise_opset(Draft.open(model(OLD.format(13), weights=["w"])), by)


def test_what_the_converter_does_not_take_is_said_in_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise RuntimeError("no adapter for Odd\nat line 7")

    source = parse_model("g (float[4] x) => (float[4] y) { y = Relu (x) }")
    monkeypatch.setattr(onnx.version_converter, "convert_version", fails)
    with pytest.raises(
        OpsetError, match=r"^onnx's converter does not raise this model to opset 20: no adapter for Odd$"
    ):
        raise_opset(Draft.open(source), 20)


def test_large_weights_of_bodies_stay() -> None:
    text = """<ir_version: 8, opset_import: ["" : 13]>
    g (float[2,64] x, bool c) => (float[2,64] y) <float[64,64] w = {0}> {
        y = If (c) <then_branch = a () => (float[2,64] p) <float[64,64] v = {0}> { p = MatMul (x, v) },
                    else_branch = b () => (float[2,64] q) { q = MatMul (x, w) }>
    }"""
    numbers = ", ".join(f"{n:.3f}" for n in np.random.default_rng(0).standard_normal(64 * 64))
    source = parse_model(text.replace("{0}", "{" + numbers + "}"))
    made = ir.to_proto(raise_opset(Draft.open(source), 18).model)
    onnx.checker.check_model(made, full_check=True)
    same(source, made, 1e-6)
