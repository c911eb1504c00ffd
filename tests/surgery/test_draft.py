from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import onnx_ir as ir
import pytest
from onnx import TensorProto, helper, numpy_helper

from edgeplan import ModelError
from edgeplan.frontends.onnx import parse_model
from edgeplan.surgery.draft import Draft, graphs, weightless
from edgeplan.surgery.looking import known, sizes
from tests.surgery.harness import model, same

CONV = "g (float[N,3,8,8] x, float[4,3,3,3] w) => (float[N,4,6,6] y) { a = Conv (x, w) y = Relu (a) }"
BRANCH = """g (bool c, float[4] x) => (float[4] y) { a = Relu (x)
    y = If (c) <then_branch = t () => (float[4] p) { k = Neg (a) p = Abs (k) },
                else_branch = e () => (float[4] q) { k = Abs (a) q = Neg (k) }>
}"""


def values(draft: Draft) -> dict[str, ir.Value]:
    return {o.name or "": o for g in graphs(draft.model.graph) for n in g for o in n.outputs}


def test_shapes_and_small_constants_are_on_the_values() -> None:
    text = "g (float[N,3,8,8] x) => (int64[4] s, float[N,3,8,8] y) { s = Shape (x) y = Relu (x) }"
    bound = Draft.open(model(text.replace("N", "2")))
    assert known(values(bound)["s"]).tolist() == [2, 3, 8, 8]
    assert [str(d) for d in values(Draft.open(model(text)))["y"].shape] == ["N", "3", "8", "8"]


def test_a_sequence_gets_no_tensor_type() -> None:
    text = """g (float[4] x) => (float[4] y) <int64 i = {0}> {
        s = SequenceConstruct (x, x)
        y = SequenceAt (s, i)
    }"""
    draft = Draft.open(model(text))
    assert values(draft)["s"].dtype is None
    assert values(draft)["y"].dtype == ir.DataType.FLOAT


def test_a_copy_can_be_changed_without_the_original() -> None:
    draft = Draft.open(model(CONV, weights=["w"]))
    copy = draft.copy()
    relu = next(n for n in copy.model.graph if n.op_type == "Relu")
    relu.op_type = "Abs"
    copy.fresh("a name")
    assert [n.op_type for n in draft.model.graph] == ["Conv", "Relu"]
    assert draft.fresh("a name") == "a name"


def test_refreshing_sees_what_was_changed() -> None:
    draft = Draft.open(parse_model("g (float[2,3] x) => (y) { y = Transpose <perm = [1, 0]> (x) }"))
    node = next(iter(draft.model.graph))
    node.op_type = "Relu"
    node.attributes.clear()
    node.outputs[0].shape = None
    draft.refresh()
    assert sizes(node.outputs[0]) == (2, 3)
    assert draft.graph.ops[0].type == "Relu"


def test_large_weights_are_headers_alone_where_a_model_is_planned() -> None:
    source = model(CONV.replace("[4,3,3,3] w", "[400,3,3,3] w").replace("[N,4,", "[N,400,"), weights=["w"])
    draft = Draft.open(source)
    light = weightless(draft.model)
    assert light.ByteSize() < 1000 < source.ByteSize()
    assert ir.to_proto(draft.model).ByteSize() > 40_000  # and the weights are where they were


def test_functions_are_written_out() -> None:
    body = [helper.make_node("Relu", ["a"], ["t"]), helper.make_node("Neg", ["t"], ["b"])]
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid("own", 1)]
    function = helper.make_function("own", "F", ["a"], ["b"], body, opsets[:1])
    info = [helper.make_tensor_value_info(n, TensorProto.FLOAT, [4]) for n in "xy"]
    nodes = [helper.make_node("F", ["x"], ["m"], domain="own"), helper.make_node("F", ["m"], ["y"], domain="own")]
    made = helper.make_model(helper.make_graph(nodes, "g", info[:1], info[1:]), opset_imports=opsets, ir_version=8)
    made.functions.append(function)
    draft = Draft.open(made)
    assert [n.op_type for n in draft.model.graph] == ["Relu", "Neg"] * 2
    same(made, ir.to_proto(draft.model))


def test_values_of_different_bodies_get_names_of_their_own() -> None:
    draft = Draft.open(parse_model(BRANCH))
    names = [o.name for g in graphs(draft.model.graph) for n in g for o in n.outputs]
    assert len(names) == len(set(names)) == 6
    assert draft.ops == 6


def test_nodes_in_no_order_are_brought_into_one() -> None:
    source = model(CONV, weights=["w"])
    nodes = list(source.graph.node)[::-1]
    del source.graph.node[:]
    source.graph.node.extend(nodes)
    draft = Draft.open(source)
    assert [n.op_type for n in draft.model.graph] == ["Conv", "Relu"]
    assert [n.op_type for n in draft.copy().model.graph] == ["Conv", "Relu"]


def test_fresh_names_are_taken_from_then_on() -> None:
    draft = Draft.open(model(CONV, weights=["w"]))
    assert [draft.fresh("w"), draft.fresh("w"), draft.fresh("z"), draft.fresh("z")] == ["w_2", "w_3", "z", "z_2"]


# What onnx_ir cannot hold


def sparse() -> onnx.ModelProto:
    made = parse_model("g (float[8] x, float[8] s) => (float[8] y) { y = Add (x, s) }")
    del made.graph.input[1]
    contents = numpy_helper.from_array(np.float32([1, 2]), "s"), numpy_helper.from_array(np.array([1, 5]), "at")
    made.graph.sparse_initializer.append(helper.make_sparse_tensor(*contents, [8]))
    return made


def outer_output() -> onnx.ModelProto:
    return parse_model("""g (bool c, float[4] x) => (float[4] y) { a = Relu (x) y = If (c) <
        then_branch = t () => (a) { }, else_branch = e () => (float[4] q) { q = Neg (x) }> }""")


def mapped() -> onnx.ModelProto:
    made = parse_model("g (float[2,2] x) => (y) { y = ai.onnx.ml.ZipMap <classlabels_int64s = [1, 2]> (x) }")
    kind = made.graph.output[0].type.sequence_type.elem_type.map_type
    kind.key_type = TensorProto.INT64
    kind.value_type.tensor_type.elem_type = TensorProto.FLOAT
    return made


def no_text() -> onnx.ModelProto:
    made = parse_model("g (float[2] x) => (float[2] y) { y = Relu (x) }")
    made.doc_string = "ABCD"
    return onnx.ModelProto.FromString(made.SerializeToString().replace(b"ABCD", b"\xff\xfe\xff\xfe"))


def trained() -> onnx.ModelProto:
    made = parse_model("g (float[2] x) => (float[2] y) { y = Relu (x) }")
    made.training_info.add().algorithm.name = "sgd"
    return made


@pytest.mark.parametrize("from_file", [False, True])
@pytest.mark.parametrize(
    ("make", "words"),
    [
        (trained, "it holds training steps"),
        (sparse, "'s' is a sparse weight"),
        (outer_output, "a body hands out 'a' of the graph around it"),
        (mapped, "Map types are not supported"),
    ],
)
def test_what_cannot_be_held_is_refused(
    make: Callable[[], onnx.ModelProto], words: str, from_file: bool, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "m.onnx").write_bytes(make().SerializeToString())
    with pytest.raises(ModelError, match=words):
        Draft.open(tmp_path / "m.onnx" if from_file else make())
    assert capfd.readouterr() == ("", "")


def test_a_doc_string_that_is_no_text_is_refused() -> None:
    with pytest.raises(ModelError, match="cannot be changed"):
        weightless(Draft.open(no_text()).model)


def test_a_tflite_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "m.tflite").write_bytes(bytes(100))
    with pytest.raises(ModelError, match="no ONNX model"):
        Draft.open(tmp_path / "m.tflite")
