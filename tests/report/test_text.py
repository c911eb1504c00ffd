from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from syrupy.assertion import SnapshotAssertion

from edgeplan.frontends.onnx import parse_text
from edgeplan.plan import Plan, analyze_graph
from edgeplan.report.text import render_text
from edgeplan.target import Target

Toy = Callable[..., Target]
ALL_RUN = 'id = "all"\nops = ["*"]\nunit = ["npu", "cpu"]\nverdict = "runs"\n'
NO_NEG = """id = "no-negation"
ops = ["Neg"]
unit = ["npu"]
verdict = "refuses"
why = "The NPU has no subtraction and therefore no negation, whatever the type of the tensor."
fix = ["rewrite/neg-to-mul"]
source = { rumour = "'it cannot subtract'" }
against = { paper = "'it can'" }
"""
NO_NEG_ANYWHERE = NO_NEG.replace('unit = ["npu"]', 'unit = ["npu", "cpu"]')
MODEL = """g (float[1,3,32,32] x) => (float[1,8,30,30] z) <int64[4] s = {8, 3, 3, 3}> {
    w = ConstantOfShape (s)
    a = Conv (x, w)
    [block_with_a_long_path_and_a_name_that_goes_on_and_on_and_on_to_Neg] y = Neg (a)
    z = Relu (y)
}"""


@pytest.fixture
def plans(toy: Toy) -> dict[str, Plan]:
    """One plan for each first line a report can have, and one for each way a budget is told."""

    def plan(*rows: str, text: str = MODEL, free: tuple[str, ...] = (), **more: object) -> Plan:
        return analyze_graph(parse_text(text), toy(*rows, **more), name="model.onnx", file_bytes=4321, free=free)

    return {
        "fits": plan(ALL_RUN),
        "changes": plan(NO_NEG, ALL_RUN),
        "does not fit": plan(NO_NEG_ANYWHERE, ALL_RUN, limit=1000),
        "cannot tell": plan(),
        "open": plan(ALL_RUN, text=MODEL.replace("1,3,32,32", "N,3,32,32"), free=("N",)),
        "own budget": plan(ALL_RUN, given=10**6),
        "no limit": plan(ALL_RUN, limit=None),
        "guidance": plan(ALL_RUN, guidance=2**20),
    }


PLANS = ["fits", "changes", "does not fit", "cannot tell", "open", "own budget", "no limit", "guidance"]


@pytest.mark.parametrize("name", PLANS)
def test_the_report_reads_as_kept(plans: dict[str, Plan], snapshot: SnapshotAssertion, name: str) -> None:
    assert render_text(plans[name], width=100) == snapshot


@pytest.mark.parametrize("name", ["changes", "does not fit"])
def test_everything_is_told_when_asked(plans: dict[str, Plan], snapshot: SnapshotAssertion, name: str) -> None:
    assert render_text(plans[name], width=100, everything=True) == snapshot


@pytest.mark.parametrize("name", PLANS)
@pytest.mark.parametrize(("width", "most"), [(20, 60), (60, 60), (80, 80), (120, 120), (400, 120)])
def test_no_line_is_wider_than_asked(plans: dict[str, Plan], name: str, width: int, most: int) -> None:
    for everything in (False, True):
        lines = render_text(plans[name], width=width, everything=everything).split("\n")
        assert max(map(len, lines)) <= most
        assert all(line == line.rstrip() for line in lines)


def test_color_is_used_only_when_asked(plans: dict[str, Plan], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    plain = render_text(plans["changes"], width=100)
    assert "\x1b" not in plain
    assert "\x1b[1;33mFITS WITH CHANGES" in render_text(plans["changes"], width=100, color=True)


def test_no_color_is_respected(plans: dict[str, Plan], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    colored = render_text(plans["changes"], width=100, color=True)
    assert not any(f"\x1b[{code}" in colored for code in ("3", "1;3", "9"))


HOSTILE = "\x1b[31mred\x1b]0;title\x07 \u202egnp.exe\r\n[bold]markup[/bold] :bomb:"


def test_names_cannot_steer_the_terminal(toy: Toy) -> None:
    graph = parse_text(MODEL)
    ops = tuple(replace(op, name=HOSTILE) if op.type == "Neg" else op for op in graph.ops)
    plan = analyze_graph(replace(graph, ops=ops), toy(NO_NEG, ALL_RUN), name=HOSTILE, free=(HOSTILE,))
    for everything in (False, True):
        text = render_text(plan, width=120, everything=everything)
        assert not any(c in text for c in "\x1b\x07\r\u202e")
        assert "\\x1b[31mred" in text
        assert "[bold]markup[/bold]" in text.replace("\n", "")


def test_a_long_list_of_findings_is_cut_and_says_so(toy: Toy) -> None:
    kinds = ["Neg", "Abs", "Exp", "Log", "Sin", "Cos", "Tan", "Erf", "Sqrt", "Floor", "Ceil"]
    rows = [NO_NEG.replace("no-negation", f"no-{k.lower()}").replace('"Neg"', f'"{k}"') for k in kinds]
    chain = " ".join(f"v{i + 1} = {k} (v{i})" for i, k in enumerate(kinds))
    graph = parse_text(f"g (float[64] v0) => (v{len(kinds)}) {{ {chain} }}")
    plan = analyze_graph(graph, toy(*rows, ALL_RUN))
    text = render_text(plan, width=100)
    assert text.count("EP101 warning") == 8
    assert "11 warnings; 3 more with --all" in text
    assert render_text(plan, width=100, everything=True).count("EP101 warning") == 11
