"""A rewritten sample is planned, and put to the compiler that speaks for its target: three verbs, one by one."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

import pytest
from click.testing import CliRunner

from edgeplan import api
from edgeplan.cli.main import cli

REQUIRED = "EDGEPLAN_REFEREES"
SAMPLES = Path(__file__).parents[2] / "samples"


@pytest.mark.referee
@pytest.mark.skipif(
    find_spec("onnxruntime_qnn") is None and not os.environ.get(REQUIRED), reason="qnn-htp is not installed"
)
def test_a_rewritten_sample_fits_and_its_compiler_takes_it(tmp_path: Path) -> None:
    source, made = SAMPLES / "mlsd_tiny_320.onnx", tmp_path / "made.onnx"
    done = CliRunner().invoke(cli, ["rewrite", str(source), "-t", "snapdragon-8-gen-2", "-o", str(made)])
    assert done.exit_code == 0, done.output
    assert "verified" in done.output
    before, after = (api.analyze(m, "snapdragon-8-gen-2") for m in (source, made))
    assert after.latency.total is not None
    assert before.latency.total is not None
    assert after.latency.total.likely <= before.latency.total.likely
    asked = CliRunner().invoke(cli, ["verify", str(made), "-t", "snapdragon-8-gen-2", "--fail-on", "disagreement"])
    assert asked.exit_code == 0, asked.output
