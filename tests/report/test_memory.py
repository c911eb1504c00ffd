from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from edgeplan.finding import Confidence, Evidence, Finding, Severity
from edgeplan.frontends.onnx import parse_text
from edgeplan.memory.arena import pack
from edgeplan.memory.lifetimes import Buffer
from edgeplan.memory.packing import Packing
from edgeplan.memory.plan import MemoryPlan
from edgeplan.memory.pool import Pool
from edgeplan.memory.range import Range
from edgeplan.memory.relief import Relief
from edgeplan.memory.reordering import NewOrder
from edgeplan.memory.term import Term, total
from edgeplan.memory.timeline import Held, Timeline
from edgeplan.memory.traffic import Traffic
from edgeplan.plan import analyze_graph
from edgeplan.report.console import printed
from edgeplan.report.memory import memory_rows, relief_rows, terms_table
from edgeplan.target import Budget, Raised, Target

MIB = 2**20
WEIGHTS = Term("weights", Range.exactly(4 * MIB), "computed", "always", "every constant once")
ARENA = Term("arena", Range.exactly(10 * MIB), "computed", "run", "greedy by size")
RUNTIME = Term(
    "runtime", Range(MIB, 2 * MIB, 4 * MIB), "estimated", "always", "pages of the library",
    (Evidence("paper", "vendor-doc", "about two", "https://example.org"),),
)  # fmt: skip
LIMIT = Budget(100 * MIB, None, 400 * MIB, "measured", "app limit", confidence=Confidence.HIGH)
PEAK = Timeline(
    (64, 10 * MIB), 10 * MIB, (1,), "conv", "Conv",
    tuple(Held(f"t{i}", 2 * MIB, "input", "activation", "arena", 0, 1) for i in range(5)),
)  # fmt: skip


def plan(*terms: Term, timeline: Timeline = PEAK, unsized: tuple[str, ...] = (), **more: object) -> MemoryPlan:
    app = total(terms, "load", "app") | total(terms, "run", "app")
    load, run, build = total(terms, "load"), total(terms, "run"), total(terms, "build")
    pool = Pool("arena", pack([Buffer("t", 0, 1, 64)], 2))
    found = MemoryPlan(4 * MIB, 4 * MIB, terms, (pool,), load, run, build, load | run, app, unsized, timeline)
    return replace(found, **more)  # type: ignore[arg-type]


def said(memory: MemoryPlan, budget: Budget = LIMIT) -> list[tuple[str, str, str]]:
    return list(memory_rows(memory, budget))


def test_an_exact_plan_is_one_number_and_computed() -> None:
    assert said(plan(WEIGHTS, ARENA))[0] == ("memory", "14.0 MiB = arena 10.0 MiB + weights 4.0 MiB", "computed")


def test_a_plan_with_an_estimate_is_a_range_and_estimated() -> None:
    words = "16.0 MiB (15.0 to 18.0 MiB) = arena 10.0 MiB + weights 4.0 MiB + runtime 2.0 MiB (1.0 to 4.0 MiB)"
    assert said(plan(WEIGHTS, ARENA, RUNTIME))[0] == ("memory", words, "estimated")


def test_small_terms_are_summed_up() -> None:
    rest = [Term(f"t{n}", Range.exactly(n * 1024), "computed", "run", "small") for n in (1, 2, 3)]
    words = said(plan(WEIGHTS, ARENA, *rest))[0][1]
    assert words.endswith("= arena 10.0 MiB + weights 4.0 MiB + t3 3.0 KiB + 2 others 3.0 KiB")
    assert said(plan(WEIGHTS, ARENA, *rest[:2]))[0][1].endswith("+ t2 2.0 KiB + t1 1.0 KiB")


def test_a_plan_that_leaves_values_out_is_a_lower_bound() -> None:
    head, words, kind = said(plan(WEIGHTS, ARENA, unsized=("x",)))[0]
    assert (head, kind) == ("memory", "lower bound")
    assert words.startswith("14.0 MiB or more = ")


@pytest.mark.parametrize(
    ("term", "words"),
    [
        (
            Term("compilation", Range(0, 20 * MIB, 40 * MIB), "estimated", "load", "reported"),
            "24.0 MiB (4.0 to 44.0 MiB) while it loads: compilation 20.0 MiB (0 to 40.0 MiB)",
        ),
        (
            Term("build", Range.exactly(MIB), "estimated", "build", "reported"),
            "1.0 MiB to build it on the device, once",
        ),
        (
            Term("model file", Range.exactly(MIB), "computed", "always", "mapped", holder="file"),
            "besides model file 1.0 MiB, which the system takes back when it runs short",
        ),
        (Term("model", Range.exactly(MIB), "computed", "always", "kept", holder="flash"), "besides model 1.0 MiB"),
        (
            Term("spill", Range.exactly(MIB), "computed", "run", "mapped", holder="driver"),
            "of which 14.0 MiB in the app's process, 1.0 MiB in buffers the driver holds",
        ),
    ],
)
def test_what_is_not_held_while_it_runs_by_the_app_has_a_line_of_its_own(term: Term, words: str) -> None:
    assert words in [row[1] for row in said(plan(WEIGHTS, ARENA, term))]


def test_what_is_there_only_while_loading_is_no_part_of_the_run() -> None:
    small = Term("reading", Range.exactly(MIB), "computed", "load", "a copy")
    rows = said(plan(WEIGHTS, ARENA, small))
    assert rows[0][1].startswith("14.0 MiB")
    assert not any("while it loads" in row[1] for row in rows)


def test_loading_has_no_line_where_it_takes_what_running_takes() -> None:
    assert not any("while it loads" in row[1] for row in said(plan(WEIGHTS)))


def test_the_peak_names_the_op_and_the_largest_buffers() -> None:
    assert said(plan(WEIGHTS, ARENA))[-1] == (
        "peak",
        "10.0 MiB alive at op 2 of 2, Conv conv: t0 2.0 MiB (input), t1 2.0 MiB (input), t2 2.0 MiB (input),"
        " +2 of 4.0 MiB",
        "",
    )  # fmt: skip


def test_names_of_a_model_are_shown_escaped() -> None:
    evil = replace(PEAK, op="\x1b[2Jop")
    assert "\x1b" not in said(plan(WEIGHTS, timeline=evil))[-1][1]


@pytest.mark.parametrize(
    ("budget", "row"),
    [
        (replace(LIMIT, guidance=200 * MIB), ("limit", "100 MiB (app limit; confidence high)", "measured")),
        (LIMIT, ("limit", "100 MiB (app limit; confidence high)", "measured")),
        (replace(LIMIT, given=MIB), ("limit", "1.0 MiB (your budget)", "")),
        (
            replace(LIMIT, limit=None, kind="", basis="none is published"),
            ("limit", "not known: none is published, which has 400 MiB RAM", ""),
        ),
        (
            replace(LIMIT, raised=Raised(200 * MIB, "more", "measured", ""), guidance=50 * MIB),
            (
                "limit",
                "100 MiB (app limit; confidence high), 200 MiB with entitlement more; vendor advises under 50.0 MiB",
                "measured",
            ),
        ),
    ],
)
def test_the_limit_says_whose_it_is(budget: Budget, row: tuple[str, str, str]) -> None:
    assert row in said(plan(WEIGHTS, ARENA), budget)


def test_traffic_has_a_line() -> None:
    traffic = Traffic("VTCM", 8 * MIB, MIB, "fits", Range.exactly(MIB), Range(), Range(), Range())
    assert ("", traffic.sentence, "estimated") in said(plan(WEIGHTS, ARENA, traffic=traffic))


def test_every_term_is_listed_with_its_basis_and_sources() -> None:
    text = printed([terms_table(plan(WEIGHTS, ARENA, RUNTIME))], width=100)
    for words in (
        "4.0 MiB computed, throughout: every constant once",
        "10.0 MiB computed, while running: greedy by size",
        "2.0 MiB (1.0 to 4.0 MiB) estimated, throughout: pages of the library",
        "paper (vendor-doc): about two <https://example.org>",
    ):
        assert words in text


def test_a_long_address_is_shown_to_its_end() -> None:
    address = "https://example.org/" + "x" * 150 + "end"
    term = replace(RUNTIME, evidence=(Evidence("paper", "vendor-doc", "about two", address),))
    text = printed([terms_table(plan(term))], width=60)
    assert address in "".join(text.split())


IN_PLACE = Relief("in-place", 4 * MIB, 3 * MIB, "computed", "3 ops fused")
SMALLER = Relief("smaller-input", 4 * MIB, MIB, "estimated", "half the side", "accuracy")


def ways(toy: Callable[..., Target], everything: bool = False, **more: object) -> list[tuple[str, str, str]]:
    found = analyze_graph(parse_text("g (float[16] x) => (y) { y = Relu (x) }"), toy())
    return list(relief_rows(replace(found, **more), everything))


def test_ways_to_need_less_say_what_they_cost(toy: Callable[..., Target]) -> None:
    assert ways(toy, relief=(SMALLER, IN_PLACE)) == [
        ("lower", "smaller-input: activations 4.0 MiB to 1.0 MiB, half the side; costs accuracy", "estimated"),
        ("", "in-place: activations 4.0 MiB to 3.0 MiB, 3 ops fused", "computed"),
    ]


def test_three_ways_are_shown_and_all_when_asked(toy: Callable[..., Target]) -> None:
    assert len(ways(toy, relief=(SMALLER,) * 5)) == 3
    assert len(ways(toy, True, relief=(SMALLER,) * 5)) == 5


def test_that_nothing_helps_is_said_where_it_was_looked_for(toy: Callable[..., Target]) -> None:
    none = [("lower", "nothing found that lowers the peak of the activations", "")]
    assert ways(toy) == []
    assert ways(toy, True) == none
    assert ways(toy, findings=(Finding("EP201", Severity.ERROR, "needs more"),)) == none


@pytest.mark.parametrize(
    ("order", "words"),
    [
        (NewOrder(("a",), 0, MIB, MIB), "no order with a lower peak found"),
        (
            NewOrder(("b", "a"), 2, 2 * MIB, MIB),
            "2 ops moved, as --format json lists them: 1.0 MiB alive at the peak instead of 2.0 MiB",
        ),
    ],
)
def test_a_new_order_says_what_it_wins(toy: Callable[..., Target], order: NewOrder, words: str) -> None:
    assert ways(toy, order=order) == [("order", words, "computed")]


@pytest.mark.parametrize(
    ("packing", "words", "kind"),
    [
        (Packing(15, 14, 14), "activations 15 B to 14 B; no plan takes less", "computed"),
        (Packing(15, 14, 13), "activations 15 B to 14 B; no plan takes less than 13 B", "computed"),
        (Packing(15, 15, 15), "activations stay at 15 B; no plan takes less", "computed"),
        (Packing(15, 15, 14, "too many"), "no solver asked: too many", ""),
    ],
)
def test_what_a_solver_proves_is_said(toy: Callable[..., Target], packing: Packing, words: str, kind: str) -> None:
    assert ways(toy, packing=packing) == [("exact", words, kind)]
