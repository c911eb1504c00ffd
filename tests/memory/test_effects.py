from __future__ import annotations

import pytest

from edgeplan.frontends.onnx import parse_text
from edgeplan.memory.effects import has_effect


@pytest.mark.parametrize(
    ("nodes", "effect"),
    [
        ("y = Relu (x)", False),
        ("y = com.microsoft.Gelu (x)", False),
        ("y = Bernoulli (x)", True),
        ("y = RandomNormalLike (x)", True),
        ("y = of.somebody.Relu (x)", True),
        ("c = ReduceMax <keepdims = 0> (x) b = Cast <to = 9> (c) "
         "y = If (b) <then_branch = t () => (float[4] p) { p = Relu (x) }, else_branch = e () => (float[4] q) "
         "{ q = Neg (x) }>", True),
    ],
)  # fmt: skip
def test_what_must_stay_in_its_order(nodes: str, effect: bool) -> None:
    header = '<ir_version: 8, opset_import: ["" : 18, "com.microsoft" : 1, "of.somebody" : 1]>'
    graph = parse_text(f"{header} g (float[4] x) => (y) {{ {nodes} }}")
    assert has_effect(graph.ops[-1]) is effect
