from __future__ import annotations

import onnx_ir as ir
import pytest

from edgeplan.frontends.onnx import load_onnx, parse_model
from edgeplan.surgery.binding import bind
from edgeplan.surgery.draft import Draft

TEXT = """g (float[N,M] x, float[N,3] z, float s) => (float[N,M] y, float[N,K] w) {
    a = Mul (x, s) y = Relu (a) w = Concat <axis = 1> (z, z)
}"""


def bound(**given: object) -> Draft:
    draft = Draft.open(parse_model(TEXT))
    kinds = {"dims": {}, "shapes": {}, "values": {}, **given}
    bind(draft, kinds["dims"], kinds["shapes"], kinds["values"])  # type: ignore[arg-type]
    return draft


def shapes(draft: Draft) -> dict[str, list[int | str]]:
    made = ir.to_proto(draft.model).graph
    ends = (*made.input, *made.output)
    return {i.name: [d.dim_param or d.dim_value for d in i.type.tensor_type.shape.dim] for i in ends}


def test_a_dimension_is_bound_wherever_it_stands() -> None:
    found = shapes(bound(dims={"N": 2}))
    assert found["x"] == [2, "M"]
    assert found["z"] == [2, 3]
    assert found["y"] == [2, "M"]


def test_an_input_is_bound_by_its_shape_and_the_rest_follows() -> None:
    found = shapes(bound(shapes={"x": [4, 5]}))
    assert found["x"] == [4, 5]
    assert found["y"] == [4, 5]


def test_a_value_takes_the_inputs_place() -> None:
    draft = bound(values={"s": 3})
    assert [v.name for v in draft.model.graph.inputs] == ["x", "z"]
    (fixed,) = draft.model.graph.initializers.values()
    assert fixed.name == "s"
    assert fixed.const_value.numpy().tolist() == 3.0


def test_an_input_that_is_handed_out_is_still_handed_out() -> None:
    draft = Draft.open(parse_model("g (float[4] x, float s) => (float[4] y, float s) { y = Mul (x, s) }"))
    bind(draft, {}, {}, {"s": 2})
    assert [v.name for v in draft.model.graph.outputs] == ["y", "s"]


@pytest.mark.parametrize("given", [{"dims": {"N": 2}}, {"shapes": {"x": [2, 7]}}, {"values": {"s": 1}}])
def test_it_binds_as_loading_does(given: dict[str, dict[str, object]]) -> None:
    names = {"dims": "dims", "shapes": "shapes", "values": "values"}
    loaded = load_onnx(parse_model(TEXT), **{names[k]: v for k, v in given.items()}).graph  # type: ignore[arg-type]
    draft = bound(**given)
    assert {n: draft.graph.values[n].shape for n in "yw"} == {n: loaded.values[n].shape for n in "yw"}
    assert tuple(draft.graph.inputs) == tuple(loaded.inputs)


def test_nothing_bound_is_nothing_done() -> None:
    draft = Draft.open(parse_model(TEXT))
    before = ir.to_proto(draft.model)
    bind(draft, {}, {}, {})
    assert ir.to_proto(draft.model) == before
