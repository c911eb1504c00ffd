from __future__ import annotations

from pathlib import Path

import pytest

from edgeplan.verify import process
from edgeplan.verify.answer import Status
from edgeplan.verify.referees import load_referee
from edgeplan.verify.replay.examples import Example, NotInstalledError, ask_examples, example_file, onnx_model
from edgeplan.verify.replay.judge import examples_of, replayed, rows_of, silence
from edgeplan.verify.replay.outcome import Heard, Outcome
from edgeplan.verify.replay.target import chip_of, stand_in_for

RTX = load_referee("tensorrt-rtx")
CPU = load_referee("litert-cpu")
ORIN = stand_in_for(RTX, "SM86")
PHONE = stand_in_for(CPU, "")
RELU = "g (float[1,4] x) => (y) { y = Relu (x) }"


def test_results_get_types_and_shapes() -> None:
    found = onnx_model(RELU).graph.output[0].type.tensor_type
    assert (found.elem_type, [d.dim_value for d in found.shape.dim]) == (1, [1, 4])


def test_what_onnx_cannot_infer_edgeplan_does() -> None:
    text = '<ir_version: 8, opset_import: ["" : 18]> g (float[1,4] x) => (y) { y = com.microsoft.Gelu (x) }'
    model = onnx_model(text)
    assert model.graph.output[0].type.tensor_type.elem_type == 1
    assert {o.domain for o in model.opset_import} == {"", "com.microsoft"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("g (float[1,4,4,4] a, float[4,4] b) => (y) { y = Gemm (a, b) }", "rank 2"),
        ("g (float[1,4] x => (y) { y = Relu (x) }", "ParseError at position"),
        ('g (float[4] x) => (y) { y = Relu <mode = "best"> (x) }', "Unrecognized attribute"),
    ],
)
def test_what_onnx_refuses_is_no_question(text: str, words: str, tmp_path: Path) -> None:
    found = example_file(text, RTX, ORIN.target, tmp_path)
    assert isinstance(found, str)
    assert found.startswith("not a valid model: ")
    assert words in found


@pytest.mark.parametrize(
    "text",
    [
        RELU,
        "g (float[4] x) => (y) { y = com.acme.Foo (x) }",
        "g (float[1,2,8,8] x) => (y) { y = Crop <border = [1,1,1,1]> (x) }",
        "g (float[1,128,1] x, int64 t) => (y) <int64 l = {16}> { y = STFT (x, t, , l) }",
    ],
)
def test_ops_that_nobody_knows_and_results_of_no_known_shape_are_asked_about(
    text: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    found = example_file(text, RTX, ORIN.target, tmp_path)
    assert capfd.readouterr().out == ""  # the checker's own warnings would stand in a report
    assert isinstance(found, Example)
    assert found.path.is_file()
    assert len(found.lowered.ops) == 1


def test_an_onnx_op_without_a_builtin_is_nothing_to_ask_litert_about(tmp_path: Path) -> None:
    found = example_file("g (float[1,4,4] x) => (float[1] y) { y = Det (x) }", CPU, PHONE.target, tmp_path)
    assert found == "Det is no op of a .tflite file, so there is nothing to ask about"


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The place of the program that asks TensorRT-RTX."""
    monkeypatch.setattr(process, "ASK", tmp_path)
    return tmp_path / "tensorrt_build.py"


TAKES = """
import json, sys, onnx
model = onnx.load(json.load(open(sys.argv[1]))["model"])
nodes = [{"name": n.name, "type": n.op_type, "unit": "gpu", "words": ""} for n in model.graph.node]
json.dump({"done": True, "nodes": nodes}, open(sys.argv[2], "w"))
"""


def test_each_text_is_heard_or_has_a_reason(program: Path) -> None:
    program.write_text(TAKES, "utf-8")
    told: list[tuple[int, bool]] = []
    texts = [RELU, "g () => () {", "g (float[4] x) => (y) { y = Abs (x) }"]
    found = ask_examples(
        texts, RTX, ORIN, jobs=2, tell=lambda count, _, answer: told.append((count, answer is not None))
    )
    heard = [found[t] for t in texts]
    assert isinstance(heard[1], str)
    for one in (heard[0], heard[2]):
        assert isinstance(one, Heard)
        assert one.agreement.answer.status is Status.COMPILED
        assert one.agreement.share_of_ops == 1.0
    assert told == [(1, True), (2, False), (3, True)]


def test_a_missing_package_ends_it(program: Path) -> None:
    program.write_text('import json, sys\njson.dump({"missing": "the package"}, open(sys.argv[2], "w"))', "utf-8")
    with pytest.raises(NotInstalledError, match="the package"):
        ask_examples([RELU], RTX, ORIN)


RUNS = """
import json, sys
request = json.load(open(sys.argv[1]))
json.dump({"done": False, "error": "run" if request["options"]["run"] else "prepared"}, open(sys.argv[2], "w"))
"""


def test_what_the_last_unit_refuses_is_computed_too(program: Path) -> None:
    program.write_text(RUNS, "utf-8")
    texts = ["g (float[4] x) => (y) { y = com.microsoft.FusedMatMul (x, x) }", "g (float[4] x) => (y) { y = Abs (x) }"]
    found = ask_examples(texts, RTX, ORIN)
    words = [one.agreement.answer.words for one in found.values() if isinstance(one, Heard)]
    assert words == ["run", "prepared"]


@pytest.mark.referee
def test_a_tflite_example_holds_the_lowered_ops(tmp_path: Path) -> None:
    pytest.importorskip("ai_edge_litert")
    found = example_file("g (float[1,4] x) => (y) { y = Elu (x) }", CPU, PHONE.target, tmp_path)
    assert isinstance(found, Example)
    assert [op.type for op in found.graph.ops] == ["ELU"]
    lacking = example_file("g (bool[4] x) => (bool[4] y) { y = tflite.SELECT_V2 (x, x) }", CPU, PHONE.target, tmp_path)
    assert lacking == "not a valid model: an op SELECT_V2 lacks an input that it needs"


@pytest.mark.referee
@pytest.mark.parametrize(
    ("name", "package"),
    [("tensorrt-rtx", "tensorrt_rtx"), ("qnn-htp", "onnxruntime_qnn"), ("litert-cpu", "ai_edge_litert")],
)
def test_a_compiler_confirms_rows(name: str, package: str) -> None:
    pytest.importorskip(package)
    referee = load_referee(name)
    where = stand_in_for(referee, chip_of(referee))
    rows = [r for r in rows_of(where.target) if r.verdict == "refuses" and not silence(r, where.target)][:6]
    heard = ask_examples(examples_of(rows, where.target), referee, where)
    found = replayed(rows, heard, referee, where)
    assert found.of(Outcome.CONFIRMED)
    assert [r.id for r in found.of(Outcome.CONTRADICTED)] == []


def test_a_text_that_reads_what_nothing_makes_is_no_question(tmp_path: Path) -> None:
    found = example_file("g (float[4] x) => (float[4] y) { y = tflite.ABS (nowhere) }", CPU, PHONE.target, tmp_path)
    assert isinstance(found, str)
    assert found.startswith("not a valid model: ")
    assert "nothing produces" in found
