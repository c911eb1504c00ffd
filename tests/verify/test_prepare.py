from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper, parser

from edgeplan.frontends.errors import BindingError, ModelError
from edgeplan.verify.prepare import prepare

HEADER = '<ir_version: 8, opset_import: ["" : 18]>'


def saved(folder: Path, text: str) -> Path:
    path = folder / "given.onnx"
    onnx.save(parser.parse_model(f"{HEADER} {text}"), path)
    return path


def scratch(folder: Path) -> Path:
    made = folder / "scratch"
    made.mkdir()
    return made


def test_ops_are_named_as_the_graph_names_them(tmp_path: Path) -> None:
    path = saved(
        tmp_path,
        """g (float[2,2] x) => (float[2,2] d) {
            [same] a = Relu (x) [same] b = Neg (a) c = Abs (b) k = Constant <value_float = 1.0> () d = Add (c, k)
        }""",
    )
    before = path.read_bytes()
    found = prepare(path, scratch(tmp_path))
    model = onnx.load(found.path)
    names = [n.name for n in model.graph.node]
    assert [o.name for o in found.graph.ops] == ["same", "same#2", "c", "d"]
    assert names == ["same", "same#2", "c", "aside/k", "d"]
    assert len(set(names)) == len(names)
    assert path.read_bytes() == before
    onnx.checker.check_model(model, full_check=True)


def test_bodies_have_names_of_their_own_too(tmp_path: Path) -> None:
    path = saved(
        tmp_path,
        """g (bool c, float[2] x) => (float[2] y) {
            y = If (c) <
                then_branch = t () => (float[2] r) { r = Relu (x) }, else_branch = e () => (float[2] r) { r = Neg (x) }
            >
        }""",
    )
    model = onnx.load(prepare(path, scratch(tmp_path)).path)
    inner = [n.name for a in model.graph.node[0].attribute for n in a.g.node]
    assert len({*inner, model.graph.node[0].name}) == 3
    assert all(inner)


def test_bindings_are_in_the_copy(tmp_path: Path) -> None:
    path = saved(tmp_path, "g (float[N,4] x, float s) => (float[N,4] y) { a = Mul (x, s) y = Relu (a) }")
    found = prepare(path, scratch(tmp_path), dims={"N": 3}, values={"s": 2.0})
    graph = onnx.load(found.path).graph
    assert [i.name for i in graph.input] == ["x"]
    assert [d.dim_value for d in graph.input[0].type.tensor_type.shape.dim] == [3, 4]
    assert [numpy_helper.to_array(t).item() for t in graph.initializer] == [2.0]
    assert found.free == ()
    assert found.shapes == {"x": (3, 4)}


def test_values_the_file_leaves_open_are_declared(tmp_path: Path) -> None:
    path = saved(tmp_path, "g (float[2,3] x) => (int64 n) { a = Transpose (x) n = Size (a) }")
    graph = onnx.load(prepare(path, scratch(tmp_path)).path).graph
    (declared,) = graph.value_info
    assert declared.name == "a"
    assert declared.type.tensor_type.elem_type == TensorProto.FLOAT
    assert [d.dim_value for d in declared.type.tensor_type.shape.dim] == [3, 2]


def test_external_weights_lie_beside_the_copy(tmp_path: Path) -> None:
    weights = numpy_helper.from_array(np.ones((64, 64), np.float32), "w")
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 64])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 64])],
        [weights],
    )
    path = tmp_path / "given.onnx"
    onnx.save(helper.make_model(graph), path, save_as_external_data=True, location="given.data", size_threshold=0)
    found = prepare(path, scratch(tmp_path))
    again = onnx.load(found.path)
    assert np.array_equal(numpy_helper.to_array(again.graph.initializer[0]), np.ones((64, 64), np.float32))
    assert found.path.stat().st_size < 2000


def test_functions_are_unfolded(tmp_path: Path) -> None:
    text = f"""{HEADER[:-2]}, "local" : 1]>
        g (float[2] x) => (float[2] y) {{ y = local.Twice (x) }}
        <domain: "local", opset_import: ["" : 18]> Twice (a) => (b) {{ c = Relu (a) b = Neg (c) }}"""
    path = tmp_path / "given.onnx"
    onnx.save(parser.parse_model(text), path)
    found = prepare(path, scratch(tmp_path))
    nodes = onnx.load(found.path).graph.node
    assert [n.op_type for n in nodes] == ["Relu", "Neg"]
    assert [n.name for n in nodes] == [o.name for o in found.graph.ops]


def test_a_tflite_file_is_handed_over_as_it_is(tmp_path: Path) -> None:
    sample = Path(__file__).parent.parent.parent / "samples" / "hey_jarvis.tflite"
    found = prepare(sample, scratch(tmp_path))
    assert found.path == sample
    assert found.shapes == {}
    assert len(found.graph.ops) > 10


def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    path = tmp_path / "no.onnx"
    path.write_bytes(b"no model")
    with pytest.raises(ModelError):
        prepare(path, scratch(tmp_path))


def test_a_binding_that_does_not_fit_is_said(tmp_path: Path) -> None:
    path = saved(tmp_path, "g (float[N,4] x) => (float[N,4] y) { y = Relu (x) }")
    with pytest.raises(BindingError, match="no dimension 'M'"):
        prepare(path, scratch(tmp_path), dims={"M": 1})
