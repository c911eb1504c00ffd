"""Models nobody should have written, and odd ones that are valid: rewritten and equal, or refused in one line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import ModelProto, TensorProto, helper, numpy_helper

from edgeplan import ModelError
from edgeplan.frontends.onnx import parse_model
from edgeplan.report.json import render_json
from edgeplan.report.rewrite import render_rewriting
from edgeplan.surgery import runs
from edgeplan.surgery.rewriting import Rewriting, rewrite_model
from edgeplan.target import resolve
from tests.test_bad_input import HOSTILE, ODD, REFUSED, steers

Make = Callable[[], ModelProto]
VALID = {
    name: text
    for name, text in ODD.items()
    if name not in ("an empty branch", "sizes beyond memory", "a loop that never ends", "no outputs", "strings")
    and not name.startswith(("no nodes", "a sequence"))
}
"""Those that onnxruntime runs, too."""


def rewritten(made: ModelProto | bytes, folder: Path, target: str = "") -> Rewriting:
    """A model rewritten; it stays as it is, and nothing but the new one comes beside it."""
    raw = made if isinstance(made, bytes) else made.SerializeToString()
    source, out = folder / "m.onnx", folder / "out.onnx"
    source.write_bytes(raw)
    try:
        return rewrite_model(source, resolve(target) if target else None, output=out)
    finally:
        assert source.read_bytes() == raw
        assert {p.name for p in folder.iterdir()} <= {"m.onnx", "out.onnx"}


@pytest.mark.parametrize("case", VALID)
def test_odd_graphs_are_rewritten_and_equal(case: str, tmp_path: Path) -> None:
    source = parse_model(f'<ir_version: 8, opset_import: ["" : 18]> {VALID[case]}')
    found = rewritten(source, tmp_path, "iphone14pro")
    assert found.written
    assert found.comparison.runs
    assert found.comparison.equal
    made = onnx.load(tmp_path / "out.onnx")
    assert [i.name for i in made.graph.input] == [i.name for i in source.graph.input]
    assert [o.name for o in made.graph.output] == [o.name for o in source.graph.output]


@pytest.mark.parametrize("case", [name for name in ODD if name not in VALID])
def test_what_cannot_be_compared_is_said(case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "_PATIENCE_WITH_FILES", 0.5)
    source = parse_model(f'<ir_version: 8, opset_import: ["" : 18]> {ODD[case]}')
    if case == "an empty branch":
        with pytest.raises(ModelError, match="a body hands out 'x' of the graph around it"):
            rewritten(source, tmp_path)
        return
    found = rewritten(source, tmp_path)
    assert found.comparison.runs == 0 or found.comparison.equal
    assert found.comparison.why or found.comparison.equal


@pytest.mark.parametrize("case", REFUSED)
def test_bad_files_are_refused(case: str, tmp_path: Path) -> None:
    content, words = REFUSED[case]
    with pytest.raises(ModelError, match=words):
        rewritten(content(), tmp_path)
    assert not (tmp_path / "out.onnx").exists()


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_names_are_shown_and_obeyed_by_nobody(name: str, tmp_path: Path) -> None:
    x, y = f"x{name}", f"y{name}"
    nodes = [
        helper.make_node("Transpose", [x], [f"a{name}"], f"n1{name}", perm=[1, 0]),
        helper.make_node("Transpose", [f"a{name}"], [f"b{name}"], f"n2{name}", perm=[1, 0]),
        helper.make_node("Mul", [f"b{name}", f"w{name}"], [y], f"n3{name}"),
    ]
    info = [helper.make_tensor_value_info(n, TensorProto.FLOAT, [f"d{name}", 4]) for n in (x, y)]
    weight = numpy_helper.from_array(np.arange(4, dtype=np.float32), f"w{name}")
    graph = helper.make_graph(nodes, f"g{name}", info[:1], info[1:], [weight])
    found = rewritten(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8), tmp_path)
    assert found.ops_after == 1
    for text in (render_rewriting(found), render_rewriting(found, everything=True)):
        assert not steers(text)
        assert max(map(len, text.splitlines())) <= 120
    assert not any(ord(c) < 32 for line in render_json(found).splitlines() for c in line)
    assert [o.name for o in onnx.load(tmp_path / "out.onnx").graph.output] == [y]


@pytest.mark.parametrize("opset", range(7, 27))
def test_every_opset_is_rewritten_and_equal(opset: int, tmp_path: Path) -> None:
    moved = "axes = [2, 3]" if opset < 18 else ""
    axes = "" if opset < 18 else ", at"
    text = f"""<ir_version: {min(max(opset - 4, 4), 10)}, opset_import: ["" : {opset}]>
    g (float[N,3,8,8] x) => (float[N,3,1,1] y) <float[3] s = {{1,2,3}}, float[3] b = {{0,1,2}}, float[3] m = {{1,0,1}},
        float[3] v = {{1,2,1}}, int64[2] at = {{2, 3}}> {{
        a = BatchNormalization (x, s, b, m, v) c = Transpose <perm = [0,2,3,1]> (a) d = Relu (c)
        e = Transpose <perm = [0,3,1,2]> (d) f = Identity (e) y = ReduceMean <{moved}> (f{axes})
    }}""".replace("<>", "")
    found = rewritten(parse_model(text), tmp_path)
    assert found.ops_after < 6
    if opset <= 22:  # what onnxruntime has learned by now
        assert found.comparison.equal, found.comparison
    assert onnx.load(tmp_path / "out.onnx").opset_import[0].version == opset


@pytest.mark.parametrize("kind", ["BFLOAT16", "FLOAT8E4M3FN", "FLOAT8E5M2", "INT4", "UINT4"])
def test_narrow_weights_are_rewritten_and_equal(kind: str, tmp_path: Path) -> None:
    weight = TensorProto(name="w", data_type=getattr(TensorProto, kind), dims=[8])
    weight.raw_data = bytes(range(16 if kind == "BFLOAT16" else 4 if "INT" in kind else 8))
    source = parse_model(
        """<ir_version: 10, opset_import: ["" : 21]> g (float[8] x) => (float[8] y) {
        a = Cast <to = 1> (w) b = Identity (x) y = Add (b, a) }""".replace("(float[8] x)", "(float[8] x, float[8] w)")
    )
    del source.graph.input[1]
    source.graph.initializer.append(weight)
    found = rewritten(source, tmp_path)
    assert found.comparison.equal, found.comparison


def test_weights_before_ir_4_are_no_inputs_any_more(tmp_path: Path) -> None:
    text = """<ir_version: 3, opset_import: ["" : 8]> g (float[2,4] x, float[4] w) => (float[2,4] y)
        <float[4] w = {1,2,3,4}> { a = Identity (x) y = Mul (a, w) }"""
    found = rewritten(parse_model(text), tmp_path)
    assert found.comparison.equal
    assert [i.name for i in onnx.load(tmp_path / "out.onnx").graph.input] == ["x"]


def test_weights_that_an_app_may_give_stay_inputs(tmp_path: Path) -> None:
    source = parse_model(
        "g (float[2,4] x, float[4] w) => (float[2,4] y) { a = Mul (x, w) b = Identity (a) y = Mul (b, w) }"
    )
    source.graph.initializer.append(numpy_helper.from_array(np.float32([1, 2, 3, 4]), "w"))
    found = rewritten(source, tmp_path)
    assert found.comparison.equal
    made = onnx.load(tmp_path / "out.onnx")
    assert [i.name for i in made.graph.input] == ["x", "w"]
    assert [t.name for t in made.graph.initializer] == ["w"]


@pytest.mark.parametrize("ends", ["float[4] w, float[4] y", "float[4] y, float[4] x", "float[4] y, float[4] y"])
def test_weights_inputs_and_doubles_may_be_outputs(ends: str, tmp_path: Path) -> None:
    source = parse_model(f"g (float[4] x) => ({ends}) <float[4] w = {{1,2,3,4}}> {{ a = Identity (x) y = Mul (a, w) }}")
    found = rewritten(source, tmp_path)
    made = onnx.load(tmp_path / "out.onnx")
    assert made.graph.output == source.graph.output
    assert found.comparison.equal or not found.comparison.runs


def test_quantised_models_stay_quantised(tmp_path: Path) -> None:
    source = parse_model("""<ir_version: 8, opset_import: ["" : 18]> g (float[2,4] x) => (float[2,3] y)
        <float s = {0.02}, int8 z = {0}, int8[4,3] w = {1,2,3,4,5,6,7,8,9,10,11,12}, float[3] t = {0.1,0.2,0.3},
         int8[3] o = {0,0,0}> {
        a = QuantizeLinear (x, s, z) b = DequantizeLinear (a, s, z) c = DequantizeLinear <axis = 1> (w, t, o)
        d = MatMul (b, c) e = Identity (d) f = QuantizeLinear (e, s, z) y = DequantizeLinear (f, s, z) }""")
    found = rewritten(source, tmp_path, "galaxys24")
    assert found.comparison.equal
    types = [n.op_type for n in onnx.load(tmp_path / "out.onnx").graph.node]
    assert types.count("DequantizeLinear") == 3
    assert "Identity" not in types


def test_ops_that_are_not_valid_end_in_no_traceback(tmp_path: Path) -> None:
    found = rewritten(parse_model("g (float[4,4] x) => (float[4,4] y) { y = Transpose <perm = [0, 7]> (x) }"), tmp_path)
    assert found.comparison.runs == 0
