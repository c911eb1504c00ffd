from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest

import edgeplan
from edgeplan import ModelError, Target
from edgeplan.api import rewrite
from edgeplan.frontends import load_model
from edgeplan.plan import analyze_graph
from edgeplan.surgery import rewriting
from edgeplan.surgery.rewriting import rewrite_model, try_rewrites
from edgeplan.surgery.writing import WriteError
from tests.surgery.harness import model, same, types

Toy = Callable[..., Target]
ALL_RUN = 'id = "all"\nops = ["*"]\nunit = ["npu", "cpu"]\nverdict = "runs"\n'
NO_TURN = 'id = "turn"\nops = ["Transpose"]\nunit = ["npu"]\nverdict = "refuses"\nwhy = "No."\n'
CONV = """g (float[N,2,8,8] x, float[4,2,3,3] w, float[4] b) => (float[N,4,8,8] y) <int64[8] p = {0,0,1,1,0,0,1,1}> {
    a = Pad (x, p) c = Conv (a, w, b) d = Transpose <perm = [0,2,3,1]> (c) e = Relu (d)
    y = Transpose <perm = [0,3,1,2]> (e)
}"""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    onnx.save(model(CONV, weights=["w", "b"]), tmp_path / "m.onnx")
    return tmp_path / "m.onnx"


def test_a_model_goes_in_and_an_equal_one_comes_out(source: Path, tmp_path: Path, toy: Toy) -> None:
    out = tmp_path / "out.onnx"
    found = rewrite_model(source, toy(NO_TURN, ALL_RUN), output=out)
    assert found.written == (str(out),)
    assert found.comparison is not None
    assert found.comparison.equal
    assert not found.comparison.random_weights
    assert (found.ops_before, found.ops_after) == (5, len(onnx.load(out).graph.node))
    assert found.proofs == sum(s.sites for s in found.steps) > 0
    before, after = found.plans
    assert before.outcome is not None
    assert len(after.crossings) <= len(before.crossings)
    same(onnx.load(source), onnx.load(out))


def test_without_a_place_nothing_is_written_or_compared(source: Path, tmp_path: Path) -> None:
    found = rewrite_model(source)
    assert (found.written, found.comparison, found.plans, found.target) == ((), None, None, None)
    assert {p.name for p in tmp_path.iterdir()} == {"m.onnx"}


def test_blank_weights_are_compared_with_random_ones_and_written_as_they_are(tmp_path: Path) -> None:
    given = {"w": np.ones((4, 2, 3, 3)), "b": np.zeros(4)}
    onnx.save(model(CONV, constants=given), tmp_path / "m.onnx")
    found = rewrite_model(tmp_path / "m.onnx", output=tmp_path / "out.onnx")
    assert found.comparison is not None
    assert found.comparison.equal
    assert found.comparison.random_weights
    weights = [onnx.numpy_helper.to_array(t) for t in onnx.load(tmp_path / "out.onnx").graph.initializer]
    assert all(np.ptp(w) == 0 for w in weights if w.dtype == np.float32)


def test_an_unequal_model_is_not_put_in_its_place(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out.onnx"
    out.write_text("what was there", "utf-8")
    wrong = rewriting.Comparison(1, 1.0, 1e-4, "output 'y' differs")
    monkeypatch.setattr(rewriting, "compare_models", lambda *_: wrong)
    found = rewrite_model(source, output=out)
    assert (found.comparison, found.written) == (wrong, ())
    assert out.read_text("utf-8") == "what was there"
    assert {p.name for p in tmp_path.iterdir()} == {"m.onnx", "out.onnx"}


def test_a_model_that_cannot_run_is_written_and_the_report_says_so(tmp_path: Path) -> None:
    header = '<ir_version: 8, opset_import: ["" : 18, "com.acme" : 1]>'
    text = "g (float[4] x) => (float[4] y) { a = Identity (x) b = com.acme.Odd (a) y = Identity (b) }"
    onnx.save(onnx.parser.parse_model(header + text), tmp_path / "m.onnx")
    found = rewrite_model(tmp_path / "m.onnx", output=tmp_path / "out.onnx")
    assert found.written
    assert (found.comparison.runs, found.comparison.equal) == (0, False)
    assert types(onnx.load(tmp_path / "out.onnx")) == ["Odd", "Identity"]


def test_missing_weights_are_said_before_any_work(source: Path, tmp_path: Path) -> None:
    place = tmp_path / "apart.onnx"
    onnx.save(onnx.load(source), place, save_as_external_data=True, location="w.bin", size_threshold=0)
    (tmp_path / "w.bin").unlink()
    with pytest.raises(ModelError, match=r"the file of its weights is not there: 'w\.bin'"):
        rewrite_model(place)


def test_a_folder_that_cannot_be_written_to_is_a_write_error(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tempfile.mkdtemp", denied)
    with pytest.raises(WriteError, match=r"cannot write .*out\.onnx: Permission denied"):
        rewrite_model(source, output=tmp_path / "out.onnx")


def test_advice_is_the_plan_with_what_was_tried(source: Path, toy: Toy) -> None:
    target = toy(NO_TURN, ALL_RUN)
    read = load_model(source)
    plan = analyze_graph(read.graph, target, free=read.free)
    found = try_rewrites(source, target, plan, {}, {}, {})
    assert found.advice
    assert found.ops == plan.ops
    assert any(f.fix for f in found.findings if f.row == "toy/npu/turn")


def test_the_call_from_python(source: Path, tmp_path: Path) -> None:
    found = rewrite(source, "iphone14pro", output=tmp_path / "out.onnx", dims={"N": 1})
    assert found.comparison.equal
    assert edgeplan.load(tmp_path / "out.onnx").values["x"].shape == (1, 2, 8, 8)
    assert edgeplan.analyze(source, "iphone14pro", dims={"N": 1}, advise=True).advice
