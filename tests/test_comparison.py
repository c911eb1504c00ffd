"""Models beside each other: what is surely faster, and what is beaten in everything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import edgeplan
from edgeplan.api import analysis
from edgeplan.comparison import Candidate, Order, Standing, standing
from edgeplan.cost.estimate import Estimate
from edgeplan.memory.range import Range
from edgeplan.plan import Outcome
from edgeplan.summary import TargetSummary

FOLDER = Path(__file__).resolve().parents[1] / "samples"
SAMPLES = [FOLDER / "blazeface_front_128.onnx", FOLDER / "mlsd_tiny_320.onnx"]

TARGET = TargetSummary("toy", "Toy Phone, Toy (2)", "T1", "toy", "2", "model", "")


def model(
    name: str,
    ms: float | None,
    memory: int = 1000,
    size: int = 1000,
    spread: tuple[float, float] = (0.8, 1.25),
    outcome: Outcome = Outcome.FITS,
    unsized: bool = False,
) -> Candidate:
    latency = None if ms is None else Estimate(ms * spread[0] / 1e3, ms / 1e3, ms * spread[1] / 1e3, "")
    return Candidate(
        name,
        outcome,
        latency,
        latency,
        "" if latency else "why",
        None,
        Range.exactly(memory),
        unsized,
        size,
        10**6,
        100,
        1.0,
        None,
    )


def beside(*models: Candidate) -> Standing:
    return standing(TARGET, models)


def front(*models: Candidate) -> Sequence[str]:
    found = beside(*models)
    return [models[i].model for i in found.front]


@pytest.mark.parametrize(
    ("other", "order"),
    [(1.0, Order.NOT_TOLD), (1.3, Order.NOT_TOLD), (1.4, Order.LIKELY), (1.55, Order.LIKELY), (1.6, Order.SURE)],
)
def test_an_order_is_sure_where_the_ranges_do_not_meet(other: float, order: Order) -> None:
    pair = beside(model("a", 1.0), model("b", other)).pair(1, 0)
    assert pair is not None
    assert (pair.faster, pair.slower, pair.order) == (0, 1, order)


def test_what_models_share_of_their_error_says_nothing_of_their_order() -> None:
    wide = (0.5, 2.0)
    apart = [model("a", 1.0, spread=wide), model("b", 2.0, spread=wide)]
    assert beside(*apart).pairs[0].order is Order.NOT_TOLD
    own = [replace(m, among=model("", ms).latency) for m, ms in zip(apart, (1.0, 2.0), strict=True)]
    assert beside(*own).pairs[0].order is Order.SURE
    assert own[0].latency is not None
    own[0] = replace(own[0], latency=replace(own[0].latency, basis="another unit"))
    assert beside(*own).pairs[0].order is Order.NOT_TOLD


def test_the_ratio_has_both_errors_in_quadrature() -> None:
    pair = beside(model("a", 1.0), model("b", 2.0)).pair(0, 1)
    assert pair is not None
    assert pair.ratio.likely == pytest.approx(2.0)
    assert pair.ratio.high == pytest.approx(2.0 * 1.25 ** (2**0.5))
    assert pair.ratio.low == pytest.approx(2.0 / 1.25 ** (2**0.5))


def test_who_is_slower_and_larger_is_off_the_front() -> None:
    found = beside(model("small", 1.0, 100, 100), model("large", 2.0, 200, 200))
    assert found.front == (0,)
    assert found.beaten == {1: 0}


@pytest.mark.parametrize("figures", [(0.5, 1000, 1000), (1.0, 500, 1000), (1.0, 1000, 500)])
def test_being_better_in_one_thing_keeps_a_model_on_the_front(figures: tuple[float, int, int]) -> None:
    worse = [3 * f for f in (1.0, 1000, 1000)]
    for at, value in enumerate(figures):
        if value < (1.0, 1000, 1000)[at]:
            worse[at] = value
    assert front(model("a", 1.0), model("b", worse[0], int(worse[1]), int(worse[2]))) == ["a", "b"]


def test_a_shorter_time_alone_counts_only_where_it_is_sure() -> None:
    assert front(model("a", 1.0), model("b", 1.5)) == ["a", "b"]
    assert front(model("a", 1.0), model("b", 1.6)) == ["a"]


def test_a_difference_that_makes_none_is_none() -> None:
    assert front(model("a", 1.0, memory=1010), model("b", 1.6, memory=1000)) == ["a"]
    assert front(model("a", 1.0, memory=1030), model("b", 1.6, memory=1000)) == ["a", "b"]


def test_a_time_that_is_not_known_may_speak_for_a_model() -> None:
    assert front(model("a", 1.0), model("b", None, 2000, 2000)) == ["a", "b"]


def test_without_any_time_the_bytes_decide() -> None:
    assert front(model("a", None), model("b", None, 2000, 2000)) == ["a"]


def test_a_lower_bound_of_memory_decides_nothing() -> None:
    assert front(model("a", 1.0), model("b", 2.0, unsized=True)) == ["a", "b"]
    assert front(model("a", 1.0, unsized=True), model("b", 2.0)) == ["a", "b"]


def test_what_does_not_fit_beats_nobody_and_is_on_no_front() -> None:
    assert front(model("a", 1.0, outcome=Outcome.DOES_NOT_FIT), model("b", 2.0)) == ["b"]
    assert front(model("a", 1.0, outcome=Outcome.DOES_NOT_FIT)) == []


CANDIDATES = st.lists(
    st.builds(
        model,
        st.just("m"),
        st.none() | st.floats(0.01, 100),
        st.integers(0, 10**6),
        st.integers(0, 10**6),
        st.tuples(st.floats(0.1, 1.0), st.floats(1.0, 10.0)),
        st.sampled_from(Outcome),
        st.booleans(),
    ),
    min_size=1,
    max_size=6,
)


@given(CANDIDATES)
def test_every_model_that_fits_is_on_the_front_or_beaten_by_one_no_slower(models: list[Candidate]) -> None:
    found = standing(TARGET, models)
    fitting = {i for i, m in enumerate(models) if m.outcome is not Outcome.DOES_NOT_FIT}
    assert set(found.front) | set(found.beaten) == fitting
    assert bool(found.front) == bool(fitting)
    for loser, winner in found.beaten.items():
        mine, theirs = models[loser].latency, models[winner].latency
        assert (mine is None) == (theirs is None)
        assert mine is None or theirs is None or theirs.likely <= mine.likely


@given(CANDIDATES)
def test_an_order_does_not_hang_on_who_is_named_first(models: list[Candidate]) -> None:
    forth, back = standing(TARGET, models), standing(TARGET, models[::-1])
    last = len(models) - 1
    assert set(forth.front) == {last - i for i in back.front}
    for pair in forth.pairs:
        twin = back.pair(last - pair.faster, last - pair.slower)
        assert twin is not None
        assert twin.order is pair.order
        assert twin.ratio.likely == pytest.approx(pair.ratio.likely)


def test_a_model_is_read_once_for_all_targets(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[object] = []
    original = analysis.load_model
    monkeypatch.setattr(analysis, "load_model", lambda model, *bound: read.append(model) or original(model, *bound))
    edgeplan.compare(SAMPLES, ["iphone14pro", "pixel6"])
    assert read == SAMPLES


def test_what_is_assumed_is_told_of_a_target_given_whole_too() -> None:
    found = edgeplan.compare(SAMPLES, [edgeplan.resolve("pixel6")], assume="w8a8")
    assert found.standings[0].target.assume == "w8a8"
