from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import onnx
import pytest
from syrupy.assertion import SnapshotAssertion

from edgeplan import Target
from edgeplan.api import analyze
from edgeplan.frontends.onnx import parse_model
from edgeplan.report.rewrite import render_rewriting
from edgeplan.report.text import render_text
from edgeplan.surgery.equivalence import Comparison
from edgeplan.surgery.rewriting import Rewriting, rewrite_model

Toy = Callable[..., Target]
ROWS = (
    'id = "turn"\nops = ["Transpose"]\nunit = ["npu"]\nverdict = "refuses"\nwhy = "It cannot turn."\n'
    'fix = ["rewrite/cancel-transposes"]\n',
    'id = "best"\nops = ["TopK"]\nunit = ["npu"]\nverdict = "refuses"\nwhy = "It cannot sort."\n',
    'id = "all"\nops = ["*"]\nunit = ["npu", "cpu"]\nverdict = "runs"\n',
)
MODEL = """g (float[1,2,8,8] x) => (float[1,4] z, int64[1,4] at) <int64[8] p = {0,0,1,1,0,0,1,1}, int64[1] k = {4},
    int64[2] s = {1,-1}, float[2,2,3,3] w = {1,2,3,4,5,6,7,8,9,1,2,3,4,5,6,7,8,9,9,8,7,6,5,4,3,2,1,9,8,7,6,5,4,3,2,1}> {
    [pad] a = Pad (x, p) [conv] b = Conv (a, w) [turn] c = Transpose <perm = [0,2,3,1]> (b) [act] d = Relu (c)
    [back] e = Transpose <perm = [0,3,1,2]> (d) [flat] f = Reshape (e, s) [best] z, at = TopK (f, k)
}"""
KEPT = """g (float[1,2,8,8] x, float[2,2,1,1] w) => (float[1,2,8,8] y) { [conv] a = Conv (x, w) [relu] y = Relu (a) }"""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    onnx.save(parse_model(MODEL), tmp_path / "mo[b]del.onnx")
    return tmp_path / "mo[b]del.onnx"


@pytest.fixture
def found(source: Path, toy: Toy) -> Rewriting:
    return rewrite_model(source, toy(*ROWS), cut=True)


CHECKED = {
    "verified": (Comparison(4, 3.1e-7, 1e-4), ("out.onnx", "out.host.onnx")),
    "with random weights": (Comparison(2, 0.0, 1e-4, random_weights=True), ("out.onnx",)),
    "not equal": (Comparison(1, 0.5, 1e-4, "output 'y\x1b[31m' differs by 5.0e-01, more than 1e-04"), ()),
    "not comparable": (Comparison(0, 0.0, 1e-4, "input 'x' cannot be made up"), ("out.onnx",)),
    "not verified": (None, ("out.onnx",)),
    "dry run": (None, ()),
}


def test_the_report_reads_as_kept(found: Rewriting, snapshot: SnapshotAssertion) -> None:
    assert render_rewriting(found, width=100) == snapshot


def test_the_whole_report_reads_as_kept(found: Rewriting, snapshot: SnapshotAssertion) -> None:
    assert render_rewriting(found, everything=True, width=100) == snapshot


@pytest.mark.parametrize("case", CHECKED)
def test_how_it_was_checked_is_said(found: Rewriting, snapshot: SnapshotAssertion, case: str) -> None:
    comparison, written = CHECKED[case]
    text = render_rewriting(replace(found, comparison=comparison, written=written), width=100)
    said = text.splitlines()
    assert "\n".join(said[next(i for i, line in enumerate(said) if " rewrite" in line and "ops" in line) :]) == snapshot


def test_without_a_target_there_are_no_plans(source: Path, snapshot: SnapshotAssertion) -> None:
    assert render_rewriting(rewrite_model(source), width=100) == snapshot


def test_nothing_to_do_is_said(tmp_path: Path, toy: Toy, snapshot: SnapshotAssertion) -> None:
    onnx.save(parse_model(KEPT), tmp_path / "m.onnx")
    text = render_rewriting(rewrite_model(tmp_path / "m.onnx", toy(*ROWS)), width=100)
    assert "nothing to do" in text
    assert text == snapshot


def test_advice_in_an_analysis_reads_as_kept(source: Path, toy: Toy, snapshot: SnapshotAssertion) -> None:
    plan = analyze(source, toy(*ROWS), advise=True)
    assert render_text(plan, width=100) == snapshot


@pytest.mark.parametrize("width", [60, 100, 200])
def test_no_line_is_wider_than_asked(found: Rewriting, width: int) -> None:
    assert max(map(len, render_rewriting(found, everything=True, width=width).splitlines())) <= width
