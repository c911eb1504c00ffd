"""Attention out of the parts that PyTorch's exporters write, and what only looks like it."""

from __future__ import annotations

import pytest

CONSTANTS = "<float s = {0.5946036}, float t = {0.7}>"
INPUTS = "float[1, 2, 5, 8] q, float[1, 2, 6, 8] k, float[1, 2, 6, 4] v, float[1, 1, 5, 6] mask"
TURN = "u = Transpose <perm = [0, 1, 3, 2]> (k)"
WHOLE = f"a = Mul (q, s) {TURN} b = Mul (u, s) c = MatMul (a, b) p = Softmax <axis = -1> (c) y = MatMul (p, v)"
MASKED = f"a = Mul (q, s) {TURN} b = Mul (s, u) c = MatMul (a, b) d = Add (mask, c) p = Softmax (d) y = MatMul (p, v)"
LEFT = [
    WHOLE.replace("Mul (q, s)", "Mul (q, t)"),
    WHOLE.replace("Mul (u, s)", "Identity (u)"),
    WHOLE.replace("Softmax <axis = -1>", "Softmax <axis = 2>"),
    WHOLE.replace("p = Softmax <axis = -1> (c)", "p = Relu (c)"),
    WHOLE.replace(TURN, "u = Reshape (k, r)").replace("a = Mul", "r = Constant <value_ints = [1, 2, 8, 6]> () a = Mul"),
]


def text(nodes: str, outputs: str = "float[1, 2, 5, 4] y") -> str:
    return f"g ({INPUTS}) => ({outputs}) {CONSTANTS} {{ {nodes} }}"


@pytest.mark.parametrize(("nodes", "ports"), [(WHOLE, ("Q", "K", "V")), (MASKED, ("Q", "K", "V", "attn_mask"))])
def test_the_parts_become_one_op(nodes: str, ports: tuple[str, ...], fused) -> None:
    (op,) = fused(text(nodes)).ops
    assert (op.type, op.ports, dict(op.attrs)) == ("ScaledDotProductAttention", ports, {})
    assert op.inputs == ("q", "k", "v", "mask")[: len(ports)]
    assert len(op.sources) == nodes.count(" (")


def test_heads_turned_by_the_same_transpose_stay_to_be_turned(fused) -> None:
    nodes = WHOLE.replace("perm = [0, 1, 3, 2]", "perm = [0, 2, 3, 1]")
    (op,) = fused(text(nodes).replace("float[1, 2, 6, 8] k", "float[1, 6, 2, 8] k")).ops
    assert op.attrs == {"key_perm": (0, 2, 1, 3)}


@pytest.mark.parametrize("nodes", LEFT)
def test_what_only_looks_like_it_is_left(nodes: str, fused) -> None:
    assert "ScaledDotProductAttention" not in {op.type for op in fused(text(nodes)).ops}


@pytest.mark.parametrize("name", ["a", "u", "b", "c", "p"])
def test_a_part_that_somebody_else_needs_keeps_them_apart(name: str, fused) -> None:
    graph = fused(text(f"{WHOLE} z = Neg ({name})", "float[1, 2, 5, 4] y, float[] z"))
    assert len(graph.ops) == 7


def test_shared_key_heads_are_no_single_function(fused) -> None:
    shared = text(WHOLE).replace("float[1, 2, 6, 8] k, float[1, 2, 6, 4] v", "float[1, 1, 6, 8] k, float[1, 1, 6, 4] v")
    assert len(fused(shared).ops) == 6


@pytest.mark.parametrize(
    ("attributes", "kind"),
    [("", "ScaledDotProductAttention"), ("<scale = 0.5>", "Attention"), ("<is_causal = 1>", "Attention")],
)
def test_the_operator_is_the_function_when_it_asks_for_no_more(attributes: str, kind: str, fused) -> None:
    head = '<ir_version: 10, opset_import: ["" : 23]>'
    (op,) = fused(f"{head} g ({INPUTS}) => (float[1, 2, 5, 4] y) {{ y = Attention {attributes} (q, k, v) }}").ops
    assert op.type == kind
