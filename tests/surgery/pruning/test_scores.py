from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnx_ir as ir
import pytest
from numpy.typing import NDArray
from onnx import ModelProto, numpy_helper

from edgeplan.pruning.structure import Structure, structure_of
from edgeplan.surgery.compressing.calibration import Samples
from edgeplan.surgery.draft import Draft
from edgeplan.surgery.pruning import weights
from edgeplan.surgery.pruning.prepare import prepare
from edgeplan.surgery.pruning.scores import SCORES, scores_of
from edgeplan.surgery.runs import run_float
from tests.surgery.harness import model

Array = NDArray[Any]

NORMED = """g (float[2,3,6,6] x, float[8,3,3,3] v, float[8] b, float[8] s, float[8] o, float[8] m, float[8] q,
    float[5,8,1,1] w) => (float[2,5,4,4] y) {
    c = Conv (x, v, b) n = BatchNormalization (c, s, o, m, q) r = Relu (n) y = Conv (r, w)
}"""
LINEAR = """g (float[2,3] x, float[3,8] v, float[8,5] w) => (float[2,5] y) {
    c = MatMul (x, v) r = Relu (c) y = MatMul (r, w)
}"""


def normed(**constants: Any) -> ModelProto:
    random = [n for n in ("v", "b", "s", "o", "m", "w") if n not in constants]
    return model(NORMED, weights=random, positive=["q"], constants=constants)


def arrays(source: ModelProto) -> dict[str, Array]:
    return {t.name: numpy_helper.to_array(t) for t in source.graph.initializer}


def opened(source: ModelProto | Any) -> tuple[Draft, Structure]:
    draft = prepare(Draft.open(source))
    return draft, structure_of(draft.graph)


def scored(
    source: ModelProto, method: str, feeds: tuple[Mapping[str, Array], ...] = (), groups: int = 1
) -> list[Array]:
    """The scores of a model's groups, in the order in which the units lie along the first axis they lie in."""
    draft, structure = opened(source)
    found = scores_of(draft, structure, method, Samples(feeds, "") if feeds else None)
    assert isinstance(found, tuple), found
    assert len(found) == len(structure.groups) == groups
    for scores, group in zip(found, structure.groups, strict=True):
        assert scores.shape == (len(group.units),)
        assert scores.dtype == np.float64
        np.testing.assert_allclose(scores.mean(), 1)
    return list(found)


def mean(*parts: Array) -> Array:
    return np.mean([p / p.mean() for p in parts], 0)


def test_a_score_is_the_mean_of_what_each_weight_says() -> None:
    source = normed()
    w = {n: a.astype(np.float64) for n, a in arrays(source).items()}
    (l1,) = scored(source, "l1")
    np.testing.assert_allclose(l1, mean(abs(w["v"]).sum((1, 2, 3)), abs(w["s"]), abs(w["w"]).sum((0, 2, 3))), rtol=1e-6)
    (l2,) = scored(source, "l2")
    roots = [np.sqrt((w["v"] ** 2).sum((1, 2, 3))), abs(w["s"]), np.sqrt((w["w"] ** 2).sum((0, 2, 3)))]
    np.testing.assert_allclose(l2, mean(*roots), rtol=1e-6)


@pytest.mark.parametrize("method", ["l1", "l2", "fpgm", "bn"])
def test_the_size_of_a_weight_as_a_whole_says_nothing(method: str) -> None:
    given = arrays(normed())
    twice = normed(v=given["v"] * 100, w=given["w"] / 7, s=given["s"] * 3)
    np.testing.assert_allclose(scored(normed(), method)[0], scored(twice, method)[0], rtol=1e-4)


@pytest.mark.parametrize("method", SCORES)
def test_units_in_another_order_have_the_same_scores(method: str) -> None:
    given, order = arrays(normed()), np.random.default_rng(1).permutation(8)
    turned = {n: a[:, order] if n == "w" else a[order] for n, a in given.items() if n != "q"}
    feeds = ({"x": np.random.default_rng(2).standard_normal((2, 3, 6, 6)).astype(np.float32)},)
    source = normed()
    other = normed(**turned)
    for made in (source, other):  # the variances, too
        (at,) = [i for i, t in enumerate(made.graph.initializer) if t.name == "q"]
        q = given["q"][order] if made is other else given["q"]
        made.graph.initializer[at].CopyFrom(numpy_helper.from_array(q, "q"))
    np.testing.assert_allclose(scored(source, method, feeds)[0][order], scored(other, method, feeds)[0], rtol=1e-4)


@pytest.mark.parametrize("method", ["l1", "l2", "bn"])
def test_a_unit_of_zeros_has_none(method: str) -> None:
    given = arrays(normed())
    for name in ("v", "s", "w"):
        given[name] = given[name].copy()
        (given[name].swapaxes(0, 1) if name == "w" else given[name])[3] = 0
    (found,) = scored(normed(v=given["v"], s=given["s"], w=given["w"]), method)
    assert found[3] == 0
    assert np.delete(found, 3).min() > 0


def test_batch_normalisation_says_it_by_its_scales_and_where_there_is_none_norms_do() -> None:
    source = normed()
    (found,) = scored(source, "bn")
    np.testing.assert_allclose(found, mean(abs(arrays(source)["s"])), rtol=1e-6)
    plain = model(LINEAR, weights=["v", "w"])
    heard: list[str] = []
    draft, structure = opened(plain)
    (other,) = scores_of(draft, structure, "bn", tell=heard.append)
    np.testing.assert_allclose(other, scored(plain, "l2")[0])
    assert heard == ["1 of 1 groups have no scores by bn: they are scored by l2"]


def test_filters_far_from_the_others_matter_by_fpgm() -> None:
    source = normed()
    rows = arrays(source)["v"].reshape(8, -1).astype(np.float64)
    apart = np.linalg.norm(rows[:, None] - rows, axis=2).sum(1)
    np.testing.assert_allclose(scored(source, "fpgm")[0], mean(apart), rtol=1e-4)


def test_of_many_filters_some_elements_stand_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edgeplan.surgery.pruning.scores._PAIRS", 8 * 8 * 9)
    monkeypatch.setattr("edgeplan.surgery.pruning.scores._HELD", 24)
    rows = arrays(normed())["v"].reshape(8, -1)[:, ::3].astype(np.float64)
    apart = np.linalg.norm(rows[:, None] - rows, axis=2).sum(1)
    np.testing.assert_allclose(scored(normed(), "fpgm")[0], mean(apart), rtol=1e-4)


def test_equal_filters_are_at_no_distance() -> None:
    (found,) = scored(normed(v=np.ones((8, 3, 3, 3)) * np.r_[np.ones(7), 5].reshape(8, 1, 1, 1)), "fpgm")
    assert found[7] > 3
    np.testing.assert_allclose(found[:7], found[0], rtol=1e-3)


def test_activations_are_weighed_by_what_reads_them() -> None:
    source = model(LINEAR, weights=["v", "w"])
    feeds = tuple({"x": np.random.default_rng(i).standard_normal((2, 3)).astype(np.float32)} for i in range(3))
    w = arrays(source)
    met = np.mean([abs(np.maximum(f["x"] @ w["v"], 0)).mean(0) for f in feeds], 0)
    np.testing.assert_allclose(scored(source, "activation", feeds)[0], mean(met * abs(w["w"]).sum(1)), rtol=1e-4)


MAKERS = {
    "map": ("float[2,3,4,4] x, float[8,3,1,1] v", "Conv (x, v)", (0, 2, 3)),
    "rows": ("float[2,3] x, float[3,8] v", "MatMul (x, v)", (0,)),
    "columns": ("float[3,2] x, float[8,3] v", "MatMul (v, x)", (1,)),
}
READERS = {
    "conv": ("map", "y = Conv (h, w)", "float[5,8,3,3]", (0, 2, 3)),
    "transposed conv": ("map", "y = ConvTranspose (h, w)", "float[8,5,3,3]", (1, 2, 3)),
    "turned": ("map", "t = Transpose <perm = [1,0,2,3]> (w) y = Conv (h, t)", "float[8,5,3,3]", (1, 2, 3)),
    "gemm": ("rows", "y = Gemm <transB = 1> (h, w)", "float[5,8]", (0,)),
    "gemm, turned": ("columns", "y = Gemm <transA = 1> (h, w)", "float[8,5]", (1,)),
    "gemm, from the left": ("columns", "y = Gemm (w, h)", "float[5,8]", (0,)),
    "gemm, both": ("rows", "y = Gemm <transA = 1, transB = 1> (w, h)", "float[8,5]", (1,)),
    "from the left": ("columns", "y = MatMul (w, h)", "float[5,8]", (0,)),
    "batched": ("rows", "y = MatMul (h, w)", "float[3,8,5]", (0, 2)),
}


@pytest.mark.parametrize("opset", [13, 18])
@pytest.mark.parametrize("case", READERS)
def test_every_contraction_reads_its_channels(case: str, opset: int) -> None:
    maker, reader, kind, summed = READERS[case]
    given, made, positions = MAKERS[maker]
    rank = 4 if maker == "map" else 3 if case == "batched" else 2
    head = f'<ir_version: 8, opset_import: ["" : {opset}]>'
    text = f"{head} g ({given}, {kind} w) => (float[{','.join('ABCD'[:rank])}] y) {{ h = {made} {reader} }}"
    source = model(text, weights=["v", "w"])
    shape = [d.dim_value for d in source.graph.input[0].type.tensor_type.shape.dim]
    feeds = {"x": np.random.default_rng(3).standard_normal(shape).astype(np.float32)}
    shown = onnx.ModelProto.FromString(source.SerializeToString())
    shown.graph.output.append(onnx.helper.make_tensor_value_info("h", onnx.TensorProto.FLOAT, None))
    (h,) = run_float(shown, feeds, ["h"])
    met = abs(h).mean(positions) * abs(arrays(source)["w"]).sum(summed)
    np.testing.assert_allclose(scored(source, "activation", (feeds,))[0], mean(met), rtol=1e-4)


def test_groups_of_a_convolution_read_channels_of_their_own() -> None:
    text = """g (float[1,3,4,4] x, float[8,3,1,1] v, float[8,2,1,1] w, float[2,8,1,1] u) => (float[1,2,4,4] y) {
        h = Conv (x, v) r = Relu (h) k = Conv <group = 4> (r, w) y = Conv (k, u)
    }"""
    source = model(text, weights=["v", "w", "u"])
    feeds = {"x": np.random.default_rng(3).standard_normal((1, 3, 4, 4)).astype(np.float32)}
    w = arrays(source)
    r = np.maximum(np.einsum("bihw,oi->bohw", feeds["x"], w["v"][..., 0, 0]), 0)
    k = np.einsum("bgihw,goi->bgohw", r.reshape(1, 4, 2, 4, 4), w["w"].reshape(4, 2, 2)).reshape(1, 8, 4, 4)
    read = abs(w["w"].reshape(4, 2, 2)).sum(1).reshape(8) * abs(r).mean((0, 2, 3))
    last = abs(w["u"][..., 0, 0]).sum(0) * abs(k).mean((0, 2, 3))
    expected = mean(read.reshape(4, 2).sum(1), last.reshape(4, 2).sum(1))
    np.testing.assert_allclose(scored(source, "activation", (feeds,))[0], expected, rtol=1e-4)


@pytest.mark.parametrize("method", SCORES)
def test_halves_have_the_scores_of_floats(method: str) -> None:
    given = {n: a.astype(np.float16) for n, a in arrays(normed()).items()}
    feeds = {"x": np.random.default_rng(2).standard_normal((2, 3, 6, 6)).astype(np.float16)}
    half = model(NORMED.replace("float[", "float16["), constants=given)
    whole = model(NORMED, constants=given)
    (found,) = scored(half, method, (feeds,))
    (expected,) = scored(whole, method, ({"x": feeds["x"].astype(np.float32)},))
    np.testing.assert_allclose(found, expected, rtol=2e-3)


QUANTISED = """<ir_version: 9, opset_import: ["" : 19]> g (
    float[2,3] x, int8[8,3] v, float[8] vs, int8[8] vz, uint8[8,5] w, float ws, uint8 wz
) => (float[2,5] y) {
    a = DequantizeLinear <axis = 0> (v, vs, vz) t = Transpose (a) c = MatMul (x, t) r = Relu (c)
    b = DequantizeLinear (w, ws, wz) y = MatMul (r, b)
}"""


@pytest.mark.parametrize("method", ["l1", "l2", "fpgm", "activation"])
def test_quantised_weights_count_as_the_numbers_they_stand_for(method: str) -> None:
    rng = np.random.default_rng(0)
    v, vs, vz = rng.integers(-90, 90, (8, 3)), rng.uniform(0.01, 1, 8).astype(np.float32), rng.integers(-9, 9, 8)
    w, ws, wz = rng.integers(0, 255, (8, 5)), np.float32(0.5), 128
    given = {"v": v, "vs": vs, "vz": vz, "w": w, "ws": ws, "wz": wz}
    feeds = {"x": rng.standard_normal((2, 3)).astype(np.float32)}
    plain = {"v": ((v - vz[:, None]) * vs[:, None]).T, "w": (w - wz) * ws}
    (found,) = scored(model(QUANTISED, constants=given), method, (feeds,))
    (expected,) = scored(model(LINEAR, constants=plain), method, (feeds,))
    np.testing.assert_allclose(found, expected, rtol=1e-3)


def test_recurrent_units_are_scored_with_all_their_gates() -> None:
    text = """g (float[5,2,3] x, float[1,16,3] w, float[1,16,4] r, float[4,2] u) => (float[5,1,2,2] y) {
        h = LSTM <hidden_size = 4> (x, w, r) y = MatMul (h, u)
    }"""
    source = model(text, weights=["w", "r", "u"])
    w = {n: abs(a).astype(np.float64) for n, a in arrays(source).items()}
    rows = w["w"].sum((0, 2)).reshape(4, 4).sum(0)
    gates, states = w["r"].sum((0, 2)).reshape(4, 4).sum(0), w["r"].sum((0, 1))
    np.testing.assert_allclose(scored(source, "l1")[0], mean(rows, gates, states, w["u"].sum(1)), rtol=1e-6)


def test_parts_that_are_joined_are_scored_each_by_itself() -> None:
    text = """g (float[2,3] x, float[3,4] v, float[3,6] u, float[10,5] w) => (float[2,5] y) {
        a = MatMul (x, v) b = MatMul (x, u) s = Relu (b) c = Concat <axis = 1> (a, s) y = MatMul (c, w)
    }"""
    source = model(text, weights=["v", "u", "w"])
    w = {n: abs(a).astype(np.float64) for n, a in arrays(source).items()}
    one, two = scored(source, "l1", groups=2)
    np.testing.assert_allclose(one, mean(w["v"].sum(0), w["w"][:4].sum(1)), rtol=1e-6)
    np.testing.assert_allclose(two, mean(w["u"].sum(0), w["w"][4:].sum(1)), rtol=1e-6)


@pytest.mark.parametrize("method", SCORES)
def test_weights_are_looked_at_in_parts(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    feeds = ({"x": np.random.default_rng(2).standard_normal((2, 3, 6, 6)).astype(np.float32)},)
    whole = scored(normed(), method, feeds)[0]
    monkeypatch.setattr(weights, "_BLOCK", 60)
    np.testing.assert_allclose(scored(normed(), method, feeds)[0], whole)


def test_no_weight_of_a_file_stays_open(tmp_path: Path) -> None:
    onnx.save(normed(), tmp_path / "m.onnx", save_as_external_data=True, location="w.bin", size_threshold=0)
    draft, structure = opened(tmp_path / "m.onnx")
    found = scores_of(draft, structure, "l2")
    np.testing.assert_allclose(found[0], scored(normed(), "l2")[0])
    held = [v.const_value for v in draft.model.graph.initializers.values()]
    assert all(t.raw is None for t in held if isinstance(t, ir.ExternalTensor) and t.name in ("v", "w"))


def test_what_is_no_number_counts_as_nothing() -> None:
    v = arrays(normed())["v"].copy()
    v[2, 0, 0, 0], v[4, 1, 1, 1] = np.nan, np.inf
    (found,) = scored(normed(v=v), "l2")
    assert np.isfinite(found).all()


def test_weights_of_one_number_make_no_difference() -> None:
    (found,) = scored(model(LINEAR, constants={"v": np.ones((3, 8)), "w": np.ones((8, 5))}), "fpgm")
    np.testing.assert_allclose(found, 1)


@pytest.mark.parametrize(
    ("method", "samples", "reason"),
    [
        ("taylor", None, "there are no scores by 'taylor', only by l2, l1, bn, fpgm, activation"),
        ("activation", None, "scores by activation need samples of the model's inputs"),
        ("activation", Samples((), "none"), "scores by activation need samples of the model's inputs"),
        (
            "activation",
            Samples(({"x": np.zeros((2, 9), np.float32)},), ""),
            "onnxruntime does not run the model on the",
        ),
    ],
)
def test_refusals_have_a_reason(method: str, samples: Samples | None, reason: str) -> None:
    draft, structure = opened(model(LINEAR, weights=["v", "w"]))
    found = scores_of(draft, structure, method, samples)
    assert isinstance(found, str)
    assert found.startswith(reason)


def test_measuring_leaves_the_draft_as_it_is() -> None:
    draft, structure = opened(normed())
    before = ir.to_proto(draft.model).SerializeToString(deterministic=True)
    feeds = {"x": np.ones((2, 3, 6, 6), np.float32)}
    assert not isinstance(scores_of(draft, structure, "activation", Samples((feeds,), "")), str)
    assert ir.to_proto(draft.model).SerializeToString(deterministic=True) == before
