from __future__ import annotations

import pytest

from edgeplan.frontends.onnx import parse_text
from edgeplan.lower import lower_to
from edgeplan.memory.elementwise import is_elementwise


@pytest.mark.parametrize("dialect", ["onnx", "mil", "tflite"])
@pytest.mark.parametrize(
    ("node", "elementwise"),
    [
        ("Relu (x)", True),
        ("Mul (x, x)", True),
        ("Sigmoid (x)", True),
        ("Softmax <axis = 1> (x)", False),
        ("ReduceSum <keepdims = 1> (x)", False),
        ("MatMul (x, x)", False),
    ],
)
def test_every_dialect_knows_its_own(dialect: str, node: str, elementwise: bool) -> None:
    graph = lower_to(parse_text(f"g (float[4,4] x) => (y) {{ y = {node} }}"), dialect)
    assert [is_elementwise(graph, op) for op in graph.ops] == [elementwise]


def test_a_name_in_a_domain_nobody_knows_is_none() -> None:
    header = '<ir_version: 8, opset_import: ["" : 18, "of.somebody" : 1]>'
    graph = parse_text(f"{header} g (float[4] x) => (y) {{ y = of.somebody.Relu (x) }}")
    assert not is_elementwise(graph, graph.ops[0])
