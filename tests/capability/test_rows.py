from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from edgeplan.capability import rows
from edgeplan.capability.predicates import FAMILIES, PREDICATES
from edgeplan.capability.rows import Backend, RulesError, backend_names, load_backend
from edgeplan.finding import Confidence

HEAD = 'title = "X"\ndialect = "onnx"\nreleases = ["1"]\n[unit.cpu]\ntitle = "CPU"\n'
ROW = '[[row]]\nid = "a"\nops = ["Relu"]\nunit = ["cpu"]\nverdict = "runs"\nsource = {}\n'


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A rules folder with one backend, `x`, that no cache remembers."""
    monkeypatch.setattr(rows, "rules_dir", lambda: tmp_path)
    monkeypatch.setattr(rows, "load_backend", load_backend.__wrapped__)
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "backend.toml").write_text(HEAD, "utf-8")
    return tmp_path / "x"


def test_a_backend_is_a_folder_with_a_head(folder: Path) -> None:
    (folder / "act.toml").write_text(ROW, "utf-8")
    (folder.parent / "devices").mkdir()
    assert rows.backend_names() == ("x",)
    assert [r.id for r in rows.load_backend("x").rows] == ["a"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (f"{ROW}colour = 1\n", "unknown field `colour`"),
        (ROW.replace('"runs"', '"flies"'), "Invalid enum value 'flies'"),
        (ROW.replace("ops =", "opps ="), "opps"),
        ("[[row]\n", "line 1"),
    ],
)
def test_a_broken_file_is_named(folder: Path, text: str, told: str) -> None:
    (folder / "act.toml").write_text(text, "utf-8")
    with pytest.raises(RulesError, match=r"^x/act\.toml: ") as e:
        rows.load_backend("x")
    assert told in str(e.value)


def test_an_unknown_backend_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        load_backend("no-such-backend")


def test_the_shipped_backends_load() -> None:
    assert {"coreml", "tensorrt", "tflite", "qnn", "snpe", "onnxruntime-coreml"} <= set(backend_names())


def test_a_row_is_found_by_its_full_or_its_short_id(toy_backend: Callable[..., Backend]) -> None:
    backend = toy_backend('id = "relu"\nops = ["Relu"]\nunit = ["npu", "gpu"]\nverdict = "runs"')
    row = backend.rows[0]
    assert backend.row_id(row) == "toy/npu+gpu/relu"
    assert backend.find("toy/npu+gpu/relu") is row
    assert backend.find("relu") is row
    assert backend.find("nothing") is None


@pytest.mark.parametrize(
    ("provenance", "confidence"),
    [
        ('source = { paper = "" }', Confidence.HIGH),
        ('source = { rumour = "" }', Confidence.LOW),
        ('source = { rumour = "", paper = "" }', Confidence.HIGH),
        ('source = { paper = "" }\nagainst = { rumour = "" }', Confidence.MEDIUM),
        ('source = { rumour = "" }\nagainst = { paper = "" }', Confidence.LOW),
    ],
)
def test_confidence_follows_the_evidence(
    toy_backend: Callable[..., Backend], provenance: str, confidence: Confidence
) -> None:
    backend = toy_backend(f'id = "a"\nops = ["Relu"]\nunit = ["npu"]\nverdict = "runs"\n{provenance}')
    assert backend.confidence(backend.rows[0]) is confidence


def test_every_predicate_is_a_sentence_under_its_own_name() -> None:
    for name, predicate in PREDICATES.items():
        assert predicate.__name__ == name
        assert (predicate.__doc__ or "").strip().endswith(".")


def test_no_two_backends_have_a_predicate_of_one_name() -> None:
    assert len(PREDICATES) == sum(len(family.__all__) for family in FAMILIES)


def test_every_predicate_is_used() -> None:
    used = {row.check for name in backend_names() for row in load_backend(name).rows}
    assert set(PREDICATES) <= used
