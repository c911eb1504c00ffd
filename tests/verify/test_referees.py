"""What stands in rules/referees is held to the same rules as the rows."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from edgeplan.capability.match import compile_row
from edgeplan.capability.rows import Row, Source, load_backend, rules_dir
from edgeplan.cli.rules import schema_of
from edgeplan.target import resolve
from edgeplan.verify.process import ASK
from edgeplan.verify.referees import Referee, absent, fitting, load_referee, referee_names

REFEREES = [load_referee(name) for name in referee_names()]
PROJECT = tomllib.loads((Path(__file__).parent.parent.parent / "pyproject.toml").read_text("utf-8"))["project"]
every = pytest.mark.parametrize("referee", REFEREES, ids=lambda r: r.name)


def test_the_promised_referees_are_there() -> None:
    assert {"tensorrt-rtx", "qnn-htp", "litert-cpu", "litert-gpu", "coremltools"} <= set(referee_names())


@every
def test_a_referee_speaks_of_a_unit_and_release_of_its_backend(referee: Referee) -> None:
    backend = load_backend(referee.backend)
    assert referee.unit in backend.units
    assert referee.release in backend.releases
    assert (ASK / f"{referee.program}.py").is_file()
    generations = backend.units[referee.unit].generations
    for chip in referee.chip:
        assert set(chip.generations) <= set(generations)
        assert chip.stands_for in ("", *generations)
        assert bool(chip.why) == bool(chip.stands_for)


@every
def test_what_installs_it_is_an_extra_of_the_project(referee: Referee) -> None:
    extra = PROJECT["optional-dependencies"][referee.extra]
    assert set(referee.packages) <= set(extra)
    assert all("==" in package for package in referee.packages)


@every
def test_sentences_end_and_sources_resolve(referee: Referee) -> None:
    for text in (referee.proves, referee.cannot, *(k.why for k in referee.exception)):
        assert text.endswith("."), text
    assert referee.licence
    cited = [key for one in (*referee.exception, *referee.chip) for key in one.source]
    assert set(cited) == set(referee.source)
    for key, source in referee.source.items():
        assert source.url.startswith("https://"), key
        assert source.seen is not None, key
    assert all(k.source for k in referee.exception)


@every
def test_known_differences_name_what_exists(referee: Referee) -> None:
    names = schema_of(load_backend(referee.backend).dialect)
    ids = [k.id for k in referee.exception]
    assert len(ids) == len(set(ids))
    for known in referee.exception:
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", known.id)
        for op in known.ops:
            assert op == "*" or "." in op or names(op) is not None, op
        row = Row(known.id, known.ops, (referee.unit,), "refuses", known.source, known.why, known.when)
        assert callable(compile_row(row))
        assert known.ops != ("*",) or known.when or known.words or known.chips, "it would leave out everything"


def test_units_without_a_referee_exist_and_have_none() -> None:
    sources = tomllib.loads((rules_dir() / "referees" / "absent.toml").read_text("utf-8"))["source"]
    asked = {(r.backend, r.unit) for r in REFEREES if r.compares == "placement"}
    for one in absent():
        units = load_backend(one.backend).units
        assert set(one.units) <= set(units)
        assert one.why.endswith(".")
        assert one.source
        assert set(one.source) <= set(sources)
        assert not {(one.backend, unit) for unit in one.units or units} & asked
    assert {one.backend for one in absent()} >= {"onnxruntime-coreml", "snpe", "tensorrt", "coreml"}
    assert all(Source(**s).url.startswith("https://") for s in sources.values())


def test_a_target_has_the_referees_of_its_units() -> None:
    assert [r.name for r in fitting(resolve("pixel8", "tflite"))] == ["litert-cpu", "litert-gpu"]
    assert fitting(resolve("snapdragon-8-gen-3", "snpe")) == ()


def test_an_unknown_referee_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        load_referee("nobody")
