from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest

from edgeplan.frontends.onnx import parse_model
from edgeplan.surgery.runs import (
    EndlessError,
    RunError,
    difference,
    random_inputs,
    run_files,
    run_float,
    run_reference,
)

NAN, INF = float("nan"), float("inf")
ENDLESS = """g (float[4,4] x) => (float[4,4] y) <int64 n = {9223372036854775807}> {
    y = Loop (n, "", x) <body = b (int64 i, bool c, float[4,4] v) => (bool d, float[4,4] w) {
        d = Identity (c) w = MatMul (v, v) }>
}"""


@pytest.mark.parametrize(
    ("was", "now", "gap"),
    [
        ([3.0, 4.0], [3.0, 4.0], 0),
        ([3.0, 4.0], [3.0, 4.5], 0.1),
        ([0.0, 0.0], [0.0, 0.0], 0),
        ([0.0, 0.0], [0.0, 1e-9], INF),
        ([1.0, NAN], [1.0, NAN], 0),
        ([1.0, NAN], [1.0, 1.0], INF),
        ([1.0, 1.0], [1.0, NAN], INF),
        ([1.0, INF], [1.0, -INF], INF),
        ([1.0, INF], [1.0, INF], 0),
        ([], [], 0),
    ],
)
def test_how_far_two_results_are_apart(was: list[float], now: list[float], gap: float) -> None:
    assert difference(np.array(was, np.float32), np.array(now, np.float32)) == pytest.approx(gap)


def test_other_shapes_and_types_cannot_agree() -> None:
    ones = np.ones((2, 1), np.float32)
    assert difference(ones, np.ones((1, 2), np.float32)) == INF
    assert difference(ones, np.ones((2, 1), np.float16)) == INF
    assert difference(np.array([1, 2]), np.array([1, 3])) == INF
    assert difference(np.array([2**62 + 1]), np.array([2**62])) == INF  # not by way of floats


def test_inputs_are_the_same_for_a_seed_and_in_bounds() -> None:
    kinds = {"f": (np.dtype(np.float32), [64]), "i": (np.dtype(np.int64), [64]), "b": (np.dtype(bool), [64])}
    one, again, other = (random_inputs(kinds, seed, 3) for seed in (0, 0, 1))
    assert all(np.array_equal(one[n], again[n]) for n in kinds)
    assert not np.array_equal(one["f"], other["f"])
    assert set(one["i"].tolist()) == {0, 1, 2}
    assert {n: a.dtype for n, a in one.items()} == {n: kind for n, (kind, _) in kinds.items()}


def test_models_hand_on_by_name(tmp_path: Path) -> None:
    for name, text in (
        ("one", "g (float[2] x) => (float[2] m, float[2] y) { m = Neg (x) y = Relu (x) }"),
        ("two", "g (float[2] m, float[2] x) => (float[2] z) { z = Add (m, x) }"),
    ):
        onnx.save(parse_model(text), tmp_path / name)
    feeds = {"x": np.float32([1, -2])}
    z, y = run_files([tmp_path / "one", tmp_path / "two"], feeds, ["z", "y"])
    assert z.tolist() == [0, 0]
    assert y.tolist() == [1, 0]


@pytest.mark.parametrize("run", [run_float, run_reference])
def test_a_model_that_cannot_run_is_said_in_a_line(run: object) -> None:
    broken = parse_model("g (float[2] x) => (float[2] y) { y = com.acme.Odd (x) }")
    with pytest.raises(RunError) as said:
        run(broken, {"x": np.zeros(2, np.float32)}, ["y"])
    assert "\n" not in str(said.value)
    assert not str(said.value).startswith("[")


def test_the_place_of_a_file_is_not_in_the_line(tmp_path: Path) -> None:
    onnx.save(parse_model("g (float[2] x) => (float[2] y) { y = com.acme.Odd (x) }"), tmp_path / "m.onnx")
    with pytest.raises(RunError) as said:
        run_float(str(tmp_path / "m.onnx"), {"x": np.zeros(2, np.float32)}, ["y"])
    assert str(tmp_path) not in str(said.value)


def test_a_loop_that_never_ends_is_ended() -> None:
    with pytest.raises(EndlessError, match="no end after"):
        run_float(parse_model(ENDLESS), {"x": np.eye(4, dtype=np.float32)}, ["y"], patience=0.2)
