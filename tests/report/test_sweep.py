from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from edgeplan.memory.range import Range
from edgeplan.report.sweep import render_sweep
from edgeplan.sweep.search import Fit, Need, Point, Sweep
from edgeplan.target import Target

Toy = Callable[..., Target]
KIB = 1024


def point(size: int, fit: Fit = Fit.FITS) -> Point:
    need = Need(Range(size * KIB, size * KIB, 2 * size * KIB), size * KIB, {"x": f"float32[1, {size}]"})
    return Point(size, fit, None if fit is Fit.FAILS else need, "it is made for one size" if fit is Fit.FAILS else "")


def said(toy: Toy, points: Sequence[Point], largest: int | None, surest: int | None, **target: object) -> list[str]:
    sweep = Sweep("N", 9 * KIB, tuple(points), largest, surest)
    return render_sweep(sweep, "model.onnx", toy(**target), width=100).splitlines()


@pytest.mark.parametrize(
    ("largest", "surest", "words"),
    [
        (4, 4, "N=4 IS THE LARGEST THAT FITS   "),
        (4, 2, "N=4 IS THE LARGEST THAT LIKELY FITS; N=2 surely does   "),
        (4, None, "N=4 IS THE LARGEST THAT LIKELY FITS; none surely does   "),
        (None, None, "NO N FITS   "),
    ],
)
def test_the_answer_comes_first(toy: Toy, largest: int | None, surest: int | None, words: str) -> None:
    assert said(toy, [point(2), point(4)], largest, surest)[0].startswith(words)


def test_the_limit_says_whose_it_is(toy: Toy) -> None:
    assert said(toy, [point(2)], 2, 2, given=9 * KIB)[1] == "  model.onnx   limit 9.0 KiB (your budget)"


def test_each_size_has_its_inputs_and_what_it_needs(toy: Toy) -> None:
    rows = said(toy, [point(2), point(8, Fit.LIKELY), point(9, Fit.TOO_LARGE)], 8, 2)[4:]
    assert [" ".join(row.split()) for row in rows] == [
        "2 x float32[1, 2] 2.0 KiB (2.0 to 4.0 KiB) 2.0 KiB fits",
        "8 x float32[1, 8] 8.0 KiB (8.0 to 16.0 KiB) 8.0 KiB likely fits",
        "9 x float32[1, 9] 9.0 KiB (9.0 to 18.0 KiB) 9.0 KiB does not fit",
    ]


def test_a_reason_is_given_once_for_all_its_sizes(toy: Toy) -> None:
    lines = said(toy, [point(2), point(3, Fit.FAILS), point(5, Fit.FAILS)], 2, 2)
    assert lines[-1] == "  N=3, 5: it is made for one size"
    assert sum("made for one size" in line for line in lines) == 1
    assert said(toy, [point(3, Fit.FAILS)], None, None)[0].startswith("NO N CAN BE ANALYSED")


def test_names_are_shown_escaped(toy: Toy) -> None:
    sweep = Sweep("\x1b[2J", KIB, (point(2),), 2, 2)
    assert "\x1b" not in render_sweep(sweep, "\x1b[31m.onnx", toy(), width=100)
