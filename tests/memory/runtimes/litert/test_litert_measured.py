from __future__ import annotations

import csv
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.memory.litert_rss import planned
from edgeplan.target import resolve

ROOT = Path(__file__).resolve().parents[4]


@pytest.mark.referee
@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="the peak is read from Linux's /proc")
@pytest.mark.parametrize(("kernels", "units"), [("xnnpack", ("xnnpack", "cpu")), ("builtin", ("cpu",))])
def test_a_process_takes_what_is_planned(kernels: str, units: tuple[str, ...], tmp_path: Path) -> None:
    pytest.importorskip("ai_edge_litert")
    model, out = ROOT / "samples" / "basic_pitch.tflite", tmp_path / "out.csv"
    program = ROOT / "benchmarks" / "memory" / "ask_litert_rss.py"
    subprocess.run([sys.executable, program, out, model], check=True, timeout=300)
    rows = {row["kernels"]: row for row in csv.DictReader(out.read_text("utf-8").splitlines())}
    assert rows[kernels]["error"] == ""
    whole = resolve("pixel8", "tflite", "LiteRT 2.3")
    target = replace(whole, units=tuple(u for u in whole.units if u.name in units))
    assert planned(model, target) == pytest.approx(int(rows[kernels]["peak"]), rel=0.15)
