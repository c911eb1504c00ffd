"""Free dimensions: their names, and how they get their sizes."""

from __future__ import annotations

import pytest
from onnx import ModelProto, TensorProto, helper, parser

from edgeplan.frontends.loaded import Loaded
from edgeplan.frontends.onnx import BindingError, load_onnx

HEADER = '<ir_version: 8, opset_import: ["" : 18, "acme" : 1]>'
TEXT = "g (float[N, 3, H, W] x, float[N] v) => (float[N, 3, H, W] y) { y = Relu (x) }"


def parse(text: str = TEXT) -> ModelProto:
    return parser.parse_model(f"{HEADER} {text}")


def bound(text: str = TEXT, shapes: dict[str, tuple[int, ...]] | None = None, **dims: int) -> Loaded:
    return load_onnx(parse(text), dims, shapes)


def test_free_dimensions_are_named() -> None:
    read = bound()
    assert read.free == ("H", "N", "W")
    assert read.graph.values["y"].shape == ("N", 3, "H", "W")


def test_a_bound_name_is_bound_wherever_it_stands() -> None:
    read = bound(N=2)
    assert read.free == ("H", "W")
    assert read.graph.values["x"].shape == (2, 3, "H", "W")
    assert read.graph.values["v"].shape == (2,)
    assert read.graph.values["y"].shape == (2, 3, "H", "W")


def test_dimensions_without_a_name_get_one() -> None:
    m = parse("g (float[1, 2, 3, 4] x) => (float[] y) { y = Relu (x) }")
    dims = m.graph.input[0].type.tensor_type.shape.dim
    dims[0].dim_value = -1
    dims[1].ClearField("dim_value")
    dims[2].dim_param = "?"
    assert load_onnx(m).free == ("x.0", "x.1", "x.2")
    assert load_onnx(m, {"x.0": 7, "x.2": 9}).graph.values["y"].shape == (7, "x.1", 9, 4)


def test_a_size_of_zero_is_a_size() -> None:
    assert bound(N=0, H=1, W=1).graph.values["y"].bytes == 0


def test_a_shape_replaces_what_the_model_declares() -> None:
    text = (
        "g (float[1, 3, 8, 8] x) => (float[1, 8, 4, 4] y) <float[8, 3, 3, 3] w> { y = Conv <strides = [2, 2]> (x, w) }"
    )
    m = parse(text.replace("<float[8, 3, 3, 3] w>", ""))
    m.graph.initializer.append(helper.make_tensor("w", TensorProto.FLOAT, [8, 3, 3, 3], [0.0] * 216))
    m.graph.node[0].attribute.append(helper.make_attribute("pads", [1, 1, 1, 1]))
    read = load_onnx(m, shapes={"x": (2, 3, 32, 16)})
    assert read.graph.values["y"].shape == (2, 8, 16, 8)


def test_stale_shapes_are_forgotten_in_bodies_too() -> None:
    m = parse("""g (bool c, float[1, 4] x) => (float[1, 8] y) { a = Relu (x)
        y = If (c) <then_branch = t () => (float[1, 8] p) { p = Concat <axis = 1> (a, a) },
                    else_branch = e () => (float[1, 8] q) { b = Neg (a) q = Concat <axis = 1> (b, b) }> }""")
    m.graph.value_info.append(helper.make_tensor_value_info("a", TensorProto.FLOAT, [1, 4]))
    body = next(a.g for a in m.graph.node[1].attribute if a.name == "else_branch")
    body.value_info.append(helper.make_tensor_value_info("b", TensorProto.FLOAT, [1, 4]))
    graph = load_onnx(m, shapes={"x": (5, 4)}).graph
    assert graph.values["y"].shape == (5, 8)
    assert graph.ops[1].bodies[1].graph.values["b"].shape == (5, 4)


def test_what_a_custom_op_declares_is_kept_and_bound() -> None:
    m = parse("g (float[N, 4] x) => (float[N, 2] y) { a = acme.Mystery (x) y = Relu (a) }")
    m.graph.value_info.append(helper.make_tensor_value_info("a", TensorProto.FLOAT, ["N", 2]))
    assert load_onnx(m, {"N": 6}).graph.values["y"].shape == (6, 2)


def test_an_input_without_a_shape_takes_any() -> None:
    m = parse("g (float[1] x) => (float[] y) { y = Relu (x) }")
    m.graph.input[0].type.tensor_type.ClearField("shape")
    assert load_onnx(m, shapes={"x": (2, 3)}).graph.values["y"].shape == (2, 3)


@pytest.mark.parametrize(
    ("dims", "shapes", "message"),
    [
        ({"M": 1}, {}, "the model has no dimension 'M'; it has 'H', 'N', 'W'"),
        ({}, {"z": (1,)}, "the model has no input 'z'; it has 'x', 'v'"),
        ({}, {"x": (1, 3)}, "input 'x' has 4 axes, the shape given has 2"),
        ({"N": -1}, {}, "a dimension cannot be negative"),
        ({}, {"v": (-3,)}, "a dimension cannot be negative"),
        ({"N": 2**63}, {}, "a dimension cannot be"),
    ],
)
def test_a_binding_that_does_not_fit_is_refused(dims: dict, shapes: dict, message: str) -> None:
    with pytest.raises(BindingError, match=message):
        load_onnx(parse(), dims, shapes)


def test_a_model_without_free_dimensions_says_so() -> None:
    with pytest.raises(BindingError, match="the model has no free dimension, so 'N' cannot be bound"):
        load_onnx(parse("g (float[4] x) => (float[4] y) { y = Relu (x) }"), {"N": 1})


def test_a_sequence_takes_no_shape() -> None:
    m = parse("g (seq(float[N]) x, int64 i) => (float[] y) { y = SequenceAt (x, i) }")
    with pytest.raises(BindingError, match="input 'x' is no tensor"):
        load_onnx(m, shapes={"x": (1,)})
