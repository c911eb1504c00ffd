from __future__ import annotations

from collections.abc import Callable

import pytest

from edgeplan.capability.rows import Backend, backend_names, load_backend
from edgeplan.cost.lint import cited_by_speeds, speed_complaints
from tests.cost.conftest import SPEED

Given = Callable[..., None]


@pytest.mark.parametrize("name", backend_names())
def test_the_speeds_that_ship_have_no_complaints(name: str) -> None:
    backend = load_backend(name)
    assert list(speed_complaints(backend)) == []
    assert cited_by_speeds(backend) <= set(backend.sources)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"unit": ["dsp"]}, "'dsp' is no unit"),
        ({"chips": ["t1"]}, "'t1' is no chip"),
        ({"launch": {"*": 1, "convolution": 2}}, "'convolution' is no family"),
        ({"fuses": ["relu"]}, "'relu' is no family"),
        ({"since": "9"}, "'9' is no release"),
        ({"source": {"nobody": "said so"}}, "cites 'nobody', which is no source"),
        ({"source": {}}, "no source"),
        ({"doubt": {"conv": 0.5}}, "doubts not below 1"),
        (
            {"penalty": [{"name": "p", "ops": ["Relu"], "why": "because", "source": {"paper": "x"}}]},
            "why is no sentence",
        ),
    ],
)
def test_a_wrong_speed_is_complained_about(
    toy_backend: Callable[..., Backend], given: Given, changes: dict[str, object], complaint: str
) -> None:
    given(**changes)
    assert any(complaint in words for words in speed_complaints(toy_backend()))


@pytest.mark.parametrize(
    ("table", "complaint"),
    [
        ('[[chip]]\nchip = "t9"\nunit = ["npu"]\nlike = "t1"\nwhy = "w"\nsource = { paper = "x" }', "no such chip"),
        ('[[chip]]\nchip = "a14"\nunit = ["npu"]\nlike = "a15"\nwhy = "w"\nsource = {}', "'a15' is no measured chip"),
        ('[[chip]]\nchip = "a14"\nunit = ["npu"]\nlike = "t1"\nwhy = ""\nsource = {}', "from what it is carried over"),
        ('[[chip]]\nchip = "a14"\nunit = ["npu"]\nlike = "t1"\nwhy = "w"\nwiden = 0.5\nsource = {}', "none narrows"),
        (
            '[[crossing]]\nunits = ["npu", "cpu"]\nus = [9, 1, 2]\ngbytes = 1\nwhy = "w"\nsource = { paper = "x" }',
            "times ascend",
        ),
        ('[[inherit]]\nbackend = "qnn"\nunit = { dsp = "htp" }\nwiden = 1\nwhy = "w"', "'dsp' is no unit"),
        ('[[inherit]]\nbackend = "qnn"\nunit = { npu = "ane" }\nwiden = 1\nwhy = "w"', "'ane' is no unit"),
        ('[[inherit]]\nbackend = "qnn"\nunit = { npu = "htp" }\nwiden = 0.9\nwhy = "w"', "no range is narrowed"),
    ],
)
def test_a_wrong_chip_crossing_or_heir_is_complained_about(
    toy_backend: Callable[..., Backend], given: Given, table: str, complaint: str
) -> None:
    given(f"{table}\n")
    assert any(complaint in words for words in speed_complaints(toy_backend()))


def test_two_speeds_of_one_chip_are_complained_about(toy_backend: Callable[..., Backend], given: Given) -> None:
    given()
    assert not any("two speeds" in words for words in speed_complaints(toy_backend()))
    given(f"[[speed]]\n{SPEED}")
    assert any("two speeds of npu at float32 speak of t1" in words for words in speed_complaints(toy_backend()))
