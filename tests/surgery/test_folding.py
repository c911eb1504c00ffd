from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import onnx
import onnx_ir as ir
import pytest
from onnx import TensorProto, helper

from edgeplan.frontends.errors import ModelError
from edgeplan.surgery.draft import Draft
from edgeplan.surgery.folding import fold_constants
from edgeplan.surgery.ledger import Ledger
from edgeplan.surgery.rewrite import Stage
from edgeplan.surgery.rewrites import rewrites
from edgeplan.surgery.tidy import tidy
from edgeplan.surgery.writing import WriteError, write_model
from tests.surgery.harness import model, same, types

LARGEST = (1 << 28) + (1 << 26)
"""Bytes a small model may come to through folding, at the very most."""


def weights(draft: Draft) -> int:
    return sum(v.const_value.nbytes for v in draft.model.graph.initializers.values() if v.const_value is not None)


def simplified(source: onnx.ModelProto) -> Draft:
    draft = Draft.open(source)
    tidy(draft, Ledger(False), rewrites(Stage.FOLD))
    return draft


BOMBS = {
    "ConstantOfShape": "<int64[2] s = {SIZE,1}> { c = ConstantOfShape(s)",
    "Expand": "<int64[2] s = {SIZE,1}, float one = {1.5}> { c = Expand(one, s)",
    "Tile": "<int64[1] s = {SIZE}, float[1] one = {1.5}> { c = Tile(one, s)",
    "Range": "<float a = {0.0}, float b = {SIZE.0}, float d = {1.0}> { c = Range(a, b, d)",
    "Pad": "<float[1] one = {1.5}, int64[2] s = {0,SIZE}> { c = Pad(one, s)",
}


def bomb(kind: str, size: int) -> onnx.ModelProto:
    made = BOMBS[kind].replace("SIZE", str(size))
    return model(f"agraph (float[4] x) => (float[4] y) {made} m = ReduceSum<keepdims=0>(c) y = Mul(x, m) }}")


@pytest.mark.parametrize("kind", BOMBS)
def test_constants_of_four_gigabytes_are_refused(kind: str) -> None:
    with pytest.raises(ModelError, match=r"4\.0 GiB\) from nothing"):
        Draft.open(bomb(kind, 1 << 30))


@pytest.mark.parametrize("kind", BOMBS)
def test_what_would_make_a_model_much_larger_stays_computed(kind: str) -> None:
    draft = simplified(bomb(kind, 1 << 24))
    assert kind in {n.op_type for n in draft.model.graph}
    assert weights(draft) < 1 << 20


def grown(op: str, steps: int) -> onnx.ModelProto:
    """A constant of 4 MiB that each op makes larger, or another one of, all of them used."""
    start = helper.make_tensor("c0", TensorProto.FLOAT, [1 << 20], np.ones(1 << 20, np.float32).tobytes(), raw=True)
    text = [f"{'y0'} = Identity(x)"]
    for i in range(steps):
        made = {"Concat": f"c{i + 1} = Concat<axis=0>(c{i}, c{i})", "Neg": f"c{i + 1} = Elu<alpha={i + 1}.0>(c0)"}[op]
        text.append(f"{made} m{i} = ReduceMax<keepdims=0>(c{i + 1}) y{i + 1} = Add(y{i}, m{i})")
    made = model(f"agraph (float[4] x, float[{1 << 20}] c0) => (float[4] y{steps}) {{ {' '.join(text)} }}")
    made.graph.initializer.append(start)
    del made.graph.input[1]
    return made


@pytest.mark.parametrize(("op", "steps"), [("Concat", 7), ("Neg", 200)])
def test_growth_in_steps_is_bounded(op: str, steps: int) -> None:
    assert weights(simplified(grown(op, steps))) < LARGEST


def test_what_is_put_off_is_computed_in_the_end(tmp_path: Path) -> None:
    source = grown("Concat", 2)
    draft = simplified(source)
    write_model(draft, tmp_path / "out.onnx", tmp_path / "in.onnx")
    same(source, onnx.load(tmp_path / "out.onnx"))


def test_constants_are_folded() -> None:
    text = """agraph (float[4] x, float[4] w) => (float[4] y) { a = Neg(w) b = Exp(a) y = Add(x, b) }"""
    source = model(text, weights=["w"])
    draft = Draft.open(source)
    assert fold_constants(draft.model) == 2
    made = ir.to_proto(draft.model)
    assert types(made) == ["Add"]
    same(source, made)


@pytest.mark.parametrize("op", ["RandomNormalLike", "Bernoulli", "RandomUniformLike"])
def test_chance_is_not_folded(op: str) -> None:
    draft = simplified(model(f"agraph (float[4] x, float[4] w) => (float[4] y) {{ a = {op}(w) y = Add(x, a) }}", ["w"]))
    assert op in {n.op_type for n in draft.model.graph}


def apart(folder: Path, location: str, inside: str = "initializer") -> Path:
    """A model whose weight of 16 KiB lies in a file of its own."""
    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[4096], data_location=TensorProto.EXTERNAL)
    for key, value in (("location", location), ("offset", "0"), ("length", str(4096 * 4))):
        tensor.external_data.add(key=key, value=value)
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [4096])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [4096])
    constant = helper.make_node("Constant", [], ["w"], value=tensor)
    add = helper.make_node("Add", ["x", "w"], ["y"])
    own: list[TensorProto] = []
    if inside == "initializer":
        nodes, own = [add], [tensor]
    elif inside == "constant":
        nodes = [constant, add]
    else:
        z = helper.make_tensor_value_info("z", TensorProto.FLOAT, [4096])
        then = helper.make_graph([constant, helper.make_node("Add", ["x", "w"], ["z"])], "then", [], [z])
        other = helper.make_graph(
            [helper.make_node("Neg", ["x"], ["n"])], "else", [], [helper.make_tensor_value_info("n", 1, [4096])]
        )
        nodes = [helper.make_node("If", ["c"], ["y"], then_branch=then, else_branch=other)]
    inputs = [x] if inside != "body" else [x, helper.make_tensor_value_info("c", TensorProto.BOOL, [])]
    graph = helper.make_graph(nodes, "g", inputs, [y], own)
    path = folder / "model.onnx"
    path.write_bytes(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9).SerializeToString()
    )
    return path


PLACES = ("initializer", "constant", "body")


@pytest.mark.parametrize("inside", PLACES)
@pytest.mark.parametrize("where", ["../secret", "a/../../secret", "absolute"])
def test_weights_outside_the_folder_are_refused(tmp_path: Path, where: str, inside: str) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "secret").write_bytes(bytes(4096 * 4))
    location = str(tmp_path / "secret") if where == "absolute" else where
    with pytest.raises(ModelError, match="outside"):
        Draft.open(apart(tmp_path / "in", location, inside))


@pytest.mark.parametrize("inside", PLACES)
def test_links_out_of_the_folder_are_refused(tmp_path: Path, inside: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "secret").write_bytes(bytes(4096 * 4))
    (tmp_path / "in" / "w.bin").symlink_to(tmp_path / "secret")
    path = apart(tmp_path / "in", "w.bin", inside)
    with pytest.raises(ModelError, match="link"):
        Draft.open(path)
    monkeypatch.chdir(path.parent)
    with pytest.raises(ModelError, match="link"):
        Draft.open(Path("model.onnx"))


@pytest.mark.parametrize("inside", PLACES)
def test_a_file_of_two_names_is_refused(tmp_path: Path, inside: str) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "secret").write_bytes(bytes(4096 * 4))
    os.link(tmp_path / "secret", tmp_path / "in" / "w.bin")
    with pytest.raises(ModelError, match="several names"):
        Draft.open(apart(tmp_path / "in", "w.bin", inside))


@pytest.mark.parametrize("inside", PLACES)
def test_links_within_the_folder_are_followed(tmp_path: Path, inside: str) -> None:
    array = np.arange(4096, dtype=np.float32)
    (tmp_path / "real.bin").write_bytes(array.tobytes())
    (tmp_path / "w.bin").symlink_to(tmp_path / "real.bin")
    path = apart(tmp_path, "w.bin", inside)
    draft = Draft.open(path)
    tidy(draft, Ledger(False), rewrites(Stage.FOLD))
    write_model(draft, tmp_path / "out.onnx", path)
    made = onnx.load(tmp_path / "out.onnx")
    assert np.array_equal(onnx.numpy_helper.to_array(next(t for t in held(made.graph) if t.dims == [4096])), array)


def held(graph: onnx.GraphProto) -> list[TensorProto]:
    bodies = [a.g for n in graph.node for a in n.attribute if a.type == onnx.AttributeProto.GRAPH]
    return [*graph.initializer, *(t for body in bodies for t in held(body))]


def test_a_weight_that_is_cut_short_is_said(tmp_path: Path) -> None:
    (tmp_path / "w.bin").write_bytes(bytes(100))
    with pytest.raises(ModelError, match=r"'w.bin' ends before 'w' does"):
        Draft.open(apart(tmp_path, "w.bin"))


def test_a_weight_that_is_cut_short_once_the_model_is_read_leaves_nothing_behind(tmp_path: Path) -> None:
    whole = tmp_path / "w.bin"
    whole.write_bytes(bytes(1 << 20))
    path = apart(tmp_path, "w.bin")
    draft = Draft.open(path)
    whole.write_bytes(bytes(100))
    with pytest.raises(WriteError):
        write_model(draft, tmp_path / "out.onnx", path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["model.onnx", "w.bin"]


def test_what_is_computed_of_a_number_without_axes_has_none_either() -> None:
    draft = simplified(model("g (float[N] x) => (float[N] y) <float c = {0.5}> { s = Sigmoid(c) y = PRelu(x, s) }"))
    assert [v.const_value.shape.rank() for v in draft.model.graph.initializers.values() if v.const_value] == [0]


def test_weights_of_bodies_that_nothing_reads_are_dropped() -> None:
    text = """g (float[2,2] x, bool c) => (float[2,2] y) {
        y = If (c) <then_branch = a () => (float[2,2] p) <float[2,2] v = {1, 2, 3, 4}, float[2,2] w = {5, 6, 7, 8}> {
                        s = Add (v, w) p = Mul (x, s) },
                    else_branch = b () => (float[2,2] q) { q = Neg (x) }>
    }"""
    draft = simplified(model(text))
    left = [v for g in draft.model.graph.subgraphs() for v in g.initializers.values()]
    assert len(left) == 1
    assert left[0].const_value.numpy().tolist() == [[6, 8], [10, 12]]
