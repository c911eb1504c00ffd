from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import ModelProto

from edgeplan.frontends import load_model
from edgeplan.frontends.onnx import parse_model
from edgeplan.surgery import equivalence
from edgeplan.surgery.blank import has_blank_weights
from edgeplan.surgery.draft import Draft
from edgeplan.surgery.equivalence import (
    Comparison,
    compare_models,
    tolerance_of,
    with_random_weights,
)
from edgeplan.surgery.runs import EndlessError
from tests.surgery.harness import model

SCALE = "g (float[N,8] x) => (float[N,8] y) <float s = {{{0}}}> {{ y = Mul (x, s) }}"
DENSE = "g (float[2,16] x, float[16,16] w) => (float[2,16] y) { y = MatMul (x, w) }"


def compared(folder: Path, old: ModelProto, new: ModelProto, tolerance: float = 1e-4) -> Comparison:
    for name, made in (("old", old), ("new", new)):
        onnx.save(made, folder / f"{name}.onnx")
    return compare_models(load_model(folder / "old.onnx"), folder / "old.onnx", [folder / "new.onnx"], tolerance)


def scaled(by: float) -> ModelProto:
    return parse_model(SCALE.format(by))


def test_the_same_model_is_equal_at_two_sizes_and_seeds(tmp_path: Path) -> None:
    assert compared(tmp_path, scaled(2), scaled(2)) == Comparison(4, 0.0, 1e-4)


@pytest.mark.parametrize(("by", "equal"), [(2.0001, True), (2.001, False)])
def test_it_may_differ_within_its_tolerance(tmp_path: Path, by: float, equal: bool) -> None:
    found = compared(tmp_path, scaled(2), scaled(by))
    assert found.equal is equal
    assert ("output 'y' differs by" in found.why) is not equal


def test_a_new_model_that_does_not_run_is_not_equal(tmp_path: Path) -> None:
    broken = parse_model("g (float[N,8] x) => (float[N,8] y) { y = com.acme.Odd (x) }")
    found = compared(tmp_path, scaled(2), broken)
    assert found.runs > 0
    assert not found.equal


def test_an_old_model_that_does_not_run_proves_nothing(tmp_path: Path) -> None:
    broken = parse_model("g (float[N,8] x) => (float[N,8] y) { y = com.acme.Odd (x) }")
    found = compared(tmp_path, broken, broken)
    assert found.runs == 0
    assert not found.equal
    assert found.why.startswith("onnxruntime does not run the model")


def test_the_old_models_own_noise_is_allowed(tmp_path: Path) -> None:
    text = "g (float[64] x) => (float[64] y) <float huge = {{1e7}}> {{ a = Mul (x, huge) y = Sin ({0}) }}"
    old = parse_model(text.format("a"))
    new = parse_model(
        "g (float[64] x) => (float[64] y) <float k = {3162.2777}> { b = Mul (x, k) a = Mul (b, k) y = Sin (a) }"
    )
    assert compared(tmp_path, old, new).equal


def test_indices_are_made_up_within_what_they_index(tmp_path: Path) -> None:
    text = "g (int64[5] i) => (float[5] y) <float[2] w = {1, 2}> { y = Gather (w, i) }"
    assert compared(tmp_path, parse_model(text), parse_model(text)).equal


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("g (string[2] x) => (string[2] y) { y = Identity (x) }", "input 'x' cannot be made up"),
        ("g (float[1048576,1048576] x) => (float[1] y) { y = ReduceSum <keepdims = 0> (x) }", "too large to try"),
        ("g (float[4611686018427387904,4] x) => (float[1] y) { y = ReduceSum (x) }", "too large to try"),
    ],
)
def test_what_cannot_be_tried_is_said(tmp_path: Path, text: str, words: str) -> None:
    found = compared(tmp_path, parse_model(text), parse_model(text))
    assert found.runs == 0
    assert words in found.why


def test_a_model_without_end_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def endless(*_: object) -> None:
        raise EndlessError("no end after 120 s")

    monkeypatch.setattr(equivalence, "run_files", endless)
    found = compared(tmp_path, scaled(2), scaled(2))
    assert (found.runs, found.why) == (0, "onnxruntime runs the model: no end after 120 s")


def test_stated_tolerances_widen_the_whole_by_ten() -> None:
    assert tolerance_of([]) == tolerance_of([0.0, 1e-6]) == 1e-4
    assert tolerance_of([1e-3, 1e-2]) == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("fill", "blank"), [(np.ones, True), (np.zeros, True), (np.random.default_rng(0).random, False)]
)
def test_weights_of_one_number_are_blank(fill: object, blank: bool) -> None:
    assert has_blank_weights(Draft.open(model(DENSE, constants={"w": fill((16, 16))})).model) is blank


def test_blank_weights_become_random_ones_and_others_stay(tmp_path: Path) -> None:
    text = "g (float[2,16] x, float[16,16] w, float[16] b) => (float[2,16] y) { a = MatMul (x, w) y = Add (a, b) }"
    draft = Draft.open(model(text, weights=["b"], constants={"w": np.zeros((16, 16))}))
    made = with_random_weights(draft, tmp_path / "made.onnx")
    now = {n: v.const_value.numpy() for n, v in made.model.graph.initializers.items()}
    was = {n: v.const_value.numpy() for n, v in draft.model.graph.initializers.items()}
    assert np.ptp(now["w"]) > 0
    assert np.array_equal(now["b"], was["b"])
    assert not was["w"].any()


CHOICE = """g (float[64] x) => (int64[1] i) <float scale = {%s}, int64[1] k = {1}> {
    a = Mul (x, scale) n, i = TopK<axis = 0> (a, k)
}"""


def test_whole_numbers_that_do_not_move_when_nudged_are_held_against_the_old_ones(tmp_path: Path) -> None:
    assert compared(tmp_path, parse_model(CHOICE % "1"), parse_model(CHOICE % "2")).equal
    assert not compared(tmp_path, parse_model(CHOICE % "1"), parse_model(CHOICE % "-1")).equal


def test_a_choice_between_near_equals_may_turn_out_otherwise(tmp_path: Path) -> None:
    text = """g (float[4096] x) => (int64[N, 1] i) <float far = {1e6}, float none = {0}, float half = {%s}> {
        a = Mul (x, far) b = Sin (a) c = Sub (b, half) p = Greater (c, none) j = NonZero (p) i = Transpose (j)
    }"""
    assert compared(tmp_path, parse_model(text % "0"), parse_model(text % "0.001")).equal
