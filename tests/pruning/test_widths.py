from __future__ import annotations

from pathlib import Path

import pytest

from edgeplan.capability.rows import Backend, backend_names, load_backend
from edgeplan.pruning import widths
from edgeplan.pruning.widths import step_of, width_complaints


@pytest.mark.parametrize("name", backend_names())
def test_widths_are_clean(name: str) -> None:
    assert list(width_complaints(load_backend(name))) == []


@pytest.mark.parametrize(
    ("backend", "unit", "precision", "multiple"),
    [
        ("qnn", "htp", "float16", 32),
        ("snpe", "dsp", "int8", 32),
        ("tensorrt", "gpu", "float32", 4),
        ("tensorrt", "gpu", "float16", 8),
        ("tensorrt", "gpu", "int8", 32),
        ("tensorrt", "dla", "float16", 16),
        ("tensorrt", "dla", "int8", 32),
        ("coreml", "ane", "float16", 16),
        ("tflite", "xnnpack", "float32", 8),
    ],
)
def test_a_unit_pays_for_so_many_channels_at_a_time(backend: str, unit: str, precision: str, multiple: int) -> None:
    found = step_of(load_backend(backend), unit, precision)
    assert found.multiple == multiple
    assert found.evidence


def test_a_unit_nobody_speaks_of_has_no_multiple() -> None:
    found = step_of(load_backend("coreml"), "gpu", "float16")
    assert (found.multiple, found.evidence) == (1, ())


def test_what_is_wrong_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "qnn").mkdir()
    (tmp_path / "qnn" / "widths.toml").write_text(
        '[[width]]\nunit = ["gpu5"]\nmultiple = 1\nwhy = "because"\nsource = { nobody = "x" }\n'
    )
    monkeypatch.setattr(widths, "rules_dir", lambda: tmp_path)
    widths.load_widths.cache_clear()
    backend: Backend = load_backend("qnn")
    try:
        found = "\n".join(width_complaints(backend))
    finally:
        widths.load_widths.cache_clear()
    for words in ("'gpu5' is no unit", "'nobody', which is no source", "multiple of 1", "no sentence"):
        assert words in found


def test_a_backend_without_the_file_has_none() -> None:
    assert step_of(load_backend("tflite-micro"), "cpu", "int8").multiple == 1
