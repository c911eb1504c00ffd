from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from edgeplan.capability.rows import Row, load_backend
from edgeplan.verify import process
from edgeplan.verify.referees import load_referee
from edgeplan.verify.replay.judge import silence
from edgeplan.verify.replay.target import stand_in_for

Run = Callable[..., Result]
Compiler = Callable[[str], None]
ASK_QNN = ("rules", "check", "--with", "qnn-htp", "--chip", "57")
ASKING = """
import json, sys
import onnx
request = json.load(open(sys.argv[1]))
names = [n.name for n in onnx.load(request["model"]).graph.node]
def write(unit, words=""):
    nodes = [{"name": n, "type": "", "unit": unit, "words": words} for n in names]
    json.dump({"versions": {"toy": "1"}, "done": True, "nodes": nodes}, open(sys.argv[2], "w"))
"""


@pytest.fixture
def compiler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Compiler:
    """Put a program in the place of Qualcomm's compiler."""
    monkeypatch.setattr(process, "ASK", tmp_path)
    return lambda text: (tmp_path / "qnn_htp.py").write_text(ASKING + text, "utf-8") and None


@pytest.fixture(scope="module")
def refusal() -> Row:
    """A row that refuses one op for the HTP of this chip, and shows it by a model of that op alone."""
    target = stand_in_for(load_referee("qnn-htp"), "57").target
    rows = (r for r in target.backend.rows if r.unit == ("htp",) and r.verdict == "refuses" and r.scope == "op")
    return next(r for r in rows if not silence(r, target) and r.hits[0].count("=") == 2 and "(" in r.hits[0])


def test_a_compiler_that_agrees_confirms_the_row(run: Run, compiler: Compiler, refusal: Row) -> None:
    compiler('write("cpu", "no such kernel")')
    result = run(*ASK_QNN, "--row", refusal.id, "--format", "json")
    assert result.exit_code in (0, 1), result.output
    (found,) = json.loads(result.stdout)["replays"]
    (row,) = [r for r in found["rows"] if r["id"].endswith(f"/{refusal.id}")]
    hits = [s["outcome"] for s in row["examples"] if s["role"] == "hit"]
    assert set(hits) == {"confirmed"}
    assert found["versions"] == {"toy": "1"}


def test_a_compiler_that_takes_all_contradicts_it(run: Run, compiler: Compiler, refusal: Row) -> None:
    compiler('write("htp")')
    result = run(*ASK_QNN, "--row", refusal.id)
    assert result.exit_code == 1
    assert "0 of 1 row confirmed (0.0 %), 1 contradicted" in result.stdout
    assert f"contradicted  qnn/htp/{refusal.id}" in result.stdout
    assert "it compiles" in result.stdout


def test_the_answers_are_recorded(run: Run, compiler: Compiler, refusal: Row, tmp_path: Path) -> None:
    compiler('write("htp")')
    result = run(*ASK_QNN, "--row", refusal.id, "--record", tmp_path / "runs")
    (path,) = (tmp_path / "runs").glob("*-qnn-htp-57-rows.json")
    assert f"recorded {path}" in result.stderr
    record = json.loads(path.read_text("utf-8"))
    assert {a["text"] for a in record["answers"]} == {*refusal.hits, *refusal.misses}
    assert record["rows"]["contradicted"] == [f"qnn/htp/{refusal.id}"]
    assert all("htp" in unit for a in record["answers"] for unit in a["nodes"].values())


def test_a_missing_package_names_the_command(run: Run, compiler: Compiler, refusal: Row) -> None:
    compiler('json.dump({"missing": "the Python package onnxruntime-qnn"}, open(sys.argv[2], "w"))')
    result = run(*ASK_QNN, "--row", refusal.id)
    assert result.exit_code == 2
    assert "edgeplan[verify-qnn]" in result.stderr


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ((), "say whom to ask"),
        (("--with", "gcc"), "no referee 'gcc'"),
        (("--with", "qnn-htp", "-b", "tensorrt"), "speaks for qnn"),
        (("-b", "abacus"), "no backend 'abacus'"),
        (("--with", "qnn-htp", "--chip", "4"), "soc_model '4'"),
        (("--with", "qnn-htp", "--row", "no-such-row"), "no row 'no-such-row'"),
    ],
)
def test_what_cannot_be_asked_for_is_a_usage_error(run: Run, args: tuple[str, ...], words: str) -> None:
    result = run("rules", "check", *args)
    assert result.exit_code == 2
    assert words in result.stderr


@pytest.mark.parametrize("backend", ["coreml", "onnxruntime-coreml", "snpe"])
def test_a_backend_without_a_referee_says_why(run: Run, backend: str) -> None:
    result = run("rules", "check", "-b", backend)
    assert result.exit_code == 0
    assert result.stdout.startswith(f"{backend}: ")
    assert len(result.stdout) > 40
    assert load_backend(backend).rows


def test_referees_are_listed_with_what_they_cannot(run: Run) -> None:
    result = run("rules", "referees")
    assert result.exit_code == 0
    assert "tensorrt-rtx: " in result.stdout
    assert "nobody: tensorrt (dla)" in result.stdout
    listed = json.loads(run("rules", "referees", "-b", "qnn", "--format", "json").stdout)
    assert [r["name"] for r in listed["referees"]] == ["qnn-htp"]
    assert listed["absent"] == []
    assert "no backend 'abacus'" in run("rules", "referees", "-b", "abacus").stdout
