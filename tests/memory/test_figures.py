from __future__ import annotations

from pathlib import Path

import pytest

from edgeplan.capability.rows import Backend, RulesError, backend_names, load_backend
from edgeplan.memory import figures
from edgeplan.memory.figures import all_figures, load_figures
from edgeplan.memory.lint import figure_complaints
from edgeplan.memory.range import Range
from tests.conftest import ToyBackend

GOOD = """
[[figure.workspace]]
likely = 8
high   = 12.5
unit   = "MiB"
kind   = "measured"
why    = "Each stream holds one."
source = { paper = "8 MiB a stream" }
until  = "2"
[[figure.workspace]]
likely = 4
unit   = "MiB"
kind   = "measured"
why    = "Less since then."
source = { paper = "4 MiB a stream" }
since  = "3"
[[figure.share]]
likely = 0.5
low    = 0.25
unit   = "1"
kind   = "estimated"
why    = "About half of it."
source = { rumour = "half" }
"""


@pytest.fixture
def toy(toy_backend: ToyBackend, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Backend:
    """The toy backend, with a folder of its own for figures."""
    backend = toy_backend()
    (tmp_path / backend.name).mkdir()
    monkeypatch.setattr(figures, "rules_dir", lambda: tmp_path)
    figures._read.cache_clear()
    return backend


def write(backend: Backend, text: str) -> None:
    (figures.rules_dir() / backend.name / "memory.toml").write_text(text, "utf-8")
    figures._read.cache_clear()


def test_a_figure_is_a_range_of_bytes_or_a_share(toy: Backend) -> None:
    write(toy, GOOD)
    found = load_figures(toy, "2")
    assert found["workspace"].bytes == Range(8 << 20, 8 << 20, 25 << 19)
    assert found["share"].of(1000) == Range(250, 500, 500)
    assert [e.key for e in found.evidence("workspace", "share")] == ["paper", "rumour"]


def test_a_release_has_its_own_figure(toy: Backend) -> None:
    write(toy, GOOD)
    assert load_figures(toy, "3")["workspace"].bytes == Range.exactly(4 << 20)
    assert len(all_figures(toy)["workspace"]) == 2


def test_what_is_not_there_is_none_or_an_error_with_its_name(toy: Backend) -> None:
    found = load_figures(toy, "2")
    assert found.get("workspace") is None
    with pytest.raises(KeyError, match="no memory figure 'workspace' for 2"):
        found["workspace"]


def test_a_broken_file_is_named(toy: Backend) -> None:
    write(toy, "[[figure.x]]\nlikely = 'much'")
    with pytest.raises(RulesError, match=r"memory\.toml"):
        load_figures(toy, "2")


def test_good_figures_raise_no_complaint(toy: Backend) -> None:
    write(toy, GOOD)
    assert list(figure_complaints(toy)) == []


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("high   = 12.5", "high = 7", "workspace: 8 <= 8 <= 7 does not hold"),
        ('why    = "About half of it."', 'why = "half"', "share: why is no sentence"),
        ('{ rumour = "half" }', "{}", "share: no source"),
        ('{ rumour = "half" }', '{ gossip = "half" }', "share: cites 'gossip', which is no source"),
        ('{ rumour = "half" }', '{ rumour = "" }', "share: does not say what 'rumour' says"),
        ('since  = "3"', 'since = "2"', "workspace: two figures speak of one release"),
        ('since  = "3"', 'since = "9"', "workspace: '9' is no release"),
    ],
)
def test_a_wrong_figure_is_complained_of(toy: Backend, old: str, new: str, complaint: str) -> None:
    write(toy, GOOD.replace(old, new, 1))
    assert complaint in list(figure_complaints(toy))


@pytest.mark.parametrize("name", backend_names())
def test_the_figures_shipped_raise_no_complaint(name: str) -> None:
    assert list(figure_complaints(load_backend(name))) == []
