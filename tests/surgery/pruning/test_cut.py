from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnx_ir as ir
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import ModelProto, helper, numpy_helper

from edgeplan.pruning.narrow import narrow
from edgeplan.pruning.reform import Kept
from edgeplan.pruning.structure import Structure, structure_of
from edgeplan.surgery.draft import Draft
from edgeplan.surgery.pruning.cut import cut
from edgeplan.surgery.pruning.prepare import prepare
from edgeplan.surgery.pruning.trial import misshapen
from edgeplan.surgery.runs import difference, random_inputs, run_float
from edgeplan.surgery.writing import write_model
from tests.surgery.harness import model, types


def halved(source: ModelProto | Path, share: float = 0.5) -> tuple[Draft, Structure]:
    """A model of which every group has lost its last units."""
    draft = prepare(Draft.open(source))
    structure = structure_of(draft.graph)
    left = {i: g.units[: max(1, round(len(g.units) * share))] for i, g in enumerate(structure.groups)}
    kept = Kept(structure, structure.without(left))
    made = cut(draft, kept)
    assert misshapen(made.graph, narrow(kept)) == ""
    return made, structure


def runs(source: ModelProto, made: Draft, folder: Path, free: int = 2) -> list[np.ndarray]:
    """The results of a cut model; what it says of its ends is what the model before said, and so are their shapes."""
    place = folder / "cut.onnx"
    write_model(made, place, folder / "none")
    proto = onnx.load(place)
    onnx.checker.check_model(proto, full_check=True)
    weights = {t.name for t in source.graph.initializer}
    ends = [i for i in source.graph.input if i.name not in weights]
    assert [i for i in proto.graph.input if i.name not in weights] == ends
    assert list(proto.graph.output) == list(source.graph.output)
    kinds = {}
    for info in ends:
        t = info.type.tensor_type
        shape = [d.dim_value or free for d in t.shape.dim]
        kinds[info.name] = np.dtype(helper.tensor_dtype_to_np_dtype(t.elem_type)), shape
    feeds, wanted = random_inputs(kinds, 0, 2), [o.name for o in source.graph.output]
    was, now = run_float(source, feeds, wanted), run_float(str(place), feeds, wanted)
    assert [a.shape for a in was] == [a.shape for a in now]
    return now


def shape_of(made: Draft, name: str) -> list[int]:
    return list(made.model.graph.initializers[name].const_value.shape.numpy())


TWO = """g (float[N,3,8,8] x, float[8,3,3,3] v, float[8] b, float[5,8,3,3] w) => (float[N,5,H,W] y) {
    c = Conv <pads = [1,1,1,1]> (x, v, b) r = Relu (c) y = Conv (r, w)
}"""


def test_filters_go_with_their_bias_and_with_what_reads_them(tmp_path: Path) -> None:
    source = model(TWO, weights=["v", "b", "w"])
    made, structure = halved(source)
    assert [len(g.units) for g in structure.groups] == [8]
    assert [shape_of(made, n) for n in ("v", "b", "w")] == [[4, 3, 3, 3], [4], [5, 4, 3, 3]]
    v = numpy_helper.to_array(source.graph.initializer[0])
    np.testing.assert_array_equal(made.model.graph.initializers["v"].const_value.numpy(), v[:4])
    runs(source, made, tmp_path)


def test_the_draft_that_was_given_stays() -> None:
    draft = prepare(Draft.open(model(TWO, weights=["v", "b", "w"])))
    structure = structure_of(draft.graph)
    before = ir.to_proto(draft.model).SerializeToString(deterministic=True)
    cut(draft, Kept(structure, structure.without({0: structure.groups[0].units[:1]})))
    assert ir.to_proto(draft.model).SerializeToString(deterministic=True) == before


def test_halves(tmp_path: Path) -> None:
    source = model(TWO.replace("float[", "float16["), weights=["v", "b", "w"])
    made, _ = halved(source)
    assert made.model.graph.initializers["w"].const_value.dtype == ir.DataType.FLOAT16
    assert runs(source, made, tmp_path)[0].dtype == np.float16


QDQ = """<ir_version: 9, opset_import: ["" : 19]> g (
    float[N,3,8,8] x, int8[8,3,3,3] v, float[8] vs, int8[8] vz, int32[8] b, float[8] bs, int8[5,8,3,3] w,
    float[5] ws, int8[5] wz
) => (float[N,5,H,W] y) <float s = {0.05}, uint8 z = {128}> {
    q = QuantizeLinear (x, s, z) a = DequantizeLinear (q, s, z)
    dv = DequantizeLinear <axis = 0> (v, vs, vz) db = DequantizeLinear <axis = 0> (b, bs)
    dw = DequantizeLinear <axis = 0> (w, ws, wz)
    c = Conv <pads = [1,1,1,1]> (a, dv, db) r = Relu (c)
    p = QuantizeLinear (r, s, z) d = DequantizeLinear (p, s, z) y = Conv (d, dw)
}"""


def test_quantised_weights_go_with_their_scales_and_zero_points(tmp_path: Path) -> None:
    given_ = {"v": np.arange(216).reshape(8, 3, 3, 3) % 90, "vz": np.zeros(8), "b": np.arange(8), "wz": np.zeros(5)}
    given_["w"] = np.arange(360).reshape(5, 8, 3, 3) % 70
    source = model(QDQ, positive=["vs", "bs", "ws"], constants=given_)
    made, _ = halved(source)
    assert [shape_of(made, n) for n in ("v", "vs", "vz", "b", "bs", "w", "ws")] == [
        [4, 3, 3, 3], [4], [4], [4], [4], [5, 4, 3, 3], [5],
    ]  # fmt: skip
    assert made.model.graph.initializers["v"].const_value.dtype == ir.DataType.INT8
    runs(source, made, tmp_path)


@pytest.mark.parametrize("version", [3, 8])
def test_weights_that_are_inputs_as_well(version: int, tmp_path: Path) -> None:
    source = model('<ir_version: 8, opset_import: ["" : 8]>' + TWO, weights=["v", "b", "w"])
    source.ir_version = version
    for tensor in source.graph.initializer:
        source.graph.input.append(helper.make_tensor_value_info(tensor.name, tensor.data_type, list(tensor.dims)))
    made, _ = halved(source)
    runs(source, made, tmp_path)


BODIES = """g (float[2,3] x, bool c, float[3,8] v, float[8,6] w, float[6,8] u, float[8,3] t) =>
    (float[2,6] y, float[2,3] z) {
    h = MatMul (x, v)
    y = If (c) <
        then_branch = one () => (float[2,6] a) { r = Relu (h) a = MatMul (r, w) },
        else_branch = two () => (float[2,6] b) { b = MatMul (h, w) }
    >
    k = MatMul (y, u) z = MatMul (k, t)
}"""


def test_what_a_body_reads_stays(tmp_path: Path) -> None:
    source = model(BODIES, weights=["v", "w", "u", "t"])
    made, structure = halved(source)
    assert [shape_of(made, n) for n in ("v", "u", "t")] == [[3, 8], [6, 4], [4, 3]]
    assert "If" in str([f.reason for f in structure.frozen if f.width == 8])
    runs(source, made, tmp_path)


def test_a_weight_that_a_body_reads_too_stays(tmp_path: Path) -> None:
    text = """g (float[2,3] x, bool c, float[3,8] v, float[8,3] w, float[1,8] o) => (float[2,3] y, float[2,8] z) {
        h = MatMul (x, v) y = MatMul (h, w)
        z = If (c) <
            then_branch = one () => (float[2,8] a) { a = MatMul (x, v) },
            else_branch = two () => (float[2,8] b) { b = Identity (o2) }
        >
    }""".replace("{ b = Identity (o2) }", "{ r = MatMul (x, v) b = Add (r, o) }")
    source = model(text, weights=["v", "w", "o"])
    made, structure = halved(source)
    assert not structure.groups
    runs(source, made, tmp_path)


LOOP = """g (float[2,3] x, float[3,8] v, float[8,4] w, float[4,4] u, float[4,8] t, float[8,3] s) => (float[2,3] y)
    <int64 trips = {3}, bool go = {1}> {
    a = MatMul (x, v) h = MatMul (a, w)
    k = Loop (trips, go, h) <
        body = one (int64 i, bool c, float[2,4] h0) => (bool d, float[2,4] h1) {
            d = Identity (c) m = MatMul (h0, u) h1 = Tanh (m)
        }
    >
    e = MatMul (k, t) r = Relu (e) y = MatMul (r, s)
}"""


def test_what_goes_through_a_loop_stays(tmp_path: Path) -> None:
    source = model(LOOP, weights=list("vwuts"))
    made, _ = halved(source)
    assert [shape_of(made, n) for n in "vwuts"] == [[3, 4], [4, 4], [4, 4], [4, 4], [4, 3]]
    runs(source, made, tmp_path)


GROUPED = """g (float[N,4,6,6] x, float[8,4,1,1] a, float[8,2,3,3] b, float[8,1,3,3] c, float[3,8,1,1] d) =>
    (float[N,3,2,2] y) {
    p = Conv (x, a) q = Conv <group = 4> (p, b) r = Conv <group = 8> (q, c) y = Conv (r, d)
}"""


def test_groups_of_convolutions_are_counted_anew(tmp_path: Path) -> None:
    source = model(GROUPED, weights=list("abcd"))
    made, structure = halved(source)
    assert [(len(g.units), g.per_unit) for g in structure.groups] == [(4, 2)]
    assert [n.attributes.get_int("group", 1) for n in made.model.graph] == [1, 2, 4, 1]
    assert [shape_of(made, n)[:2] for n in "abcd"] == [[4, 4], [4, 2], [4, 1], [3, 4]]
    runs(source, made, tmp_path)


def test_a_shape_that_two_ops_are_told_is_said_anew_for_the_one_that_shrinks(tmp_path: Path) -> None:
    text = """g (float[2,3] x, float[3,8] v, float[8,3] w, float[2,8] o) => (float[2,3] y, float[2,4,2] z)
        <int64[3] shape = {2,4,2}, int64[2] flat = {2,8}> {
        a = MatMul (x, v) b = Reshape (a, shape) r = Transpose <perm = [0,2,1]> (b) c = Reshape (r, flat)
        y = MatMul (c, w)
        n = Neg (o) z = Reshape (n, shape)
    }"""
    source = model(text, weights=["v", "w", "o"])
    made, structure = halved(source)
    assert [(len(g.units), g.per_unit) for g in structure.groups] == [(4, 2)]
    runs(source, made, tmp_path)
    assert numpy_helper.to_array(
        next(t for t in onnx.load(tmp_path / "cut.onnx").graph.initializer if t.name == "shape")
    ).tolist() == [2, 4, 2]


def test_weights_in_a_file_of_their_own_are_read_when_the_new_ones_are_written(tmp_path: Path) -> None:
    source = model(TWO, weights=["v", "b", "w"])
    place = tmp_path / "m.onnx"
    onnx.save(source, place, save_as_external_data=True, location="m.bin", size_threshold=0)
    before = (tmp_path / "m.bin").read_bytes()
    source = onnx.load(place)
    draft = prepare(Draft.open(place))
    structure = structure_of(draft.graph)
    made = cut(draft, Kept(structure, structure.without({0: structure.groups[0].units[:4]})))
    runs(source, made, tmp_path)
    assert (tmp_path / "m.bin").read_bytes() == before
    held = [v.const_value for v in draft.model.graph.initializers.values()]
    assert [t.raw for t in held if isinstance(t, ir.ExternalTensor)] == [None] * 3


@given(st.integers(0, 2**32), st.integers(1, 7))
@settings(max_examples=25)
def test_channels_of_zeros_leave_no_trace(seed: int, gone: int) -> None:
    text = """g (float[2,3,6,6] x, float[8,3,3,3] v, float[8] b, float[8] s, float[8] o, float[8] m, float[8] q,
        float[8,1,3,3] d, float[5,8,1,1] w, float[8,3,3,3] z) => (float[2,5,4,4] y) {
        c = Conv <pads = [1,1,1,1]> (x, v, b) n = BatchNormalization (c, s, o, m, q) r = Relu (n)
        e = Conv <pads = [1,1,1,1]> (x, z) f = Add (e, r) k = Conv <group = 8> (f, d) y = Conv (k, w)
    }"""
    source = model(text, weights=["v", "b", "s", "o", "m", "d", "w", "z"], positive=["q"], seed=seed)
    rng = np.random.default_rng(seed)
    dead = rng.permutation(8)[:gone]
    for tensor in source.graph.initializer:
        if tensor.name in ("v", "b", "o", "m", "z"):
            array = numpy_helper.to_array(tensor).copy()
            array[dead] = 0
            tensor.CopyFrom(numpy_helper.from_array(array, tensor.name))
    draft = prepare(Draft.open(source))
    structure = structure_of(draft.graph)
    (group,) = structure.groups
    place = next(a for a in group.axes if a.weight == "v")
    live = np.delete(structure.axes["v"][place.axis], dead)
    made = ir.to_proto(cut(draft, Kept(structure, structure.without({0: live}))).model)
    feeds = random_inputs({"x": (np.dtype(np.float32), (2, 3, 6, 6))}, 0)
    (was,), (now,) = run_float(source, feeds, ["y"]), run_float(made, feeds, ["y"])
    assert difference(was, now) < 1e-6
    assert types(made)[-1] == "Conv"
