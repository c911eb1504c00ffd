from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto

from edgeplan.compression.onnx_left import COMPUTED, INSIDE
from edgeplan.compression.table import compression_table
from edgeplan.frontends import load_model
from edgeplan.frontends.errors import ModelError
from edgeplan.lower.scheme import parse_scheme
from edgeplan.surgery.compressing.onnx import compress_onnx, refusal
from edgeplan.surgery.compressing.outcome import Compressed, CompressError
from edgeplan.surgery.writing import WriteError
from edgeplan.target import resolve
from tests.surgery.harness import model

NETWORK = """
<ir_version: 9, opset_import: ["" : 17]>
g (float[N,32,6,6] x, float[64,32,3,3] w, float[64] s, float[64] b, float[64] m, float[64] v,
   float[64,1,3,3] d, float[1024,16] fc, float[16] bias, int64[2] to) => (float[N,16] y) {
   c = Conv (x, w)
   n = BatchNormalization (c, s, b, m, v)
   r = Relu (n)
   e = Conv <group = 64, pads = [1, 1, 1, 1]> (r, d)
   f = Reshape (e, to)
   y = Gemm (f, fc, bias)
}
"""
TYPES = {"w8": TensorProto.INT8, "w8-tensor": TensorProto.INT8, "w4": TensorProto.INT4, "w4-block32": TensorProto.INT4}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    made = model(NETWORK, ["w", "b", "m", "d", "fc", "bias"], positive=["s", "v"], constants={"to": [-1, 1024]})
    made.metadata_props.add(key="author", value="me")
    made.producer_name, made.doc_string, made.graph.name = "maker", "the model", "its name"
    made.graph.input[0].doc_string = "an image"
    onnx.save(made, tmp_path / "m.onnx")
    return tmp_path / "m.onnx"


def compressed(source: Path, scheme: str, **settings: object) -> tuple[Compressed, onnx.ModelProto]:
    out = source.with_name("out.onnx")
    found = compress_onnx(source, parse_scheme(scheme), out, **settings)  # type: ignore[arg-type]
    made = onnx.load(out)
    onnx.checker.check_model(made, full_check=True)
    assert found.written[0] == str(out)
    assert found.after == sum(os.path.getsize(p) for p in found.written)
    return found, made


def kinds(made: onnx.ModelProto) -> dict[str, int]:
    return {t.name: t.data_type for t in made.graph.initializer}


def forms(found: Compressed) -> dict[str, str]:
    return {a.weight: a.form for a in found.applied}


@pytest.mark.parametrize(
    ("scheme", "least"),
    [
        ("fp16", 50), ("w8", 30), ("w8-tensor", 25), ("w4", 8), ("w4-block32", 10), ("w8a8", 20), ("w8a8-tensor", 15),
        ("w8a16", 30), ("w4a16", 8),
    ],
)  # fmt: skip
def test_every_scheme_is_found_in_its_result(source: Path, scheme: str, least: float) -> None:
    before = source.read_bytes()
    found, made = compressed(source, scheme)
    assert source.read_bytes() == before
    taken = {"w", "fc"} if scheme == "w4-block32" else {"w", "d", "fc"}
    assert forms(found) == dict.fromkeys(taken, scheme)
    assert {u.weight: u.reason for u in found.left} == (
        {"d": "1 input channels, which 32 does not divide"} if scheme == "w4-block32" else {}
    )
    assert all(a.snr is not None and a.snr > least - 5 for a in found.applied)
    assert found.worst is not None
    assert found.worst > least
    assert found.runs == 4
    assert found.samples == "4 random inputs"
    assert found.before == source.stat().st_size
    assert found.after < 0.6 * found.before
    assert found.needs == f"opset {made.opset_import[0].version}"


@pytest.mark.parametrize("scheme", ["fp16", "w8", "w4", "w8a8", "w8a16"])
def test_what_a_model_says_of_itself_survives(source: Path, scheme: str) -> None:
    old = onnx.load(source)
    _, made = compressed(source, scheme)
    assert made.metadata_props == old.metadata_props
    assert (made.producer_name, made.doc_string, made.graph.name) == ("maker", "the model", "its name")
    assert made.graph.input == old.graph.input
    assert made.graph.output == old.graph.output


@pytest.mark.parametrize("scheme", TYPES)
def test_weights_are_stored_as_whole_numbers_behind_one_op(source: Path, scheme: str) -> None:
    _, made = compressed(source, scheme)
    assert kinds(made)["fc_quantized"] == TYPES[scheme]
    expand = [n for n in made.graph.node if n.op_type == "DequantizeLinear"]
    assert len(expand) == (2 if scheme == "w4-block32" else 3)
    gemm = next(n for n in made.graph.node if n.op_type == "Gemm")
    by = next(n for n in expand if n.output[0] == gemm.input[1])
    said = {a.name: a.i for a in by.attribute}
    block = {"axis": 0, "block_size": 32}
    assert said == {"w8": {"axis": 1}, "w4": {"axis": 1}, "w8-tensor": {}, "w4-block32": block}[scheme]
    held = next(onnx.numpy_helper.to_array(t) for t in made.graph.initializer if t.name == by.input[0])
    largest = np.abs(held.astype(np.int32)).max()
    assert largest == (127 if scheme.startswith("w8") else 7)


def test_the_opset_is_raised_where_it_must_be_and_said(source: Path) -> None:
    assert compressed(source, "w8")[0].notes == ()
    found, made = compressed(source, "w4")
    assert found.notes == ("raised from opset 17 to 21, which w4 needs",)
    assert made.opset_import[0].version == 21
    assert made.ir_version >= 10


def test_layers_are_kept_wide_by_name(source: Path) -> None:
    found, made = compressed(source, "w8", keep=["fc"])
    assert forms(found).keys() == {"w", "d"}
    assert [(u.weight, u.reason) for u in found.left] == [("fc", "kept wide")]
    assert kinds(made)["fc"] == TensorProto.FLOAT
    half, made = compressed(source, "fp16", keep=["fc"])
    assert forms(half).keys() == {"w", "d"}
    assert kinds(made)["fc"] == TensorProto.FLOAT
    static, _ = compressed(source, "w8a8", keep=["fc"])
    assert forms(static).keys() == {"w", "d"}
    with pytest.raises(CompressError, match="no layer is called 'fcc'; did you mean 'fc'"):
        compressed(source, "w8", keep=["fcc"])


def test_random_inputs_are_said_loudly_and_samples_are_used(source: Path, tmp_path: Path) -> None:
    loud, _ = compressed(source, "w8a8")
    assert loud.notes[0].startswith("RANDOM INPUTS")
    np.save(tmp_path / "c.npy", np.random.default_rng(0).uniform(0, 1, (3, 2, 32, 6, 6)).astype(np.float32))
    quiet, _ = compressed(source, "w8a8", calibration=tmp_path / "c.npy")
    assert quiet.notes == ()
    assert (quiet.runs, quiet.samples) == (3, "3 samples of c.npy")
    assert quiet.worst is not None
    assert quiet.worst > 20


def test_activations_are_signed_where_it_is_asked(source: Path) -> None:
    found, made = compressed(source, "w8a8", symmetric=True)
    assert set(forms(found).values()) == {"w8a8"}
    points = {n.input[2] for n in made.graph.node if n.op_type == "QuantizeLinear"}
    zero = [t for t in made.graph.initializer if t.name in points]
    assert {t.data_type for t in zero} == {TensorProto.INT8}
    assert not any(onnx.numpy_helper.to_array(t).any() for t in zero)


def test_weights_beside_the_file_are_read(source: Path, tmp_path: Path) -> None:
    apart = tmp_path / "apart.onnx"
    onnx.save(onnx.load(source), apart, save_as_external_data=True, location="apart.bin", size_threshold=100)
    for scheme in ("w8", "fp16", "w8a8"):
        found, _ = compressed(apart, scheme)
        assert found.before == apart.stat().st_size + (tmp_path / "apart.bin").stat().st_size
        assert len(found.applied) == 3


@pytest.mark.parametrize("scheme", ["fp32", "bf16", "sparse50", "palette4", "sparse50-w8", "palette4-group16"])
def test_what_onnx_cannot_hold_is_refused(source: Path, scheme: str) -> None:
    assert refusal(parse_scheme(scheme))
    with pytest.raises(CompressError, match=f"^{scheme}: "):
        compress_onnx(source, parse_scheme(scheme), source.with_name("out.onnx"))
    assert not source.with_name("out.onnx").exists()


def test_a_model_is_not_quantised_twice(source: Path) -> None:
    compressed(source, "w8a8")
    done = source.with_name("done.onnx")
    source.with_name("out.onnx").rename(done)
    for scheme in ("w8", "w8a8", "fp16"):
        with pytest.raises(CompressError, match="quantised already"):
            compress_onnx(done, parse_scheme(scheme), source.with_name("out.onnx"))
    half = source.with_name("half.onnx")
    compress_onnx(source, parse_scheme("fp16"), half)
    with pytest.raises(CompressError, match="float16 already"):
        compress_onnx(half, parse_scheme("fp16"), source.with_name("out.onnx"))


def test_what_is_wide_of_a_quantised_model_can_follow(source: Path) -> None:
    first, _ = compressed(source, "w8", keep=["fc"])
    assert len(first.left) == 1
    done = source.with_name("done.onnx")
    source.with_name("out.onnx").rename(done)
    found, _ = compressed(done, "w4-block32")
    assert forms(found) == {"fc": "w4-block32"}
    assert found.notes[0] == "2 layers are quantised already, and stay so"


def test_float16_models_are_quantised_with_float16_scales(source: Path) -> None:
    half = source.with_name("half.onnx")
    compress_onnx(source, parse_scheme("fp16"), half)
    found, made = compressed(half, "w8")
    assert set(forms(found).values()) == {"w8"}
    assert made.opset_import[0].version >= 19
    assert TensorProto.FLOAT16 in {t for n, t in kinds(made).items() if n.endswith("_scale")}


def test_tables_and_matrices_of_language_models(tmp_path: Path) -> None:
    text = """g (int64[1,N] i, float[200,64] t, float[64,64] w) => (float[1,N,64] y) {
        e = Gather (t, i) y = MatMul (e, w) }"""
    onnx.save(model(text, weights=["t", "w"]), tmp_path / "m.onnx")
    found, made = compressed(tmp_path / "m.onnx", "w4-block32")
    assert forms(found) == {"w": "w4-block32"}
    assert [u.label for u in found.left] == ["Gather"]
    assert "table" in found.left[0].reason
    assert kinds(made)["t"] == TensorProto.FLOAT


@pytest.mark.parametrize("scheme", ["fp16", "w8", "w4"])
def test_weights_in_bodies_and_of_recurrent_layers(tmp_path: Path, scheme: str) -> None:
    text = """<ir_version: 9, opset_import: ["" : 17]>
    g (float[4,1,64] x, bool c, float[1,128,64] w, float[1,128,32] r) => (float[4,1,1,32] y) {
        y = If (c) <then_branch = then () => (float[4,1,1,32] a) { a, h = RNN <hidden_size = 32> (x, w2, r2) },
                    else_branch = other () => (float[4,1,1,32] b) { b, k = RNN <hidden_size = 32> (x, w2, r2) }>
    }"""
    made = model(text.replace("[1,128", "[1,32").replace("w2, r2", "w, r"), weights=["w", "r"])
    then = made.graph.node[0].attribute[0].g
    for tensor in made.graph.initializer:  # one branch has weights of its own
        then.initializer.append(tensor)
        then.initializer[-1].name += "_own"
    then.node[0].input[1], then.node[0].input[2] = "w_own", "r_own"
    onnx.save(made, tmp_path / "m.onnx")
    found, _ = compressed(tmp_path / "m.onnx", scheme)
    assert forms(found) == dict.fromkeys(("w_own", "r_own", "w", "r"), scheme)
    assert found.worst is not None
    assert found.worst > 5


@pytest.mark.parametrize("scheme", ["w8", "w8a8"])
def test_ops_whose_weights_a_runtime_does_not_take_so_stay(source: Path, scheme: str) -> None:
    found, _ = compressed(source, scheme, ops=("Conv",))
    assert forms(found) == dict.fromkeys(("w", "d"), scheme)
    assert {u.weight: u.reason for u in found.left} == {"fc": "weights of Gemm are not compressed"}


TIED = """g (int64[1,4] i, float[200,64] t, float[64,64] w) => (float[1,4,200] y) {
    e = Gather (t, i) h = MatMul (e, w) turned = Transpose <perm = [1,0]> (t) y = MatMul (h, turned) }"""


def test_the_table_and_the_result_leave_the_same_layers(tmp_path: Path) -> None:
    onnx.save(model(TIED, weights=["t", "w"]), tmp_path / "m.onnx")
    found, _ = compressed(tmp_path / "m.onnx", "w8")
    assert forms(found) == {"w": "w8"}
    assert {u.weight: u.reason for u in found.left if u.label == "MatMul"} == {"turned": COMPUTED}
    graph = load_model(tmp_path / "m.onnx").graph
    table = compression_table(graph, resolve("iphone14pro", "onnxruntime-coreml"), schemes=[parse_scheme("w8")])
    choice = table.choice("w8")
    assert choice is not None
    assert (choice.layers, {s.layer.weight for s in choice.skipped}) == (1, {u.weight for u in found.left})


def test_activations_in_bodies_are_not_quantised(tmp_path: Path) -> None:
    text = """g (float[2,16] x, bool c) => (float[2,16] y) {
        y = If (c) <then_branch = a () => (float[2,16] p) { p = MatMul (x, w) },
                    else_branch = b () => (float[2,16] q) { q = Neg (x) }>
    }""".replace("bool c)", "bool c, float[16,16] w)")
    made = model(text, weights=["w"])
    made.graph.node[0].attribute[0].g.initializer.append(made.graph.initializer.pop())
    onnx.save(made, tmp_path / "m.onnx")
    with pytest.raises(CompressError, match="to no layer: it stands in a body"):
        compress_onnx(tmp_path / "m.onnx", parse_scheme("w8a8"), tmp_path / "out.onnx")
    phone = resolve("galaxys24", "qnn")
    table = compression_table(load_model(tmp_path / "m.onnx").graph, phone, schemes=[parse_scheme("w8a8")])
    choice = table.choice("w8a8")
    assert choice is not None
    assert choice.why == f"it applies to no layer: {INSIDE}"
    assert forms(compressed(tmp_path / "m.onnx", "w8")[0]) == {"w": "w8"}


def test_what_lies_between_kept_layers_stays_float(tmp_path: Path) -> None:
    text = """g (float[2,16] x, float[16,16] a, float[16,16] b, float[16,16] c) => (float[2,16] y) {
        p = MatMul (x, a) q = Sigmoid (p) r = MatMul (q, b) s = Sigmoid (r) t = MatMul (s, c) y = Sigmoid (t) }"""
    onnx.save(model(text, weights=["a", "b", "c"]), tmp_path / "m.onnx")
    found, made = compressed(tmp_path / "m.onnx", "w8a8", keep=["b", "c"])
    assert forms(found) == {"a": "w8a8"}
    packed = {n.input[0] for n in made.graph.node if n.op_type == "QuantizeLinear"}
    assert packed == {"x", "p"}  # the layer's own ends, and neither q nor s, t or y
    most, made = compressed(tmp_path / "m.onnx", "w8a8", keep=["c"])
    assert forms(most) == {"a": "w8a8", "b": "w8a8"}
    assert {n.input[0] for n in made.graph.node if n.op_type == "QuantizeLinear"} >= {"x", "q"}


def test_float16_loses_neither_large_nor_small_weights(tmp_path: Path) -> None:
    contents = np.random.default_rng(0).standard_normal((64, 64)).astype(np.float32)
    contents.flat[:6] = 1e6, -1e6, 1e-9, -1e-9, 0, np.inf
    text = "g (float[2,64] x, float[64,64] w) => (float[2,64] y) { y = MatMul (x, w) }"
    onnx.save(model(text, constants={"w": contents}), tmp_path / "m.onnx")
    _, made = compressed(tmp_path / "m.onnx", "fp16")
    held = onnx.numpy_helper.to_array(made.graph.initializer[0])
    assert held.flat[:6].tolist() == pytest.approx([65504, -65504, 2**-24, -(2**-24), 0, np.inf])
    assert np.array_equal(held.flat[6:], contents.flat[6:].astype(np.float16))


def test_weights_that_may_be_given_stay(tmp_path: Path) -> None:
    text = (
        "g (float[2,16] x, float[16,16] v, float[16,16] w) => (float[2,16] y) { a = MatMul (x, v) y = MatMul (a, w) }"
    )
    made = model(text, weights=["v", "w"])
    made.graph.input.append(onnx.helper.make_tensor_value_info("w", TensorProto.FLOAT, [16, 16]))
    onnx.save(made, tmp_path / "m.onnx")
    for scheme in ("w8", "fp16"):
        found, result = compressed(tmp_path / "m.onnx", scheme)
        assert forms(found) == {"v": scheme}
        assert [u.reason for u in found.left] == ["it is an input of the model, too, and may be given"]
        assert [i.name for i in result.graph.input] == ["x", "w"]


def test_constants_are_not_spread_out(tmp_path: Path) -> None:
    text = """g (float[2,64] x, float[64,64] w, int64[3] to, float one) => (float[64,128,64] y) {
        m = Expand (one, to) a = MatMul (x, w) s = ReduceSum <keepdims = 0> (a) y = Mul (m, s) }"""
    constants = {"to": [64, 128, 64], "one": 2.0}
    onnx.save(model(text, weights=["w"], constants=constants), tmp_path / "m.onnx")
    assert compressed(tmp_path / "m.onnx", "w8")[0].after < 64 * 64 + 2000


def test_models_before_training_are_compressed_and_not_judged(source: Path) -> None:
    made = onnx.load(source)
    for tensor in made.graph.initializer:
        if tensor.name in ("w", "d", "fc"):
            tensor.CopyFrom(onnx.numpy_helper.from_array(np.zeros(tuple(tensor.dims), np.float32), tensor.name))
    onnx.save(made, source)
    found, _ = compressed(source, "w8")
    assert len(found.applied) == 3
    assert (found.worst, found.runs) == (None, 0)
    assert "before training" in found.why
    assert all(a.snr is None for a in found.applied)


def test_a_model_that_does_not_run_is_compressed_and_said(tmp_path: Path) -> None:
    text = """<ir_version: 9, opset_import: ["" : 17, "com.acme" : 1]>
    g (float[2,32] x, float[32,32] w) => (float[2,32] y) { a = MatMul (x, w) y = com.acme.Odd (a) }"""
    onnx.save(model(text, weights=["w"]), tmp_path / "m.onnx")
    found = compress_onnx(tmp_path / "m.onnx", parse_scheme("w8"), tmp_path / "out.onnx")
    assert forms(found) == {"w": "w8"}
    assert found.why.startswith("onnxruntime does not run the model")
    with pytest.raises(CompressError, match="needs samples"):
        compress_onnx(tmp_path / "m.onnx", parse_scheme("w8a8"), tmp_path / "b.onnx")


def test_nothing_is_left_behind_or_overwritten(source: Path, tmp_path: Path) -> None:
    with pytest.raises(WriteError, match="the model itself"):
        compress_onnx(source, parse_scheme("w8"), source)
    with pytest.raises(WriteError, match="no such folder"):
        compress_onnx(source, parse_scheme("w8"), tmp_path / "gone" / "out.onnx")
    only = tmp_path / "only.onnx"
    onnx.save(model("g (float[2,5] x, float[5,3] w) => (float[2,3] y) { y = MatMul (x, w) }", weights=["w"]), only)
    with pytest.raises(CompressError, match="to no layer: 5 input channels"):
        compress_onnx(only, parse_scheme("w4-block32"), tmp_path / "out.onnx")
    onnx.save(model("g (float[2] x) => (float[2] y) { y = Relu (x) }"), only)
    with pytest.raises(CompressError, match="no weights"):
        compress_onnx(only, parse_scheme("w8"), tmp_path / "out.onnx")
    (tmp_path / "text.onnx").write_text("nothing")
    with pytest.raises(ModelError):
        compress_onnx(tmp_path / "text.onnx", parse_scheme("w8"), tmp_path / "out.onnx")
    assert {p.name for p in tmp_path.iterdir()} == {"m.onnx", "only.onnx", "text.onnx"}


def test_a_bias_that_several_layers_share_is_each_ones_own(tmp_path: Path) -> None:
    text = """g (float[1,8,6,6] x, float[8,8,3,3] w, float[8,8,1,1] w2, float[8] b) => (float[1,8,4,4] b2) {
        a = Conv (x, w, b) b2 = Conv (a, w2, b) }"""  # the quantiser's own copy of b would be called b2
    onnx.save(model(text, weights=["w", "w2", "b"]), tmp_path / "m.onnx")
    found, _ = compressed(tmp_path / "m.onnx", "w8a8")
    assert found.worst is not None
    assert found.worst > 20
