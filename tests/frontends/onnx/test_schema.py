"""A node that its operator does not allow is refused at the door."""

from __future__ import annotations

import pytest
from onnx import AttributeProto, ModelProto, NodeProto, TensorProto, helper

from edgeplan.frontends.errors import ModelError
from edgeplan.frontends.onnx import load_onnx, parse_text


def model(node: NodeProto, opset: int = 18) -> ModelProto:
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [4])
    y = [helper.make_tensor_value_info(o, TensorProto.FLOAT, None) for o in node.output]
    return helper.make_model(
        helper.make_graph([node], "g", [x], y), opset_imports=[helper.make_opsetid("", opset)], ir_version=8
    )


@pytest.mark.parametrize(
    ("node", "message"),
    [
        ("y = Div(x)", "op 'y' is no valid 'Div': it has 1 input, the operator takes 2"),
        ("y = Div(x, x, x)", "it has 3 inputs, the operator takes 2"),
        ('y = Div("", x)', "an input that the operator needs is absent"),
        ("y = Conv(x)", "takes 2 to 3"),
        ("y = Cast(x)", "its attribute 'to' is missing"),
        ('y = Cast <to = "float"> (x)', "its attribute 'to' is of the wrong type"),
        ("y = Concat <axis = 1.0> (x, x)", "its attribute 'axis' is of the wrong type"),
        ("y, z = Relu(x)", "it has 2 outputs, the operator makes 1"),
    ],
)
def test_a_malformed_node_is_refused(node: str, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        parse_text(f"g (float[4] x) => (float[] y) {{ {node} }}")


def test_a_malformed_node_in_a_body_is_refused() -> None:
    with pytest.raises(ModelError, match="no valid 'Div'"):
        parse_text("""g (bool c, float[4] x) => (float[4] y) { y = If(c) <
            then_branch = t () => (float[4] p) { p = Div(x) }, else_branch = e () => (float[4] q) { q = Abs(x) }> }""")


def test_an_attribute_without_a_type_is_refused() -> None:
    node = helper.make_node("Relu", ["x"], ["y"])
    node.attribute.append(AttributeProto(name="odd"))
    with pytest.raises(ModelError, match="wrong type"):
        load_onnx(model(node))


def test_a_reference_to_a_functions_attribute_is_refused_outside_of_one() -> None:
    node = helper.make_node("Elu", ["x"], ["y"])
    node.attribute.append(AttributeProto(name="alpha", type=AttributeProto.FLOAT, ref_attr_name="a"))
    with pytest.raises(ModelError, match="refers to a function's"):
        load_onnx(model(node))


@pytest.mark.parametrize(
    "text",
    [
        "y = acme.FooBar (x)",
        "y = FooBar (x, x)",
        "y = Relu <hint = 1> (x)",
        'y = Clip (x, "", "")',
        "y = Dropout (x)",
    ],
)
def test_what_no_schema_forbids_is_let_through(text: str) -> None:
    assert len(parse_text(f"g (float[4] x) => (float[4] y) {{ {text} }}").ops) == 1


@pytest.mark.parametrize(
    ("node", "opset"),
    [
        (helper.make_node("Upsample", ["x", "x"], ["y"]), 13),
        (helper.make_node("LayerNormalization", ["x", "x"], ["y"]), 11),
        (helper.make_node("Squeeze", ["x"], ["y"], axes=[0]), 11),
        (helper.make_node("Relu", ["x"], ["y"]), 999),
    ],
)
def test_retired_and_early_operators_are_known(node: NodeProto, opset: int) -> None:
    assert load_onnx(model(node, opset)).graph.ops[0].type == node.op_type
    node.ClearField("input")
    with pytest.raises(ModelError, match="no valid"):
        load_onnx(model(node, opset))
