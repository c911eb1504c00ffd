from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import msgspec
import onnx
from onnx import parser

from edgeplan.frontends.onnx import parse_text
from edgeplan.summary import ModelSummary, TargetSummary
from edgeplan.target import Target
from edgeplan.verify.answer import Answer, Status
from edgeplan.verify.compare import compare
from edgeplan.verify.record import Record, record_of, write_records
from edgeplan.verify.referees import Referee
from edgeplan.verify.stand_in import StandIn
from edgeplan.verify.verification import Verification

TEXT = (
    '<ir_version: 8, opset_import: ["" : 18]> g (float[1,8] x) => (float[1,8] b) { [A] a = Relu (x) [B] b = Neg (a) }'
)
RUN = 'id = "all"\nops = ["*"]\nunit = ["npu", "cpu"]\nverdict = "runs"\n'


def found(toy: Callable[..., Target], referee: Referee, answer: Answer) -> Verification:
    agreement = compare(parse_text(TEXT), StandIn(toy(RUN, release="3"), "T1", ()), answer, referee)
    model = ModelSummary("m.onnx", 1, 2, 0, 0, 18, {}, {})
    target = TargetSummary("toy", "Toy", "T1", "toy", "3", "model", "")
    return Verification(model, target, {}, (agreement,), (), ())


def test_a_record_says_who_was_asked_what_and_answered_how(
    tmp_path: Path, toy: Callable[..., Target], referees: Callable[..., Referee], answers: Callable[..., Answer]
) -> None:
    path = tmp_path / "m.onnx"
    onnx.save(parser.parse_model(TEXT), path)
    answer = answers(A="npu", B=("", "no kernel"), parts={"npu": 1}, status=Status.REFUSED, words="no kernel for B")
    verification = found(toy, referees(), answer)
    (written,) = write_records(verification, path, tmp_path / "runs")
    record = msgspec.json.decode(written.read_bytes(), type=Record)
    assert written.name == f"{record.day.isoformat()}-toy-compiler-t1-m.json"
    assert record.ops == {"npu": ["A"], "no kernel": ["B"]}
    assert record.versions == {"toyc": "1.0"}
    assert (record.status, record.words, record.partitions) == (Status.REFUSED, "no kernel for B", {"npu": 1})
    assert record.disagreements == ["predicted-runs-but-refused: 1 Neg: no kernel"]
    assert len(record.sha256) == 64
    again = parser.parse_model(record.text)
    assert [n.op_type for n in again.graph.node] == ["Relu", "Neg"]


def test_a_large_model_stands_there_by_its_digest(
    tmp_path: Path, toy: Callable[..., Target], referees: Callable[..., Referee], answers: Callable[..., Answer]
) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(b"\0" * (1 << 17))
    (agreement,) = found(toy, referees(), answers(A="npu", B="npu")).agreements
    record = record_of(agreement, path, date(2026, 1, 2))
    assert record.text == ""
    assert record.sha256.startswith("fa43239bcee7b97c")
