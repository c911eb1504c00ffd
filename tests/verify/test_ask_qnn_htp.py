from __future__ import annotations

from pathlib import Path

import onnx
import pytest
from onnx.parser import parse_model

from edgeplan.verify.answer import Answer, Status
from edgeplan.verify.ask.qnn_htp import Log, answer, complaint, plain
from edgeplan.verify.process import Limits, Question, ask

VERBOSE = "2026-11-22 05:18:10.213148670 [V:onnxruntime:, qnn_execution_provider.cc:1713 LogNodeSupport] "
QNN = "2026-11-22 05:20:17.823000964 [V:onnxruntime:Default, qnn_backend_manager.cc:519 QnnLogging] "
PASS = "\x1b[0;93m2026-11-22 05:18:10.2 [V:onnxruntime:, qnn.cc:2198 GetCapabilityImpl] GetCapability pass {}\x1b[m"

TAKEN = f"""{VERBOSE}Validation PASSED for 1 nodes in OrtNodeUnit (Conv) :
\tOperator type: Conv Node name: c_token_5 Node index: 31

"""
REFUSED = f"""{VERBOSE}Validation FAILED for 1 nodes in OrtNodeUnit (Erf) :
\tOperator type: Erf Node name: e Node index: 32
\tREASON : Operators of type `Erf` are not supported by QNN EP.

"""
INVALID = f"""{QNN} <E> The SocModel doesn't support FP16

{QNN} <E> Failed to validate op r with error 0xc26

{VERBOSE}Validation FAILED for 1 nodes in OrtNodeUnit (Relu) :
\tOperator type: Relu Node name: r Node index: 33
\tREASON : Failed to add node.

"""
GELU = f"""{VERBOSE}Validation PASSED for 3 nodes in GeluFusion (Erf) :
\tOperator type: Div Node name: g/Div Node index: 85
\tOperator type: Erf Node name: g/Erf Node index: 86
\tOperator type: Mul Node name: g/Mul Node index: 87

"""
MADE = f"""2026-11-22 05:18:10.3 [V:onnxruntime:, qnn_model.cc:269 ComposeGraph] ComposeGraph Graph name: Q_1
{QNN} <V> Prepare: Graph Q_1 with init graph option: vtcm_size = 8388608
{QNN}
====== DDR bandwidth summary ======

{QNN}spill_bytes=3

{QNN}fill_bytes=4

{QNN}write_total_bytes=2304

{QNN}read_total_bytes=8116480
"""
UNMADE = f"""{QNN} <E> unexpected GraphHtpSettings option 66

{QNN}graph_prepare.cc:211::ERROR:could not create op: q::Gelu_FAIL

{QNN} <E> "g/Div_2" generated: could not create op

{QNN} <E> RouterX86 graph prepare failed 12
"""


def heard(*parts: str) -> Log:
    return Log().read("".join(parts).splitlines(keepends=True))


def units(said: dict[str, object]) -> dict[str, tuple[str, str]]:
    return {n["name"]: (n["unit"], n["words"]) for n in said["nodes"]}  # type: ignore[attr-defined]


def test_the_session_places_and_the_log_gives_the_reasons() -> None:
    parts = [
        ["QNNExecutionProvider", [["Transpose", "Transpose"], ["c_token_5", "Conv"]]],
        ["CPUExecutionProvider", [["e", "Erf"], ["r", "Relu"]]],
        ["QNNExecutionProvider", [["d/MatMulAddFusion", "Gemm"]]],
    ]
    said = answer(heard(TAKEN, REFUSED, INVALID, MADE), {"parts": parts, "versions": {"onnxruntime": "1.31.1"}})
    assert units(said) == {
        "Transpose": ("htp", ""),
        "c": ("htp", ""),
        "e": ("cpu", "Operators of type `Erf` are not supported by QNN EP."),
        "r": ("cpu", "Failed to add node. The SocModel doesn't support FP16"),
        "d": ("htp", ""),
    }
    assert said["done"]
    assert said["partitions"] == {"htp": 2}


def test_only_the_last_asking_counts() -> None:
    first = heard(PASS.format(1), "\n", REFUSED.replace("name: e ", "name: c "), PASS.format(2), "\n", TAKEN)
    assert [(g.taken, g.nodes) for g in first.groups] == [(True, [("c_token_5", "Conv")])]


def test_figures_are_summed_over_graphs() -> None:
    parts = [["QNNExecutionProvider", [["c", "Conv"]]]] * 2
    found = {f["name"]: f["value"] for f in answer(heard(MADE, MADE), {"parts": parts})["facts"]}
    assert found == {
        "ddr-spill": 6, "ddr-fill": 8, "ddr-write": 4608, "ddr-read": 16232960, "vtcm": 8388608,
    }  # fmt: skip


def test_nodes_taken_together_are_a_kernel() -> None:
    (kernel,) = answer(heard(TAKEN, GELU), None)["kernels"]
    assert kernel == {"name": "g/Div", "type": "GeluFusion", "ops": ["g/Div", "g/Erf", "g/Mul"]}


def test_what_cannot_be_made_has_no_unit() -> None:
    log = heard(TAKEN, GELU, MADE, UNMADE)
    error = complaint("[ONNXRuntimeError] : 11 : EP_FAIL : Failed to finalize QNN graph.", log, "/scratch/x/model.onnx")
    assert error == (
        '"g/Div_2" generated: could not create op; could not create op: q::Gelu_FAIL; '
        "RouterX86 graph prepare failed 12; Failed to finalize QNN graph."
    )
    said = answer(log, {"error": "..."}, error)
    assert not said["done"]
    assert {n: u for n, (u, _) in units(said).items()} == {"c": "htp", "g/Div": "", "g/Erf": "", "g/Mul": ""}
    assert said["facts"] == []


def test_what_is_rewritten_and_not_taken_has_no_unit() -> None:
    error = "Node 'r' OpType:Conv with domain:com.ms.internal.nhwc was inserted using the NHWC format as requested"
    said = answer(heard(TAKEN, REFUSED, INVALID), {"error": error}, error)
    assert {n: u for n, (u, _) in units(said).items()} == {"c": "htp", "e": "cpu", "r": ""}
    assert units(said)["r"][1] == "Failed to add node. The SocModel doesn't support FP16"


def test_the_provider_s_own_failure_is_the_reason_of_what_it_took() -> None:
    lost = (
        "2026-11-22 05:29:10.5 [E:onnxruntime:, ep_plugin.cc:412 GetCapability] OrtEp::GetCapability() "
        "for QNNExecutionProvider set nodes that cannot be fused together. Please ensure\n"
    )
    parts = [["CPUExecutionProvider", [["c_token_5", "Conv"], ["e", "Erf"]]]]
    said = answer(heard(lost, TAKEN, REFUSED), {"parts": parts})
    assert units(said)["c"] == ("cpu", "QNNExecutionProvider set nodes that cannot be fused together. Please ensure")
    assert units(said)["e"][1].startswith("Operators of type")


def test_a_provider_that_is_not_asked_at_all_says_so() -> None:
    log = heard("[W:onnxruntime:, x.cc:257 G] QNNExecutionProvider cannot be used with this model due to its opset\n")
    said = answer(log, {"parts": [["CPUExecutionProvider", [["c", "Conv"]]]]}, log.unusable)
    assert units(said) == {"c": ("cpu", "QNNExecutionProvider cannot be used with this model due to its opset")}


def test_an_error_names_no_folder() -> None:
    error = "[ONNXRuntimeError] : 7 : X : Load model from /scratch/a/model.onnx failed: /scratch/a/w"
    said = complaint(error, Log(), "/scratch/a/model.onnx")
    assert said == "Load model from model.onnx failed: ./w"


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("/m/conv/Conv_token_13", "/m/conv/Conv"),
        ("/m/dense/MatMul/MatMulAddFusion", "/m/dense/MatMul"),
        ("/m/Reshape_token_5_new_reshape", "/m/Reshape"),
        ("If_0_else_branch__Inline_0__/decoder/Squeeze", "/decoder/Squeeze"),
        ("/m/token_5/Add", "/m/token_5/Add"),
    ],
)
def test_names_before_onnx_runtime_changed_them(name: str, known: str) -> None:
    assert plain(name) == known


def test_the_op_itself_speaks_before_its_copies() -> None:
    parts = [
        ["CPUExecutionProvider", [["d", "DequantizeLinear"]]],
        ["QNNExecutionProvider", [["d_token_3", "DequantizeLinear"], ["q_token_4", "QuantizeLinear"]]],
        ["CPUExecutionProvider", [["q_token_5", "QuantizeLinear"]]],
    ]
    assert {n: u for n, (u, _) in units(answer(Log(), {"parts": parts})).items()} == {"d": "cpu", "q": "cpu"}


def compiled(text: str, chip: str, folder: Path) -> Answer:
    model = parse_model(f'<ir_version: 10, opset_import: ["": 18]> {text}')
    for node in model.graph.node:
        node.name = node.output[0]
    onnx.save(model, folder / "model.onnx")
    return ask(Question("qnn-htp", "qnn_htp", folder / "model.onnx", chip), Limits(120))


@pytest.mark.referee
def test_the_compiler_takes_a_model(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime_qnn")
    text = "g (float[1,4,8,8] x, float[4,4,3,3] w) => (float[1,4,6,6] y) { c = Conv (x, w) y = Relu (c) }"
    found = compiled(text, "57", tmp_path)
    assert found.status is Status.COMPILED
    assert {n.name: n.unit for n in found.said.nodes if n.name in "cy"} == {"c": "htp", "y": "htp"}
    assert found.said.partitions == {"htp": 1}
    assert {f.name for f in found.said.facts} >= {"ddr-read", "ddr-write", "vtcm"}
    refused = compiled(text, "35", tmp_path)
    assert refused.status is Status.REFUSED
    assert {n.name: n.unit for n in refused.said.nodes if n.name in "cy"} == {"c": "", "y": "cpu"}
    assert "NHWC" in refused.words


@pytest.mark.referee
def test_the_compiler_leaves_an_op_to_the_cpu(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime_qnn")
    found = compiled("g (float[8] x) => (float[8] y) { a = Relu (x) b = Erf (a) y = Exp (b) }", "57", tmp_path)
    assert {n.name: n.unit for n in found.said.nodes} == {"a": "htp", "b": "cpu", "y": "htp"}
    assert found.said.partitions == {"htp": 2}
    assert any("`Erf` are not supported" in n.words for n in found.said.nodes)
