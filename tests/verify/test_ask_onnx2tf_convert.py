from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import numpy_helper
from onnx.parser import parse_model

from edgeplan.verify.answer import Answer, Status
from edgeplan.verify.ask.onnx2tf_compare import difference, inputs_for, layouts, moved, paired
from edgeplan.verify.ask.onnx2tf_convert import complaint, origins
from edgeplan.verify.ask.onnx2tf_weights import draw_weights
from edgeplan.verify.process import Limits, Question, ask
from edgeplan.verify.tflite.conversion import environment

HEADER = '<ir_version: 9, opset_import: ["" : 18]>\n'


def model(text: str) -> onnx.ModelProto:
    return parse_model(HEADER + text)


def weights(given: onnx.ModelProto) -> dict[str, np.ndarray]:
    return {t.name: numpy_helper.to_array(t) for t in given.graph.initializer}


def test_weights_of_zeros_are_drawn() -> None:
    given = model(
        "g (float[1,2,4,4] x) => (float[1,3,4,4] y) <float[3,2,1,1] w = {0,0,0,0,0,0}, float[3] b = {0,0,0}> "
        "{ y = Conv (x, w, b) }"
    )
    assert draw_weights(given) == 2
    found = weights(given)
    assert found["w"].shape == (3, 2, 1, 1)
    assert found["w"].dtype == np.float32
    assert len(set(found["w"].flat)) == 6
    assert np.abs(found["b"]).max() < np.abs(found["w"]).max()


def test_weights_that_were_trained_stay() -> None:
    given = model("g (float[1,2,4,4] x) => (float[1,3,4,4] y) <float[3,2,1,1] w = {0,0,0,0,0,1}> { y = Conv (x, w) }")
    assert draw_weights(given) == 0
    assert weights(given)["w"].flat[5] == 1


def test_the_same_weights_are_drawn_each_time() -> None:
    text = "g (float[1,2] x) => (float[1,3] y) <float[2,3] w = {0,0,0,0,0,0}> { y = MatMul (x, w) }"
    first, second = model(text), model(text)
    draw_weights(first)
    draw_weights(second)
    assert (weights(first)["w"] == weights(second)["w"]).all()


def test_a_variance_stays_positive() -> None:
    given = model(
        "g (float[1,2,4] x) => (float[1,2,4] y) "
        "<float[2] s = {0,0}, float[2] b = {0,0}, float[2] m = {0,0}, float[2] v = {0,0}> "
        "{ y = BatchNormalization (x, s, b, m, v) }"
    )
    assert draw_weights(given) == 4
    assert weights(given)["v"].min() > 0.5
    assert weights(given)["s"].min() > 0.5


def test_a_constant_of_a_shape_becomes_a_weight() -> None:
    given = model(
        "g (float[1,2] x) => (float[1,3] y) <int64[2] s = {2,3}> { w = ConstantOfShape (s) y = MatMul (x, w) }"
    )
    assert draw_weights(given) == 1
    assert [n.op_type for n in given.graph.node] == ["MatMul"]
    assert len(set(weights(given)["w"].flat)) == 6


def test_weights_are_known_through_another_form() -> None:
    given = model(
        "g (float[1,2] x) => (float[1,3] y) <float[3,2] w = {0,0,0,0,0,0}> "
        "{ t = Transpose <perm = [1,0]> (w) y = MatMul (x, t) }"
    )
    assert draw_weights(given) == 1


def test_weights_are_known_when_they_are_put_together() -> None:
    given = model(
        "g (float[1,2] x) => (float[1,3] y) <float[2,2] v = {0,0,0,0}, float[2,1] w = {0,0}> "
        "{ t = Concat <axis = 1> (v, w) y = MatMul (x, t) }"
    )
    assert draw_weights(given) == 2


def test_states_and_bounds_are_no_weights() -> None:
    given = model(
        "g (float[2,1,3] x, float[4] z) => (float[2,1,1,4] y, float[4] c) "
        "<float[1,16,3] w = {" + ",".join("0" * 48) + "}, float[1,16,4] r = {" + ",".join("0" * 64) + "}, "
        "float[1,1,4] h = {0,0,0,0}, float[4] low = {0,0,0,0}> "
        "{ y = LSTM <hidden_size = 4> (x, w, r, , , h) c = Max (z, low) }"
    )
    assert draw_weights(given) == 2
    assert not weights(given)["h"].any()
    assert not weights(given)["low"].any()


def test_a_factor_stays_about_where_it_is() -> None:
    given = model("g (float[1,4] x) => (float[1,4] y) <float[4] k = {320,320,320,320}> { y = Mul (x, k) }")
    assert draw_weights(given) == 1
    assert 256 <= weights(given)["k"].min() < weights(given)["k"].max() <= 384


def test_the_scale_of_an_untrained_branch_does_not_swallow_it() -> None:
    given = model("g (float[1,2] x) => (float[1,2] y) <float[2] k = {0.00001,0.00001}> { y = Mul (x, k) }")
    assert draw_weights(given) == 1
    assert 0.16 <= weights(given)["k"].min() < weights(given)["k"].max() <= 0.24


def test_inputs_are_in_range_and_repeat() -> None:
    sizes = [("x", "tensor(float)", [1, 3]), ("ids", "tensor(int64)", [1, 40]), ("keep", "tensor(bool)", [2])]
    found, again = inputs_for(sizes, 1), inputs_for(sizes, 1)
    assert {n: a.dtype.name for n, a in found.items()} == {"x": "float32", "ids": "int64", "keep": "bool"}
    assert set(found["ids"].flat) == {0, 1}
    assert found["ids"][0, 0] == 1
    assert all((found[n] == again[n]).all() for n in found)
    assert (found["x"] != inputs_for(sizes, 2)["x"]).all()
    assert not inputs_for(sizes, 1, 0)["ids"].any()
    assert inputs_for([("rate", "tensor(int64)", [])], 1) == {"rate": 1}


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_inputs_are_moved_by_a_few_roundings(dtype: type[np.floating[Any]]) -> None:
    given = {"x": np.full((1, 50), 2, dtype), "ids": np.ones(3, np.int64)}
    found = moved(given, 0)
    assert set(((found["x"] / given["x"] - 1) / np.finfo(dtype).eps).flat) == {-8, 8}
    assert found["x"].dtype == dtype
    assert (found["ids"] == given["ids"]).all()


@pytest.mark.parametrize("size", [("tensor(float)", ["N", 3]), ("seq(tensor(float))", [1]), ("tensor(string)", [1])])
def test_inputs_that_cannot_be_drawn_are_said(size: tuple[str, list[object]]) -> None:
    with pytest.raises(ValueError, match="input x"):
        inputs_for([("x", *size)], 1)


@pytest.mark.parametrize(
    ("source", "made", "expected"),
    [
        ((1, 3, 8, 9), (1, 8, 9, 3), [(0, 2, 3, 1)]),
        ((1, 3, 8, 9), (1, 3, 8, 9), [(0, 1, 2, 3)]),
        ((1, 8, 9, 3), (1, 3, 8, 9), [(0, 3, 1, 2)]),
        ((1, 4, 4, 4), (1, 4, 4, 4), [(0, 1, 2, 3), (0, 2, 3, 1), (0, 3, 1, 2)]),
        ((1, 3, 8, 9), (1, 9, 8, 3), []),
        ((2, 3), (3, 2), []),
        ((2, 3), (2, 3), [(0, 1)]),
    ],
)
def test_layouts(source: tuple[int, ...], made: tuple[int, ...], expected: list[tuple[int, ...]]) -> None:
    assert layouts(source, made) == expected


def test_difference_is_relative_to_the_largest() -> None:
    truth = np.arange(24, dtype=np.float32).reshape(1, 2, 3, 4)
    assert difference(truth, truth.transpose(0, 2, 3, 1)) == 0
    wrong = truth.copy()
    wrong[0, 0, 0, 1] += 2.3
    assert difference(truth, wrong) == pytest.approx(0.1)
    assert difference(truth, truth.reshape(2, 3, 4)) == 0
    assert difference(truth, truth[..., :2]) == float("inf")
    assert difference(np.zeros(2), np.full(2, 0.5)) == 0.5


def test_what_is_no_number_has_to_be_none_on_both_sides() -> None:
    truth = np.array([1.0, np.nan, 2.0])
    assert difference(truth, np.array([1.0, np.nan, 2.0])) == 0
    assert difference(truth, np.array([1.0, 0.0, 2.0])) == float("inf")


def test_tensors_are_paired_by_name_and_else_by_position() -> None:
    assert paired([{"name": "serving_default_b:0"}, {"name": "a"}], ["a", "b"]) == ["b", "a"]
    assert paired([{"name": "wa/out__0"}], ["/out:0"]) == ["/out:0"]
    assert paired([{"name": "p"}, {"name": "q"}], ["a", "b"]) == ["a", "b"]
    assert paired([{"name": "b"}], ["a", "b"]) == ["b"]
    with pytest.raises(ValueError, match="2 inputs or outputs became 1"):
        paired([{"name": "p"}], ["a", "b"])


def test_the_origins_of_an_op(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(Path(__file__).parents[2] / "edgeplan" / "verify" / "ask")
    records = [
        {"onnx_op_name": "wa/conv", "producer_operator_index": 0},
        {"onnx_op_name": "wa/relu", "producer_operator_index": 0},
        {"onnx_op_name": "gone", "producer_operator_index": None},
        {"onnx_op_name": "not_of_the_model", "producer_operator_index": 1},
    ]
    report = tmp_path / "report.json"
    report.write_text(json.dumps({"records": records}), "utf-8")
    assert origins(report, ["/conv", "/relu", "gone"]) == {0: ["/conv", "/relu"]}


def test_the_complaint_in_a_log() -> None:
    log = (
        "Model loaded ====\nERROR: first\nlowering:  67%|##  | 4/6 [01:45<00:20]\nNotImplementedError: axis\nsee page 2"
    )
    assert complaint(log) == "NotImplementedError: axis"
    assert complaint("all went well") == ""


def asked(given: onnx.ModelProto, folder: Path) -> tuple[Answer, Path]:
    """What the program answers, and where the file would lie."""
    python = environment() / "bin" / "python"
    if not python.exists():
        pytest.skip(f"no onnx2tf in {environment()}")
    onnx.save(given, folder / "model.onnx")
    options = {"output": str(folder / "made.tflite")}
    question = Question("onnx2tf", "onnx2tf_convert", folder / "model.onnx", options=options, python=python)
    return ask(question, Limits(300)), folder / "made.tflite"


@pytest.mark.referee
def test_onnx2tf_converts_and_agrees(tmp_path: Path) -> None:
    given = model(
        "g (float[1,3,8,8] x) => (float[1,4,8,8] y) <float[4,3,3,3] w = {" + ",".join("0" * 108) + "}> "
        "{ [c] t = Conv <pads = [1,1,1,1]> (x, w) [r] y = Relu (t) }"
    )
    answer, made = asked(given, tmp_path)
    assert answer.status is Status.COMPILED
    assert made.read_bytes()[4:8] == b"TFL3"
    facts = {f.name: f.value for f in answer.said.facts}
    assert facts["drawn"] == 1
    assert facts["difference y"] < 1e5 < 1e8 < facts["change y"]
    assert ("CONV_2D", ("c", "r")) in {(k.type, k.ops) for k in answer.said.kernels}


@pytest.mark.referee
def test_a_custom_op_is_no_success(tmp_path: Path) -> None:
    given = model("g (float[1,3,8,8] x, float[4,3,3,3] w) => (float[1,4,6,6] y) { y = Conv (x, w) }")
    answer, made = asked(given, tmp_path)
    assert answer.status is Status.REFUSED
    assert answer.words == "custom ops that no runtime has: ONNX_CONV x1"
    assert not made.exists()
