"""GELU, exact and by tanh, in the ways exporters write it."""

from __future__ import annotations

import pytest

CONSTANTS = """<float half = {0.5}, float one = {1}, float root = {1.4142135}, float inverse = {0.70710678},
    float pi = {0.7978846}, float small = {0.044715}, float three = {3}, float two = {2}, float tenth = {0.1},
    float[1, 1, 1] wide = {0.5}>"""
ERF = "d = Div (x, root) e = Erf (d) p = Add (e, one)"
CUBE = "c = Pow (x, three)"
TANH = "k = Mul (c, small) a = Add (x, k) s = Mul (a, pi) t = Tanh (s) p = Add (t, one)"

EXACT = [
    f"{ERF} m = Mul (x, p) y = Mul (m, half)",
    f"{ERF} m = Mul (x, half) y = Mul (m, p)",
    f"{ERF} m = Mul (half, p) y = Mul (x, m)",
    "d = Mul (inverse, x) e = Erf (d) p = Add (one, e) m = Mul (p, x) y = Mul (half, m)",
]
APPROXIMATE = [
    f"{CUBE} {TANH} m = Mul (x, half) y = Mul (m, p)",
    f"{CUBE} {TANH} m = Mul (x, p) y = Mul (half, m)",
    f"q = Mul (x, x) c = Mul (q, x) {TANH} m = Mul (x, half) y = Mul (m, p)",
    f"q = Mul (x, x) c = Mul (x, q) {TANH} m = Mul (x, half) y = Mul (p, m)",
]
LEFT = [
    f"{ERF} m = Mul (x, p) y = Mul (m, tenth)",
    f"{ERF} m = Mul (z, p) y = Mul (m, half)",
    f"{ERF} m = Mul (x, p) y = Mul (m, wide)",
    f"{ERF} m = Add (x, p) y = Mul (m, half)",
    f"{ERF.replace('root', 'two')} m = Mul (x, p) y = Mul (m, half)",
    f"{ERF.replace('(x, root)', '(root, x)')} m = Mul (x, p) y = Mul (m, half)",
    f"{ERF.replace('one', 'two')} m = Mul (x, p) y = Mul (m, half)",
    f"{ERF} y = Mul (x, p)",
    f"{CUBE.replace('three', 'two')} {TANH} m = Mul (x, half) y = Mul (m, p)",
    f"{CUBE} {TANH.replace('small', 'tenth')} m = Mul (x, half) y = Mul (m, p)",
    f"{CUBE} {TANH.replace('pi', 'one')} m = Mul (x, half) y = Mul (m, p)",
    f"{CUBE.replace('x', 'z')} {TANH} m = Mul (x, half) y = Mul (m, p)",
    f"q = Mul (x, z) c = Mul (q, x) {TANH} m = Mul (x, half) y = Mul (m, p)",
]


def text(nodes: str, outputs: str = "float[] y") -> str:
    inputs = "float[2, 5] x, float[2, 5] z" if "z" in nodes else "float[2, 5] x"
    return f"g ({inputs}) => ({outputs}) {CONSTANTS} {{ {nodes} }}"


@pytest.mark.parametrize(("kind", "nodes"), [*(("none", n) for n in EXACT), *(("tanh", n) for n in APPROXIMATE)])
def test_the_parts_become_one_op(kind: str, nodes: str, fused, same_numbers) -> None:
    graph = fused(text(nodes))
    assert [(op.type, dict(op.attrs)) for op in graph.ops] == [("Gelu", {"approximate": kind})]
    assert len(graph.ops[0].sources) == nodes.count("=")
    same_numbers(text(nodes), graph)


@pytest.mark.parametrize("nodes", LEFT)
def test_what_only_looks_like_it_is_left(nodes: str, fused) -> None:
    assert "Gelu" not in [op.type for op in fused(text(nodes)).ops]


@pytest.mark.parametrize("nodes", [*EXACT, *APPROXIMATE])
def test_a_part_that_somebody_else_needs_keeps_them_apart(nodes: str, fused) -> None:
    for name in [part.strip().partition(" = ")[0] for part in nodes.split(") ")[:-1]]:
        read = fused(text(f"{nodes} r = Neg ({name})", "float[] y, float[] r"))
        out = fused(text(nodes, f"float[] y, float[] {name}"))
        assert "Gelu" not in [op.type for op in (*read.ops, *out.ops)]
