from __future__ import annotations

from pathlib import Path

import pytest

from edgeplan.capability.rows import RulesError
from edgeplan.cost import speeds
from tests.cost.conftest import SPEED

ENTRY = f"[[speed]]\n{SPEED}"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("spread = [0.8, 1.25]", "spread = [1.1, 1.25]"),
        ('gmacs = { "*" = 1,', 'gmacs = { "*" = 0,'),
        ('gbytes = { "*" = 1, weights = 2 }', 'gbytes = { "*" = 1 }'),
        ('launch = { "*" = 10,', "launch = { conv = 10,"),
        ("spread", "spraed"),
    ],
)
def test_a_broken_file_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: str, new: str) -> None:
    (tmp_path / "toy" / "latency").mkdir(parents=True)
    file = tmp_path / "toy" / "latency" / "npu.toml"
    monkeypatch.setattr(speeds, "rules_dir", lambda: tmp_path)
    speeds._read.cache_clear()
    file.write_text(ENTRY.replace(old, new), "utf-8")
    with pytest.raises(RulesError, match=r"toy/latency/npu\.toml"):
        speeds._read("toy")
    speeds._read.cache_clear()
    file.write_text(ENTRY, "utf-8")
    assert len(speeds._read("toy").speed) == 1
    speeds._read.cache_clear()
