"""The drawing of a split."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from syrupy.assertion import SnapshotAssertion

from edgeplan.report.svg.axis import Axis
from edgeplan.report.svg.split import split_plot
from tests.report.split_cases import CLOUD, DEVICE, LINK, SPLIT, choice, plan

SVG = "{http://www.w3.org/2000/svg}"


def texts(svg: str) -> list[str]:
    return [t.text or "" for t in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def test_a_drawing_looks_as_kept(snapshot: SnapshotAssertion) -> None:
    assert split_plot(plan()) == snapshot


def test_it_is_told_in_words_too() -> None:
    root = ElementTree.fromstring(split_plot(plan()))
    assert root.attrib["role"] == "img"
    assert (root.findtext(f"{SVG}title") or "").startswith("Where to cut res\\x1b50[b].onnx between Toy Phone")
    assert (root.findtext(f"{SVG}desc") or "").startswith("SPLIT AFTER /layer2/conv2: 191 ms (152 to 248 ms)")


@pytest.mark.parametrize(
    ("change", "gone"),
    [
        ({"curve": ()}, "Trade-off"),
        ({"stops": ()}, "Time over the place of the cut"),
        ({"network": replace(LINK, rtt=None)}, "Time over the uplink"),
    ],
)
def test_panels_without_data_are_left_out(change: dict[str, object], gone: str) -> None:
    assert gone in texts(split_plot(plan()))
    assert gone not in texts(split_plot(plan(**change)))


def test_ways_that_are_refused_or_not_known_say_so() -> None:
    choices = (
        choice(DEVICE),
        choice(CLOUD, refused="the input may not leave"),
        choice(SPLIT, latency=None, parts={}, why="nobody timed it"),
    )
    said = texts(split_plot(plan(choices=choices, best=0)))
    assert "the input may not leave" in said
    assert "time not known" in said
    assert "nobody timed it" in said


def test_nothing_known_still_makes_a_drawing() -> None:
    unknown = tuple(choice(w, latency=None, parts={}, why="no speed") for w in (DEVICE, CLOUD))
    svg = split_plot(plan(choices=unknown, best=0, stops=(), spans=(), ways=(), curve=()))
    assert "CANNOT TELL" in texts(svg)[0]


@given(st.floats(1e-9, 1e9), st.floats(1.01, 1e6), st.booleans(), st.integers(2, 10))
def test_marks_are_round_and_few_and_on_the_axis(low: float, ratio: float, log: bool, about: int) -> None:
    axis = Axis(0, 100, low, low * ratio, log)
    marks = list(axis.marks(about))
    assert marks == sorted(marks)
    assert len(marks) <= 3 * about + 3
    assert all(low * (1 - 1e-6) <= m <= low * ratio * (1 + 1e-6) for m in marks)
    assert all(0 <= axis.at(m) <= 100 for m in marks)


def test_values_off_an_axis_lie_at_its_ends() -> None:
    axis = Axis(10, 110, 1, 100, log=True)
    assert [axis.at(v) for v in (0.1, 1, 10, 100, 1000)] == [10, 10, 60, 110, 110]
