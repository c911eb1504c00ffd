"""The agreement program counts right, and the rows keep to the recorded answers of compilers."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.agreement import ask_qnn, ask_tensorrt, qnn, tensorrt
from benchmarks.agreement.case import Case, tally
from benchmarks.agreement.judge import ask, unit_target
from edgeplan.frontends.onnx import parse_text
from edgeplan.verify.answer import Answer, NodeSaid, Said, Status

CASES = (
    Case("a", "runs", "runs"),
    Case("b", "runs", "refuses"),
    Case("c", "refuses", "refuses"),
    Case("d", "fails", "refuses"),
    Case("e", "refuses", "unknown"),
    Case("f", "refuses", "runs", left_out="an edition"),
)


def test_shares_are_those_of_the_cases_that_count() -> None:
    found = tally("t", CASES)
    assert found.right == 2 / 5
    assert found.found == 2 / 3
    assert found.false_alarms == 1 / 2
    assert [c.name for c in found.wrong] == ["b", "d", "e"]


def test_the_table_has_a_row_a_truth_and_a_column_an_answer() -> None:
    lines = list(tally("t", CASES).lines())
    assert lines[0] == "### t: 5 cases, 40.0% right"
    assert "| the referee | edgeplan: runs | edgeplan: refuses | edgeplan: unknown |" in lines
    assert "| refuses | 0 | 1 | 1 |" in lines
    assert lines[-1] == "- left out, 1: an edition"


def test_a_model_is_as_good_as_its_worst_op() -> None:
    target = unit_target("tensorrt", "gpu", "11.1", generation="8.6")
    one = "g (float[1,4,4] x) => (y) { r = Relu (x) y = Det (r) }"
    assert ask(parse_text(one), target)[0] == "refuses"
    assert ask(parse_text("g (float[1,4,4] x) => (y) { y = Relu (x) }"), target) == ("runs", "")


RECORDED = {t: s for t, s in tensorrt.SETS.items() if "SM75" in t or "SM120" in t}
RECORDED |= {t: s for t, s in qnn.SETS.items() if "random" in t}


@pytest.mark.parametrize("title", RECORDED)
def test_rows_keep_to_recorded_answers(title: str, tmp_path: Path) -> None:
    found = tally(title, RECORDED[title](tmp_path))
    assert len(found.cases) > 300
    assert found.right >= 0.97
    assert found.false_alarms <= 0.02


PARSER = "the parser refuses 1 of 1 nodes, so nothing is built: Det (checkDet): UNSUPPORTED_NODE: false"


@pytest.mark.parametrize(
    ("status", "words", "found"),
    [
        (Status.COMPILED, "", ("runs", "")),
        (Status.REFUSED, PARSER, ("parser", "Det: UNSUPPORTED_NODE: false")),
        (Status.REFUSED, "Error Code 4: K exceeds 3840", ("builder", "Error Code 4: K exceeds 3840")),
        (Status.REFUSED, "no optimization profile without x", ("", "no optimization profile without x")),
        (Status.TIMEOUT, "no end after 120 s", ("crash", "no end after 120 s")),
    ],
)
def test_an_answer_has_the_stage_that_refused(status: Status, words: str, found: tuple[str, str]) -> None:
    assert ask_tensorrt.stage(Answer("tensorrt-rtx", "SM86", status, Said(), words)) == found


def test_an_answer_of_qnn_names_providers_or_the_error() -> None:
    nodes = (NodeSaid("a", "Relu", "htp"), NodeSaid("b", "Erf", "cpu", "not supported"))
    taken = Answer("qnn-htp", "57", Status.COMPILED, Said(done=True, nodes=nodes))
    assert ask_qnn.line("m", "57", taken) == {
        "model": "m",
        "soc": 57,
        "nodes": [("QNNExecutionProvider", "Relu", "a"), ("CPUExecutionProvider", "Erf", "b")],
        "rejected": ["Erf: not supported"],
    }
    failed = Answer("qnn-htp", "57", Status.REFUSED, Said(error="no graph"), "no graph")
    assert ask_qnn.line("m", "57", failed) == {"model": "m", "soc": 57, "error": "no graph"}
