from __future__ import annotations

from pathlib import Path

import onnx
import pytest
from onnx.parser import parse_model

from edgeplan.verify.answer import Answer, Status
from edgeplan.verify.ask.onnx_cut import Model
from edgeplan.verify.ask.tensorrt_build import culprits, facts, kernels, runs
from edgeplan.verify.process import Limits, Question, ask

HEAD = '<ir_version: 9, opset_import: ["": 18]>'
LINES = [
    "Total Host Persistent Memory: 80 bytes",
    "Max Scratch Memory: 18126848 bytes",
    "Total Activation Memory: 18127360 bytes",
    "Total Weights Memory: 3655680 bytes",
    "Engine generation completed in 0.14324 seconds.",
]
LAYERS = """Layers:
Name: __mye2117_myl0_24, LayerType: wait, Inputs: [], Constants: [], Outputs: [], TacticName: , StreamId: 0, Metadata: 
Name: c/Conv_myl0_1, LayerType: correlation, Inputs: [ { Name: x, Dimensions: [1,3], Format: Row major } ], \
Constants: [], Outputs: [], TacticName: t, Metadata: [ONNX Layer: /c/Conv]\x1f[ONNX Layer: /a [0]/Relu]\x1f\
[ONNX Layer: /c/Conv]
Name: __myl_Move_myl0_0, LayerType: kgen, Inputs: [], Constants: [], Outputs: [], TacticName: __myl_Move, StreamId: 0, \
Metadata: 

I/O Tensors:
 Name: x, IOMode: Input, DataType: Float, Dimensions: [1,3], Location: Device
"""  # noqa: W291  # the compiler ends lines with a space


def cut(text: str) -> Model:
    model = parse_model(f"{HEAD} {text}")
    return Model(model.SerializeToString())


def named(text: str) -> onnx.ModelProto:
    model = parse_model(f"{HEAD} {text}")
    for node in model.graph.node:
        node.name = node.output[0]
    return model


def test_memory_is_read_from_the_log_in_bytes() -> None:
    assert {f["name"]: (f["value"], f["unit"]) for f in facts(LINES, 4121068)} == {
        "scratch": (18126848, "bytes"),
        "activations": (18127360, "bytes"),
        "weights": (3655680, "bytes"),
        "engine": (4121068, "bytes"),
    }


def test_engines_of_one_build_are_added_up() -> None:
    assert {f["name"]: f["value"] for f in facts([*LINES, "Total Weights Memory: 20 bytes"], 1)}["weights"] == 3655700


def test_kernels_name_the_nodes_in_them() -> None:
    assert kernels(LAYERS) == [
        {"name": "c/Conv_myl0_1", "type": "correlation", "ops": ["/c/Conv", "/a [0]/Relu"]},
        {"name": "__myl_Move_myl0_0", "type": "kgen", "ops": []},
    ]


@pytest.mark.parametrize(
    ("words", "nodes"),
    [
        (
            "(Assertion !layerImpls.empty() failed. nms_0 has no runners that implement it In getSupportedFormats",
            ["nms"],
        ),
        ("Cannot compile operation '/m/MatMul' for Turing (SM75): FP32 GEMM is not supported.", ["/m/MatMul"]),
        ("Could not find any implementation for node {ForeignNode[/m/MatMul...nms_0]}.", []),
        ("Internal Error (Assertion failed. In analyze at /_src/m)", []),
    ],
)
def test_a_builder_blames_the_nodes_whose_layers_it_names(words: str, nodes: list[str]) -> None:
    assert culprits(words, {"/m/MatMul": "/m/MatMul", "nms_0": "nms", "nms_1": "nms"}) == nodes


@pytest.mark.parametrize(("taken", "parts"), [([], 0), ([True] * 3, 1), ([False, True, True, False, True], 2)])
def test_parts_are_runs_of_what_is_taken(taken: list[bool], parts: int) -> None:
    assert runs(taken) == parts


def test_a_file_without_some_of_its_nodes_takes_their_outputs_as_inputs() -> None:
    model = cut(
        "g (float[2] x) => (float[2] z, float[2] a) <float[2] y, int64[2] unread> "
        "{ [p] a = Exp (x) [q] y, unread = Custom (a) [r] z = Neg (y) }"
    )
    assert [(n.name, n.type) for n in model.nodes] == [("p", "Exp"), ("q", "Custom"), ("r", "Neg")]
    left = onnx.load_from_string(model.without(model.nodes[1:2], set()))
    assert [n.name for n in left.graph.node] == ["p", "r"]
    assert [i.name for i in left.graph.input] == ["x", "y"]
    assert [o.name for o in left.graph.output] == ["z", "a"]
    onnx.checker.check_model(left)
    assert left.opset_import[0].version == 18


def test_what_a_body_captures_counts_as_read() -> None:
    model = cut(
        "g (float[2] x, bool c) => (float[2] z) { [p] a = Exp (x) [i] z = If (c) "
        "<then_branch = t () => (float[2] u) { [in] u = Neg (a) }, "
        "else_branch = e () => (float[2] v) { v = Neg (x) }> }"
    )
    assert model.nodes[1].inner == ("in", "")
    assert [n.name for n in model.readers({"a"})] == ["i"]


def test_nothing_can_be_said_behind_a_value_of_no_known_type() -> None:
    model = cut(
        "g (float[2] x) => (float[2] z) <float[2] d> "
        "{ [q] b = Custom (x) [r] c = Neg (b) [s] d = Neg (c) [t] z = Neg (d) }"
    )
    assert [n.name for n in model.behind(model.nodes[:1])] == ["r", "s"]


def test_an_initializer_can_be_left_out_with_its_readers() -> None:
    model = cut(
        "g (float[2] x) => (float[2] z) <float[2] w = {1, 2}, float[2] b> { [q] b = Add (x, w) [r] z = Neg (b) }"
    )
    left = onnx.load_from_string(model.without(model.readers({"w"}), {"w"}))
    assert not left.graph.initializer
    assert [n.name for n in left.graph.node] == ["r"]


def asked(model: onnx.ModelProto, folder: Path, chip: str = "SM86") -> Answer:
    pytest.importorskip("tensorrt_rtx")
    onnx.save(model, folder / "model.onnx")
    return ask(Question("tensorrt-rtx", "tensorrt_build", folder / "model.onnx", chip), Limits(120))


@pytest.mark.referee
def test_an_accepted_model_is_built(tmp_path: Path) -> None:
    text = "g (float[1,4,8,8] x, float[4,4,3,3] w) => (float[1,4,6,6] y) { c = Conv (x, w) y = Relu (c) }"
    found = asked(named(text), tmp_path)
    assert (found.status, found.words) == (Status.COMPILED, "")
    assert {n.name: n.unit for n in found.said.nodes} == {"c": "gpu", "y": "gpu"}
    assert found.said.partitions == {"gpu": 1}
    assert {f.name for f in found.said.facts} == {"weights", "activations", "scratch", "engine"}
    assert any(set(k.ops) == {"c", "y"} for k in found.said.kernels)


@pytest.mark.referee
def test_every_refused_node_has_its_words(tmp_path: Path) -> None:
    text = (
        "g (float[2,2] x) => (float[2,2] z) <float d, int64[2,n] k, float[2,2] e> "
        "{ a = Exp (x) d = Det (a) k = NonZero (x) e = Neg (d) f = Cast <to=1> (k) z = Add (a, e) }"
    )
    found = asked(named(text), tmp_path)
    assert found.status is Status.REFUSED
    assert found.words.startswith("the parser refuses 2 of 6 nodes")
    assert {n.name: n.unit for n in found.said.nodes} == {
        "a": "gpu",
        "d": "",
        "k": "",
        "e": "gpu",
        "f": "gpu",
        "z": "gpu",
    }
    words = {n.name: n.words for n in found.said.nodes}
    assert "checkDet" in words["d"]
    assert "NonZero plugin creator" in words["k"]
    assert found.said.partitions == {"gpu": 2}


@pytest.mark.referee
def test_a_free_size_is_asked_for(tmp_path: Path) -> None:
    found = asked(named("g (float[n,4] x) => (float[n,4] y) { y = Relu (x) }"), tmp_path)
    assert found.status is Status.REFUSED
    assert found.words == "no optimization profile without the sizes of x [-1, 4]: bind them"


@pytest.mark.referee
def test_a_chip_it_does_not_build_for(tmp_path: Path) -> None:
    found = asked(named("g (float[4] x) => (float[4] y) { y = Relu (x) }"), tmp_path, "SM87")
    assert found.status is Status.REFUSED
    assert found.words.endswith("not SM87")
