from __future__ import annotations

from pathlib import Path

import pytest

from edgeplan.capability.rows import Backend, backend_names, load_backend
from edgeplan.cli.rules import schema_of
from edgeplan.compression import rows
from edgeplan.compression.lint import compression_complaints
from edgeplan.compression.rows import cited_by_compression
from tests.conftest import ToyBackend

GOOD = """
[[scheme]]
names      = ["w4", "palette*-group*"]
on         = ["npu"]
generation = { max = "N1" }
units      = ["gpu"]
ops        = ["Conv"]
why        = "It does."
source     = { paper = "w8" }
against    = { rumour = "not" }
until      = "2"
[[speed]]
names  = ["w8"]
on     = ["npu"]
times  = [0.8, 0.9, 1.0]
why    = "Measured."
source = { paper = "table 2" }
"""


@pytest.fixture
def toy(toy_backend: ToyBackend, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Backend:
    backend = toy_backend()
    (tmp_path / backend.name).mkdir()
    monkeypatch.setattr(rows, "rules_dir", lambda: tmp_path)
    rows._read.cache_clear()
    return backend


def complaints(backend: Backend, text: str) -> list[str]:
    (rows.rules_dir() / backend.name / "compression.toml").write_text(text, "utf-8")
    rows._read.cache_clear()
    return list(compression_complaints(backend, schema_of("onnx")))


def test_good_rows_raise_no_complaint(toy: Backend) -> None:
    assert complaints(toy, GOOD) == []
    assert cited_by_compression(toy) == {"paper", "rumour"}


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('"w4",', '"w5",', "'w5' names no scheme"),
        ('"It does."', '"does"', "why is no sentence"),
        ('{ paper = "w8" }', "{}", "no source"),
        ('{ paper = "w8" }', '{ gossip = "w8" }', "cites 'gossip', which is no source"),
        ('{ rumour = "not" }', '{ gossip = "w8" }', "cites 'gossip', which is no source"),
        ('{ paper = "w8" }', '{ paper = "" }', "does not say what 'paper' says"),
        ('until      = "2"', 'until = "9"', "'9' is no release"),
        ('["gpu"]', '["tpu"]', "'tpu' is no unit"),
        ('on         = ["npu"]', 'on = ["tpu"]', "'tpu' is no unit"),
        ('on         = ["npu"]', "", "a generation without the unit it is of"),
        ('max = "N1"', 'max = "N9"', "'N9' is no generation of npu"),
        ('["Conv"]', '["CONV_2D"]', "'CONV_2D' is no op of the dialect"),
        ("[0.8, 0.9, 1.0]", "[0.8, 0.7, 1.0]", "0.8 <= 0.7 <= 1 does not hold"),
    ],
)
def test_a_wrong_row_is_complained_of(toy: Backend, old: str, new: str, complaint: str) -> None:
    assert any(c.endswith(complaint) for c in complaints(toy, GOOD.replace(old, new, 1)))


@pytest.mark.parametrize("name", backend_names())
def test_the_rows_shipped_raise_no_complaint(name: str) -> None:
    backend = load_backend(name)
    assert list(compression_complaints(backend, schema_of(backend.dialect))) == []
    assert cited_by_compression(backend)
