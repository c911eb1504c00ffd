from __future__ import annotations

from collections.abc import Callable

import pytest

from edgeplan.frontends.onnx import parse_text
from edgeplan.place.support import Judge, Support, Verdict
from edgeplan.target import Target

RELU = "g (float[1,8,N] x) => (float[1,8,N] y) { y = Relu (x) }"
CLOSED = RELU.replace("N", "4")
ALWAYS = 'ops = ["Relu"]\nunit = ["npu"]\n'
RUNS = f'id = "runs"\nverdict = "runs"\n{ALWAYS}'
DEGRADES = f'id = "degrades"\nverdict = "degrades"\n{ALWAYS}'
REFUSES = f'id = "refuses"\nverdict = "refuses"\n{ALWAYS}'
WIDE = 'when = { "in.shape[-1]" = { min = 100 } }\n'
NARROW = 'when = { "in.shape[-1]" = { max = 100 } }\n'


def judge(target: Target, text: str) -> Support:
    """What the target's first unit says of the text's first op."""
    graph = parse_text(text)
    return Judge(target).support(graph, graph.ops[0])[0]


@pytest.mark.parametrize(
    ("rows", "verdict", "deciding", "open_"),
    [
        ((), Verdict.UNKNOWN, [], []),
        ((RUNS,), Verdict.RUNS, ["runs"], []),
        ((RUNS, DEGRADES), Verdict.DEGRADES, ["degrades"], []),
        ((RUNS, DEGRADES, REFUSES), Verdict.REFUSES, ["refuses"], []),
        ((RUNS, REFUSES + WIDE), Verdict.UNKNOWN, [], ["refuses"]),
        ((REFUSES, RUNS + WIDE), Verdict.REFUSES, ["refuses"], []),
        ((RUNS, DEGRADES + WIDE), Verdict.RUNS, ["runs"], ["degrades"]),
        ((RUNS + WIDE,), Verdict.UNKNOWN, [], ["runs"]),
        ((RUNS.replace('"Relu"', '"*"'),), Verdict.RUNS, ["runs"], []),
        ((RUNS.replace('"Relu"', '"Neg"'),), Verdict.UNKNOWN, [], []),
        ((RUNS.replace("npu", "cpu"),), Verdict.UNKNOWN, [], []),
    ],
)
def test_an_open_dimension_gives_three_answers(
    toy: Callable[..., Target], rows: tuple[str, ...], verdict: Verdict, deciding: list[str], open_: list[str]
) -> None:
    found = judge(toy(*rows), RELU)
    assert found.verdict is verdict
    assert [r.id for r in found.rows] == deciding
    assert [r.id for r in found.open] == open_


def test_a_bound_dimension_decides(toy: Callable[..., Target]) -> None:
    assert judge(toy(RUNS, REFUSES + WIDE), CLOSED).verdict is Verdict.RUNS
    assert judge(toy(RUNS, REFUSES + NARROW), CLOSED).verdict is Verdict.REFUSES


def test_all_rows_that_refuse_are_kept(toy: Callable[..., Target]) -> None:
    other = REFUSES.replace('id = "refuses"', 'id = "also"')
    assert [r.id for r in judge(toy(REFUSES, other), RELU).rows] == ["refuses", "also"]


@pytest.mark.parametrize(
    ("span", "in_force"),
    [
        ('since = "2"', True),
        ('since = "3"', False),
        ('until = "2"', True),
        ('until = "1"', False),
        ('since = "1"\nuntil = "3"', True),
        ('generation = { max = "N1" }', True),
        ('generation = { min = "N2" }', False),
        ('precision = ["model"]', True),
        ('precision = ["float16"]', False),
    ],
)
def test_a_row_speaks_of_its_releases_generations_and_precisions(
    toy: Callable[..., Target], span: str, in_force: bool
) -> None:
    verdict = judge(toy(f"{RUNS}{span}"), RELU).verdict
    assert verdict is (Verdict.RUNS if in_force else Verdict.UNKNOWN)


IF = """g (bool c, float[4] x) => (float[4] y) {
    y = If (c) <
        then_branch = t () => (float[4] a) { a = Relu (x) },
        else_branch = e () => (float[4] b) { n = Neg (x) b = Abs (n) }
    >
}"""
TAKES_IF = 'id = "if"\nops = ["If", "Relu", "Abs"]\nunit = ["npu"]\nverdict = "runs"'


@pytest.mark.parametrize(
    ("row", "verdict"),
    [("runs", Verdict.RUNS), ("degrades", Verdict.DEGRADES), ("refuses", Verdict.REFUSES), (None, Verdict.UNKNOWN)],
)
def test_the_worst_op_of_a_body_decides(toy: Callable[..., Target], row: str | None, verdict: Verdict) -> None:
    inner = () if row is None else (f'id = "neg"\nops = ["Neg"]\nunit = ["npu"]\nverdict = "{row}"',)
    found = judge(toy(TAKES_IF, *inner), IF)
    assert found.verdict is verdict
    assert found.inside == ("" if row == "runs" else "n")


def test_a_refused_op_is_refused_whatever_its_body_holds(toy: Callable[..., Target]) -> None:
    assert judge(toy(TAKES_IF.replace('verdict = "runs"', 'verdict = "refuses"')), IF).verdict is Verdict.REFUSES


def test_equal_ops_are_judged_alike_and_unlike_ones_apart(toy: Callable[..., Target]) -> None:
    judge = Judge(toy(RUNS + NARROW))
    graph = parse_text("g (float[4] x, float[400] z) => (a, b, c) { a = Relu (x) b = Relu (a) c = Relu (z) }")
    a, b, c = (judge.support(graph, op)[0].verdict for op in graph.ops)
    assert (a, b, c) == (Verdict.RUNS, Verdict.RUNS, Verdict.UNKNOWN)
