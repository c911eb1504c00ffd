"""Layer normalisation out of its parts, with and without scale and shift."""

from __future__ import annotations

import pytest

CONSTANTS = """<float eps = {0.01}, float two = {2}, float three = {3}, int64[1] last = {-1}, int64[2] lasts = {-1, -2},
    int64[1] first = {0}, float[4] gamma = {1, 2, 3, 4}, float[4] beta = {4, 3, 2, 1},
    float[1, 1, 4] gamma3 = {1, 2, 3, 4}, float[3, 1] rows = {1, 2, 3},
    float[3, 4] plane = {1,2,3,4,5,6,7,8,9,10,11,12}>"""
CORE = """m = ReduceMean (x, last) d = Sub (x, m) q = Pow (d, two) v = ReduceMean (q, last) a = Add (v, eps)
    r = Sqrt (a) n = Div (d, r)"""
SQUARE = CORE.replace("Pow (d, two)", "Mul (d, d)")


def text(nodes: str, outputs: str = "float[] y", x: str = "float[2, 3, 4]") -> str:
    inputs = f"{x} x, {x} z" if "z" in nodes else f"{x} x"
    return f"g ({inputs}) => ({outputs}) {CONSTANTS} {{ {nodes} }}"


@pytest.mark.parametrize(
    ("nodes", "inputs", "axis"),
    [
        (CORE.replace("n =", "y ="), 2, -1),
        (SQUARE.replace("n =", "y ="), 2, -1),
        (CORE.replace("last", "lasts").replace("n =", "y ="), 2, -2),
        (f"{CORE} y = Mul (n, gamma)", 2, -1),
        (f"{CORE} y = Mul (gamma3, n)", 2, -1),
        (f"{CORE} s = Mul (n, gamma) y = Add (s, beta)", 3, -1),
        (f"{CORE} s = Mul (gamma, n) y = Add (beta, s)", 3, -1),
        (f"{CORE.replace('last', 'lasts')} y = Mul (n, plane)", 2, -2),
        (CORE.replace("(v, eps)", "(eps, v)").replace("n =", "y ="), 2, -1),
    ],
)
def test_the_parts_become_one_op(nodes: str, inputs: int, axis: int, fused, same_numbers) -> None:
    graph = fused(text(nodes))
    (op,) = graph.ops
    assert (op.type, op.attrs["axis"], len(op.inputs)) == ("LayerNormalization", axis, inputs)
    assert op.attrs["epsilon"] == pytest.approx(0.01)
    assert len(op.sources) == nodes.count("=")
    assert op.outputs == ("y",)
    same_numbers(text(nodes), graph)


@pytest.mark.parametrize(
    ("nodes", "kept"),
    [
        (f"{CORE} y = Mul (n, rows)", ["LayerNormalization", "Mul"]),
        (f"{CORE} y = Mul (n, two)", ["LayerNormalization", "Mul"]),
        (f"{CORE} y = Mul (n, z)", ["LayerNormalization", "Mul"]),
        (f"{CORE} y = Add (n, beta)", ["LayerNormalization", "Add"]),
        (f"{CORE} s = Mul (n, gamma) y = Add (s, rows)", ["LayerNormalization", "Add"]),
    ],
)
def test_a_scale_that_is_none_of_it_stays(nodes: str, kept: list[str], fused) -> None:
    assert [op.type for op in fused(text(nodes)).ops] == kept


def test_a_scale_of_a_higher_rank_stays(fused) -> None:
    graph = fused(text(f"{CORE} y = Mul (n, gamma3)", x="float[4]"))
    assert [op.type for op in graph.ops] == ["LayerNormalization", "Mul"]


@pytest.mark.parametrize(
    "nodes",
    [
        CORE.replace("Pow (d, two)", "Pow (d, three)"),
        CORE.replace("Pow (d, two)", "Mul (d, x)"),
        CORE.replace("(q, last)", "(q, first)"),
        CORE.replace("last", "first"),
        CORE.replace("ReduceMean (x, last)", "ReduceMean (z, last)"),
        CORE.replace("ReduceMean (x, last)", "ReduceMax (x, last)"),
        CORE.replace("Sub (x, m)", "Sub (m, x)"),
        CORE.replace("Add (v, eps)", "Add (v, z)"),
        CORE.replace("Sqrt", "Exp"),
        CORE.replace("Div (d, r)", "Div (x, r)"),
    ],
)
def test_what_only_looks_like_it_is_left(nodes: str, fused) -> None:
    graph = fused(text(nodes.replace("n =", "y =")))
    assert "LayerNormalization" not in [op.type for op in graph.ops]


@pytest.mark.parametrize("name", ["m", "d", "q", "v", "a", "r"])
def test_a_part_that_somebody_else_needs_keeps_them_apart(name: str, fused) -> None:
    nodes = CORE.replace("n =", "y =")
    read = fused(text(f"{nodes} e = Neg ({name})", "float[] y, float[] e"))
    out = fused(text(nodes, f"float[] y, float[] {name}"))
    assert "LayerNormalization" not in [op.type for op in (*read.ops, *out.ops)]


@pytest.mark.parametrize(("name", "kept"), [("n", ["Mul", "Add"]), ("s", ["Add"])])
def test_a_result_that_somebody_else_needs_ends_it(name: str, kept: list[str], fused) -> None:
    nodes = f"{CORE} s = Mul (n, gamma) y = Add (s, beta)"
    for graph in (
        fused(text(f"{nodes} e = Neg ({name})", "float[] y, float[] e")),
        fused(text(nodes, f"float[] y, float[] {name}")),
    ):
        assert [op.type for op in graph.ops if op.type != "Neg"] == ["LayerNormalization", *kept]
