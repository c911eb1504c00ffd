"""A sample is pruned, compressed, planned, and put to the compiler of its target, one verb after the other."""

from __future__ import annotations

import json
import os
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

import onnx
import pytest
from click.testing import CliRunner

from edgeplan.cli.main import cli

SAMPLE = Path(__file__).parents[2] / "samples" / "mlsd_tiny_320.onnx"
PHONE = "snapdragon-8-gen-2"


def run(*words: object) -> str:
    done = CliRunner().invoke(cli, [str(w) for w in words])
    assert done.exit_code == 0, done.output
    return done.output


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("made")
    pruned, small = folder / "pruned.onnx", folder / "small.onnx"
    before = sha256(SAMPLE.read_bytes()).hexdigest()
    run("prune", SAMPLE, "-t", PHONE, "--to-macs", "50%", "-o", pruned)
    run("compress", pruned, "-t", PHONE, "--scheme", "w8a8", "-o", small)
    assert sha256(SAMPLE.read_bytes()).hexdigest() == before
    return pruned, small


def test_each_step_makes_the_model_smaller(made: tuple[Path, Path]) -> None:
    sizes = [p.stat().st_size for p in (SAMPLE, *made)]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[2] < 0.3 * sizes[0]


def test_the_plan_of_the_result_is_better(made: tuple[Path, Path]) -> None:
    plans = [json.loads(run("analyze", p, "-t", PHONE, "--format", "json")) for p in (SAMPLE, *made)]
    assert all(p["outcome"] in ("fits", "fits-with-changes") for p in plans)
    times = [p["latency"]["total"]["likely"] for p in plans]
    assert times == sorted(times, reverse=True)
    assert plans[1]["model"]["macs"] <= 0.5 * plans[0]["model"]["macs"]


def test_the_ends_of_the_model_stay_as_they_were(made: tuple[Path, Path]) -> None:
    ends = []
    for path in (SAMPLE, *made):
        graph = onnx.load(path).graph
        weights = {t.name for t in graph.initializer}
        ends.append([str(v.name) for v in (*graph.input, *graph.output) if v.name not in weights])
    assert ends[0] == ends[1] == ends[2]


@pytest.mark.referee
@pytest.mark.skipif(
    find_spec("onnxruntime_qnn") is None and not os.environ.get("EDGEPLAN_REFEREES"), reason="qnn-htp is not installed"
)
def test_the_compiler_takes_the_result(made: tuple[Path, Path]) -> None:
    for path in made:
        run("verify", path, "-t", PHONE, "--fail-on", "disagreement")
