from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from math import fsum

import pytest

from edgeplan.cost.latency import Latency
from edgeplan.frontends.onnx import parse_text
from edgeplan.plan import Plan, analyze_graph
from edgeplan.report.latency import PARTS, latency_rows, parts_of
from edgeplan.report.latency_page import render_latency
from edgeplan.report.text import render_text
from edgeplan.target import Target

Toy = Callable[..., Target]
ToySpeeds = Callable[..., None]
ALL_RUN = 'id = "all"\nops = ["*"]\nunit = ["npu", "cpu"]\nverdict = "runs"\n'
NO_TAN = 'id = "tan"\nops = ["Tan"]\nunit = ["npu"]\nverdict = "refuses"\nwhy = "No."\n'
MODEL = """g (float[1,64,64,64] x) => (float[1,64,64,64] z) <int64[4] s = {64, 64, 3, 3}> {
    w = ConstantOfShape (s)
    [first] a = Conv <pads = [1, 1, 1, 1]> (x, w)
    [second] b = Tan (a)
    [third] z = Transpose <perm = [0, 1, 3, 2]> (b)
}"""
TURN: Mapping[str, object] = {
    "penalty": [
        {"name": "turn", "ops": ["Transpose"], "why": "It copies twice.", "us": 50, "source": {"paper": "says so"}}
    ]
}
CPU: Mapping[str, object] = {"unit": ["cpu"], "floor": 0, "gmacs": {"*": 1}}
LINK: Mapping[str, object] = {
    "units": ["npu", "cpu"], "us": [10, 20, 40], "gbytes": 1, "why": "Timed.", "source": {"paper": "table 2"},
}  # fmt: skip


@pytest.fixture
def plan(toy: Toy, toy_speeds: ToySpeeds) -> Plan:
    """A plan whose time goes to every part there is."""
    toy_speeds(TURN, CPU, crossing=(LINK,))
    return analyze_graph(parse_text(MODEL), toy(NO_TAN, ALL_RUN), name="model.onnx")


def test_the_parts_add_up_to_the_likely_time(plan: Plan) -> None:
    assert plan.latency.total is not None
    parts = parts_of(plan.latency)
    assert set(parts) == set(PARTS)
    assert all(seconds > 0 for seconds in parts.values())
    assert fsum(parts.values()) == pytest.approx(plan.latency.total.likely)
    assert list(parts.values()) == sorted(parts.values(), reverse=True)


def test_the_report_says_how_long_and_what_for(plan: Plan) -> None:
    rows = list(latency_rows(plan))
    assert rows[0] == ("latency", "4.25 ms (3.80 to 4.81 ms)", "estimated")
    assert rows[1][1] == "50 % crossings, 36 % arithmetic, 10 % traffic, 2 % floor, 1 % penalties, 1 % launches"
    assert len(rows) == 2, "the CPU is far slower: nothing to say of it"
    text = render_text(plan, width=100)
    assert "latency  4.25 ms (3.80 to 4.81 ms)" in text
    assert "energy   not known: nobody has metered the NPU of Toy Phone, nor its like" in text


def test_a_cpu_that_may_be_as_fast_is_told(toy: Toy, toy_speeds: ToySpeeds) -> None:
    toy_speeds({}, CPU | {"gmacs": {"*": 100}})
    rows = list(latency_rows(analyze_graph(parse_text(MODEL), toy(ALL_RUN))))
    assert rows[-1][1].startswith("without the accelerator ")


def test_a_time_that_is_not_known_says_why(toy: Toy, toy_speeds: ToySpeeds) -> None:
    toy_speeds()
    ((head, said, kind),) = latency_rows(analyze_graph(parse_text(MODEL), toy(ALL_RUN)))
    assert (head, kind) == ("latency", "")
    assert said.startswith("not known: no measured run is known of the NPU of T1")


def test_nothing_to_run_takes_no_time(plan: Plan) -> None:
    assert parts_of(Latency(None)) == dict.fromkeys(PARTS, 0.0)


def test_everything_shows_the_slowest_kernels_and_the_sources(plan: Plan) -> None:
    text = render_text(plan, width=100, everything=True)
    assert "first (Conv)" in text
    assert "paper (vendor-doc): table 1" in text
    assert "first (Conv)" not in render_text(plan, width=100)


def test_the_page_shows_units_families_kernels_and_figures(plan: Plan, toy: Toy) -> None:
    lines = [" ".join(line.split()) for line in render_latency(plan, toy(), width=100).splitlines()]
    assert lines[0] == "4.25 ms (3.80 to 4.81 ms) Toy Phone, Toy (2)"
    assert lines[1] == "model.onnx 3 kernels of 3 ops, 151.0 MMACs"
    for line in (
        "2 hand-overs 2.14 ms 50 % ############",
        "conv 1.52 ms 36 % #########",
        "1.52 ms 36 % arithmetic conv first (Conv) NPU",
        "270 us 6 % traffic transpose third (Transpose); turn 50.0 us NPU",
        "NPU, float32",
        "arithmetic 100 GMAC/s",
        "traffic 10, weights 10 GB/s",
        "launch 10 us a kernel",
        "penalty turn: It copies twice.",
        "range times 0.80 to 1.25",
        "held out median error 10 %, rank correlation 0.97, 80 % of the runs within the range",
        "program benchmarks/toys.py",
        "source paper (vendor-doc): table 1 <https://example.org/paper>",
    ):
        assert line in lines, line


@pytest.mark.parametrize("width", [60, 80, 100])
def test_no_line_is_wider_than_asked(plan: Plan, toy: Toy, width: int) -> None:
    assert max(map(len, render_latency(plan, toy(), width=width).splitlines())) <= width


def test_names_are_shown_escaped(plan: Plan, toy: Toy) -> None:
    hostile = "\x1b[31mred\u202e\r\n"
    ops = tuple(replace(op, sources=(hostile,)) for op in plan.ops)
    renamed = replace(plan, ops=ops, model=replace(plan.model, name=hostile))
    for text in (render_latency(renamed, toy(), width=100), render_text(renamed, width=100, everything=True)):
        assert not any(c in text for c in "\x1b\r\u202e")
        assert "\\x1b[31mred" in text


def test_an_assumed_precision_is_told(plan: Plan, toy: Toy) -> None:
    assumed = replace(plan, target=replace(plan.target, assume="w8a8"))
    assert render_text(assumed, width=100).splitlines()[0].endswith("Toy Phone, Toy (2)   assumed w8a8")
    assert render_latency(assumed, toy(), width=100).splitlines()[0].endswith("assumed w8a8")
