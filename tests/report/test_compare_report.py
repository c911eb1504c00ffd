from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from edgeplan.comparison import Candidate, Comparison, standing
from edgeplan.cost.estimate import Estimate
from edgeplan.finding import Finding, Severity
from edgeplan.memory.range import Range
from edgeplan.plan import Outcome
from edgeplan.report.compare import conclusion, render_comparison
from edgeplan.summary import TargetSummary

TARGET = TargetSummary("toy", "Toy Phone, Toy (2)", "T1", "toy", "2", "model", "", "w8a8")
MIB = 2**20


def model(
    name: str, ms: float | None, memory: int = 4, size: int = 4, outcome: Outcome = Outcome.FITS, unsized: bool = False
) -> Candidate:
    latency = None if ms is None else Estimate(0.8 * ms / 1e3, ms / 1e3, 1.25 * ms / 1e3, "")
    peak = Range.exactly(memory * MIB)
    worst = Finding("EP105", Severity.NOTE, "It is slow.") if ms else None
    return Candidate(
        name, outcome, latency, latency, "nobody timed it", None, peak, unsized, size * MIB, 10**9, 100, 0.96, worst
    )


def said(*models: Candidate) -> str:
    return conclusion(standing(TARGET, models))


def shown(*models: Candidate, width: int = 100) -> str:
    return render_comparison(Comparison((standing(TARGET, models),)), width=width)


@pytest.mark.parametrize(
    ("models", "words"),
    [
        (
            [model("a", 2, 8, 8), model("b", 1)],
            "b is faster than a by 1.5x to 2.7x, needs less memory (4.0 MiB against 8.0 MiB) and has fewer weights "
            "(4.0 MiB against 8.0 MiB): only accuracy could speak for a",
        ),
        (
            [model("a", 2, 3), model("b", 1)],
            "b is faster than a by 1.5x to 2.7x; a needs less memory (3.0 MiB against 4.0 MiB)",
        ),
        ([model("a", 1.4), model("b", 1)], "b is likely faster than a by 1.0x to 1.9x"),
        ([model("a", 1.1), model("b", 1)], "a and b cannot be told apart by time"),
        (
            [model("a", 1.1, 8), model("b", 1)],
            "a and b cannot be told apart by time; b needs less memory (4.0 MiB against 8.0 MiB): "
            "only accuracy could speak for a",
        ),
        ([model("a", None), model("b", None)], "the one takes about what the other does"),
        ([model("a", None, unsized=True), model("b", None)], "sizes are open: there is nothing to tell them apart by"),
        (
            [model("a", None, 8), model("b", None)],
            "b needs less memory (4.0 MiB against 8.0 MiB): only accuracy could speak for a",
        ),
        (
            [model("a", None, unsized=True), model("b", None), model("d", 1, outcome=Outcome.DOES_NOT_FIT)],
            "sizes are open: there is nothing to tell them apart by; d does not fit",
        ),
        ([model(n, None) for n in "abc"], "nothing is known that tells them apart"),
        ([model("a", 1), model("b", 2, outcome=Outcome.DOES_NOT_FIT)], "only a fits"),
        ([model(n, 1, outcome=Outcome.DOES_NOT_FIT) for n in "ab"], "none of them fits"),
        (
            [model("a", 1), model("b", 1.1, 8), model("c", 4, 2, 2), model("d", 9, 9, 9)],
            "a and b cannot be told apart by time; c needs the least memory and has the fewest weights; "
            "only accuracy could speak for b and d",
        ),
        (
            [model("a", 1), model("b", 2, 8), model("c", 4, 9)],
            "a is surely the fastest and needs the least memory; only accuracy could speak for b and c",
        ),
        (
            [model("a", 1), model("b", None, 2, 2, unsized=True), model("c", 4)],
            "a is surely the fastest of those whose time is known; b has the fewest weights; "
            "only accuracy could speak for c",
        ),
        (
            [model("a", 1), model("b", 2, 3), model("c", 4, outcome=Outcome.DOES_NOT_FIT)],
            "a is faster than b by 1.5x to 2.7x; b needs less memory (3.0 MiB against 4.0 MiB); c does not fit",
        ),
    ],
)  # fmt: skip
def test_the_conclusion_claims_what_the_figures_show(models: Sequence[Candidate], words: str) -> None:
    assert said(*models) == words


def test_each_model_has_a_line_and_the_front_is_marked() -> None:
    lines = shown(model("a.onnx", 2, 8, 8), model("b.onnx", 1)).splitlines()
    assert lines[0] == "Toy Phone, Toy (2)   assumed w8a8"
    rows = [" ".join(line.split()) for line in lines]
    assert "a 2.00 ms (1.60 to 2.50 ms) 8.0 MiB 8.0 MiB 1 G 96 % EP105 note" in rows
    assert "* b 1.00 ms (800 us to 1.25 ms) 4.0 MiB 4.0 MiB 1 G 96 % EP105 note" in rows


def test_of_three_or_more_the_order_is_told() -> None:
    rows = [" ".join(x.split()) for x in shown(model("c", 4), model("a", 1), model("b", 1.1)).splitlines()]
    assert "a cannot be told apart from b (0.8x to 1.5x)" in rows
    assert "b is surely faster than c (2.7x to 5.0x)" in rows
    two = shown(model("c", 4), model("a", 1))
    assert "surely" not in two


def test_a_time_that_is_not_known_says_why_once() -> None:
    text = shown(model("a", None), model("b", None))
    assert text.count("nobody timed it") == 1
    assert "latency not known: nobody timed it" in text
    assert "latency of b not known" in shown(model("a", 1), model("b", None))


@pytest.mark.parametrize("width", [60, 80, 100, 120])
def test_no_line_is_wider_than_asked(width: int) -> None:
    models = [model(f"a_model_with_quite_a_long_name_{i}.onnx", 1.0 + i, 4 + i) for i in range(3)]
    assert max(map(len, shown(*models, width=width).splitlines())) <= width


def test_an_order_that_the_ranges_shown_do_not_bear_out_is_explained() -> None:
    def carried(name: str, ms: float) -> Candidate:
        own = model(name, ms)
        assert own.latency is not None
        return replace(own, latency=replace(own.latency, low=0.3 * ms / 1e3, high=3 * ms / 1e3))

    assert "shifts all models alike" in shown(carried("a", 1), carried("b", 3))
    assert "shifts all models alike" not in shown(model("a", 1), model("b", 3))
    assert "shifts all models alike" not in shown(carried("a", 1), carried("b", 1.1))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("x/a.onnx", "y/a.onnx"), ("x/a", "y/a")),
        (("a.onnx", "a.tflite"), ("a.onnx", "a.tflite")),
        (("a.v1", "b.v1"), ("a.v1", "b.v1")),
    ],
)
def test_an_ending_that_all_have_is_left_out(given: tuple[str, str], said: tuple[str, str]) -> None:
    first, second = (line.split()[1] for line in shown(model(given[0], 1), model(given[1], 1)).splitlines()[4:6])
    assert (first, second) == said


def test_names_are_shown_escaped() -> None:
    text = shown(model("\x1b[31m\u202e.onnx", 1), model("b\r\n", 3))
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "\\x1b[31m" in text


def test_the_mark_is_explained_where_it_stands() -> None:
    none = [model(n, 1, outcome=Outcome.DOES_NOT_FIT) for n in "ab"]
    assert "* no other" in shown(model("a", 1), model("b", 2))
    assert "* no other" not in shown(*none)
