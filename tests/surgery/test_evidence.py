from __future__ import annotations

from pathlib import Path

import pytest

from edgeplan.capability.rows import RulesError, load_backend
from edgeplan.surgery import evidence
from edgeplan.surgery.evidence import cited_by_rewrites, cured_rows, examples_of, known_of
from edgeplan.surgery.rewrites import NAMES

GAIN = """[[{0}]]
backend = "coreml"
units = ["ane"]
says = "It is quicker."
source = {{ neural-engine-rules = "'quick'" }}
"""


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in the place of the rules on rewrites."""
    (tmp_path / "rewrites").mkdir()
    monkeypatch.setattr(evidence, "rules_dir", lambda: tmp_path)
    for cached in (evidence._read, known_of):
        cached.cache_clear()
    yield tmp_path / "rewrites"
    for cached in (evidence._read, known_of):
        cached.cache_clear()


def test_a_gain_and_a_nothing_are_told_with_their_source(write: Path) -> None:
    (write / "toy.toml").write_text(GAIN.format("gain") + GAIN.format("nothing"), "utf-8")
    gain, nothing = known_of("toy")
    assert (gain.pays, nothing.pays) == (True, False)
    assert (gain.backend, gain.units, gain.says) == ("coreml", ("ane",), "It is quicker.")
    (source,) = gain.evidence
    assert source.key == "neural-engine-rules"
    assert source.url.startswith("https://")


def test_no_file_is_no_knowledge(write: Path) -> None:
    assert known_of("toy") == ()
    assert examples_of("toy") == {}


@pytest.mark.parametrize("text", ["[[gain]]\n", GAIN.format("gain") + 'mood = "good"\n', "not toml ="])
def test_a_file_that_is_none_is_an_error(write: Path, text: str) -> None:
    (write / "toy.toml").write_text(text, "utf-8")
    with pytest.raises(RulesError):
        known_of("toy")


def test_an_example_speaks_for_each_of_its_rows(write: Path) -> None:
    text = '[[example]]\nrows = ["a/b/c", "a/b/d"]\nmodel = "one"\n[[example]]\nrows = ["a/b/c"]\nmodel = "two"\n'
    (write / "toy.toml").write_text(text, "utf-8")
    assert examples_of("toy") == {"a/b/c": ("one", "two"), "a/b/d": ("one",)}


def test_files_are_of_rewrites_there_are() -> None:
    files = {p.stem for p in (evidence.rules_dir() / "rewrites").glob("*.toml")}
    assert files <= set(NAMES)


def test_rows_name_rewrites_there_are() -> None:
    assert cured_rows().keys() <= set(NAMES)


def test_what_is_said_of_rewrites_counts_as_cited() -> None:
    backend = load_backend("coreml")
    assert cited_by_rewrites(backend)
    assert cited_by_rewrites(backend) <= set(backend.sources)
