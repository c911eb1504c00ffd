from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper
from onnx.parser import parse_model

from edgeplan.capability.rows import load_backend
from edgeplan.lower import lower_to
from edgeplan.target import resolve
from edgeplan.verify.answer import Answer, Status
from edgeplan.verify.ask import coremltools_convert as program
from edgeplan.verify.mil_ops import compare_ops, op_counts, options, predicted_weights
from edgeplan.verify.prepare import prepare
from edgeplan.verify.process import Limits, Question, ask
from edgeplan.verify.referees import load_referee

# The asking programs find each other by their folder, which the import of `program` has put on the path.
import mil_build  # isort: skip
import onnx_clean  # isort: skip

HEADER = '<ir_version: 10, opset_import: ["" : 18]>'
CONV = (
    "g (float[1,3,8,8] x) => (float[1,4,6,6] y) <int64[4] s = {4,3,3,3}> "
    "{ w = ConstantOfShape (s) c = Conv (x, w) y = Relu (c) }"
)


def written(text: str, folder: Path) -> Path:
    path = folder / "given.onnx"
    onnx.save(parse_model(f"{HEADER} {text}"), path)
    return path


def test_noise_is_never_the_same_twice_and_fits_its_type() -> None:
    one, two = mil_build.noise((4, 5), "float32"), mil_build.noise((4, 5), "float32")
    assert one.shape == two.shape == (4, 5)
    assert one.dtype == np.float32
    assert not np.array_equal(one, two)
    assert one.min() > 0
    assert set(mil_build.noise((50,), "int8").tolist()) <= {0, 1}


def test_constants_become_initializers() -> None:
    text = (
        "g (float[2] x) => (float[2] z) "
        "{ s = Constant <value = int64[1] {2}> () w = ConstantOfShape (s) y = Add (x, w) z = Relu (y) }"
    )
    graph = parse_model(f"{HEADER} {text}").graph
    onnx_clean.materialise(graph)
    assert [n.op_type for n in graph.node] == ["Add", "Relu"]
    assert {t.name: numpy_helper.to_array(t).tolist() for t in graph.initializer} == {"s": [2], "w": [0.0, 0.0]}


def test_a_shape_that_is_computed_keeps_its_op() -> None:
    graph = parse_model(f"{HEADER} g (float[2] x) => (float[2] y) {{ s = Shape (x) y = ConstantOfShape (s) }}").graph
    onnx_clean.materialise(graph)
    assert [n.op_type for n in graph.node] == ["Shape", "ConstantOfShape"]


@pytest.mark.parametrize(
    ("shape", "theirs", "complaint"),
    [
        ([2, 3], (2, 3), {}),
        ([2, None], (2, 3), {}),
        (None, (2, 3), {}),
        ([2, 3], (2, 4), {7: "conv gives [2, 4], not [2, 3]"}),
        ([2], (2, 4), {7: "conv gives [2, 4], not [2]"}),
    ],
)
def test_another_shape_is_a_complaint(shape, theirs, complaint) -> None:
    class Var:
        pass

    Var.shape = theirs
    assert mil_build.differs(7, "conv", {"shape": shape}, Var) == complaint


@pytest.mark.parametrize(
    ("name", "found"),
    [("op1_cast_fp16", ["b"]), ("op0", ["a", "c"]), ("op1_0", ["b"]), ("opaque", []), ("x_cast_fp16", ["n"])],
)
def test_an_output_of_the_package_names_what_it_came_from(name: str, found: list[str]) -> None:
    lowered = {"ops": [{"sources": ["a", "c"]}, {"sources": ["b"]}]}
    assert program.sources(name, lowered, {"x": "n"}) == found


def test_names_are_spelled_as_in_a_package() -> None:
    assert program.spelled("/model.1/Conv_output_0") == "_model_1_Conv_output_0"
    assert program.spelled("12") == "_12"


def converted(text: str, folder: Path, release: str = "iOS 17", precision: str | None = None) -> Answer:
    prepared = prepare(written(text, folder), folder)
    given = {**options(prepared.graph, resolve("iphone14pro", "coreml", release)), "paths": ["lowered", "onnx2coreml"]}
    if precision:
        given["precision"] = precision
    return ask(Question("coremltools", "coremltools_convert", prepared.path, "", given), Limits(300))


@pytest.mark.referee
def test_a_package_is_written_from_the_lowering_and_by_a_converter(tmp_path: Path) -> None:
    pytest.importorskip("coremltools")
    pytest.importorskip("onnx2coreml")
    found = converted(CONV, tmp_path)
    assert found.status is Status.COMPILED, found.words
    assert found.said.nodes == ()
    backend = load_backend("coreml")
    graph = prepare(tmp_path / "given.onnx", tmp_path).graph
    lowered = lower_to(graph, "mil", "float16", backend.fusions("iOS 17"))
    assert [h.path for h in compare_ops(lowered, found)] == ["lowered", "onnx2coreml"]
    assert all(set(h.differing) <= {"cast"} for h in compare_ops(lowered, found))
    assert all(c.predicted == c.said or c.why for c in op_counts(lowered, found, load_referee("coremltools")))
    facts = {f.name: f.value for f in found.said.facts}
    assert abs(facts["weights"] - predicted_weights(lowered)) <= 64
    assert facts["package"] > facts["weights"]
    names = {op.name for op in graph.ops if op.type in ("Conv", "Relu")}
    assert {s for k in found.said.kernels if k.name.startswith("lowered/") for s in k.ops} == names


@pytest.mark.referee
def test_an_op_without_a_form_in_mil_is_left_out_and_said(tmp_path: Path) -> None:
    pytest.importorskip("coremltools")
    found = converted("g (float[1,2,2] x) => (float[1] y) { a = Relu (x) d = Det (a) y = Exp (d) }", tmp_path)
    assert found.status is Status.REFUSED
    assert "no path came to its end" in found.words
    assert "onnx.Det" in found.said.notes["left"]
    assert {k.type for k in found.said.kernels if k.name.startswith("lowered/op")} >= {"relu", "exp"}


@pytest.mark.referee
def test_the_builder_refuses_what_the_deployment_does_not_have(tmp_path: Path) -> None:
    pytest.importorskip("coremltools")
    from coremltools import target

    values = {
        "x": {"dtype": "float32", "shape": [2, 3], "const": False, "data": None},
        "y": {"dtype": "float32", "shape": [3, 2], "const": False, "data": None},
    }
    wrong = {"type": "transpose", "domain": "", "bodies": [], "inputs": ["x"], "ports": ["x"], "outputs": ["y"]}
    lowered = {
        "inputs": ["x"],
        "outputs": ["y"],
        "values": values,
        "ops": [{**wrong, "attrs": {"perm": [0]}, "captures": []}],
    }
    assert mil_build.build(lowered, {0}, target.iOS17) == (None, {}, {0})
    lowered["ops"][0]["attrs"] = {"perm": [0, 1]}
    _, refused, _ = mil_build.build(lowered, set(), target.iOS17)
    assert refused == {0: "transpose gives [2, 3], not [3, 2]"}
