"""SiLU, hard swish and Mish out of their parts."""

from __future__ import annotations

import pytest

CONSTANTS = """<float three = {3}, float zero = {0}, float six = {6}, float sixth = {0.16666667}, float five = {5},
    float[1, 1, 1] wide = {3}>"""

FUSED = {
    "Swish": ["s = Sigmoid (x) y = Mul (x, s)", "s = Sigmoid (x) y = Mul (s, x)"],
    "Mish": ["p = Softplus (x) t = Tanh (p) y = Mul (x, t)", "p = Softplus (x) t = Tanh (p) y = Mul (t, x)"],
    "HardSwish": [
        "h = HardSigmoid <alpha = 0.16666667, beta = 0.5> (x) y = Mul (x, h)",
        "a = Add (x, three) c = Clip (a, zero, six) m = Mul (x, c) y = Div (m, six)",
        "a = Add (three, x) c = Clip (a, zero, six) m = Mul (c, x) y = Mul (m, sixth)",
    ],
}
LEFT = [
    "s = Sigmoid (z) y = Mul (x, s)",
    "s = Sigmoid (x) y = Add (x, s)",
    "s = Sigmoid (x) y = acme.Mul (x, s)",
    "p = Softplus (z) t = Tanh (p) y = Mul (x, t)",
    "h = HardSigmoid (x) y = Mul (x, h)",
    "h = HardSigmoid <alpha = 0.16666667, beta = 0.4> (x) y = Mul (x, h)",
    "a = Add (x, three) c = Clip (a, zero, five) m = Mul (x, c) y = Div (m, six)",
    "a = Add (x, three) c = Clip (a, zero) m = Mul (x, c) y = Div (m, six)",
    'a = Add (x, three) c = Clip (a, "", six) m = Mul (x, c) y = Div (m, six)',
    "a = Add (x, five) c = Clip (a, zero, six) m = Mul (x, c) y = Div (m, six)",
    "a = Add (z, three) c = Clip (a, zero, six) m = Mul (x, c) y = Div (m, six)",
    "a = Add (x, three) c = Clip (a, zero, six) m = Mul (x, c) y = Div (m, five)",
    "a = Add (x, three) c = Clip (a, zero, six) m = Mul (x, c) y = Div (six, m)",
    "a = Add (x, wide) c = Clip (a, zero, six) m = Mul (x, c) y = Div (m, six)",
]


@pytest.mark.parametrize(("kind", "nodes"), [(k, n) for k, many in FUSED.items() for n in many])
def test_the_parts_become_one_op(kind: str, nodes: str, fused, same_numbers) -> None:
    text = f"g (float[2, 5] x) => (float[] y) {CONSTANTS} {{ {nodes} }}"
    graph = fused(text)
    assert [op.type for op in graph.ops] == [kind]
    assert len(graph.ops[0].sources) == nodes.count("=") - nodes.count("alpha =") - nodes.count("beta =")
    same_numbers(text, graph)


@pytest.mark.parametrize("nodes", LEFT)
def test_what_only_looks_like_it_is_left(nodes: str, fused) -> None:
    graph = fused(f"g (float[2, 5] x, float[2, 5] z) => (float[] y) {CONSTANTS} {{ {nodes} }}")
    assert len(graph.ops) == nodes.count(") ") + 1


@pytest.mark.parametrize("nodes", [n for many in FUSED.values() for n in many])
def test_a_part_that_somebody_else_needs_keeps_them_apart(nodes: str, fused) -> None:
    inner = [part.strip().partition(" = ")[0] for part in nodes.split(") ")[:-1]]
    whole = nodes.count(") ") + 1
    for name in inner:
        read = fused(f"g (float[2, 5] x) => (float[] y, float[] z) {CONSTANTS} {{ {nodes} z = Neg ({name}) }}")
        assert len(read.ops) == whole + 1
        out = fused(f"g (float[2, 5] x) => (float[] y, float[] {name}) {CONSTANTS} {{ {nodes} }}")
        assert len(out.ops) == whole


def test_a_body_that_captures_a_part_keeps_them_apart(fused) -> None:
    graph = fused("""g (float[2, 5] x, bool c) => (float[] y, float[] z) { s = Sigmoid (x) y = Mul (x, s)
        z = If (c) <then_branch = t () => (float[] p) { p = Neg (s) },
                    else_branch = e () => (float[] q) { q = Neg (x) }>
        }""")
    assert [op.type for op in graph.ops] == ["Sigmoid", "Mul", "If"]
