from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import numpy as np
import onnx
import pytest

from edgeplan.lower.scheme import parse_scheme
from edgeplan.surgery.compressing import mixed
from edgeplan.surgery.compressing.mixed import compress_onnx_to, fewest_wide
from edgeplan.surgery.compressing.outcome import CompressError
from tests.surgery.harness import model

NAMES = [f"l{i}" for i in range(40)]


def by_count(kept: Collection[str]) -> float:
    return float(len(kept))


@pytest.mark.parametrize("floor", [0, 1, 7, 38, 39])
def test_as_few_stay_wide_as_it_takes(floor: int) -> None:
    found = fewest_wide(lambda: (NAMES, "as told"), by_count, floor)
    assert found.keep == tuple(NAMES[:floor])
    assert found.reached == floor
    assert found.trials <= 9
    assert not found.why


def test_layers_are_not_ranked_where_all_may_be_compressed() -> None:
    found = fewest_wide(lambda: pytest.fail("asked"), lambda kept: 50.0, 40)
    assert (found.keep, found.trials, found.order) == ((), 1, "")


def test_a_floor_out_of_reach_is_said() -> None:
    found = fewest_wide(lambda: (NAMES, "as told"), by_count, 40)
    assert found.keep == ()
    assert found.why == "with all layers but one wide it is 39.0 still"
    assert fewest_wide(lambda: (NAMES[:1], ""), by_count, 1).why == "with its one layer compressed it is 0.0 still"


def network(place: Path) -> Path:
    """Three layers, of which the second has weights that four bits hold badly."""
    text = """g (float[4,32] x, float[32,32] a, float[32,32] b, float[32,32] c) => (float[4,32] y) {
        p = MatMul (x, a) q = MatMul (p, b) y = MatMul (q, c) }"""
    made = model(text, weights=["a", "c"], constants={"b": np.eye(32) + np.eye(32, k=1) * 0.3 + 0.03})
    onnx.save(made, place)
    return place


@pytest.mark.parametrize("patience", [60.0, 0.0])
def test_the_layer_that_costs_most_stays_wide(tmp_path: Path, patience: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mixed, "_PATIENCE", patience)
    source, w4 = network(tmp_path / "m.onnx"), parse_scheme("w4")
    found = compress_onnx_to(15.5, source, w4, tmp_path / "out.onnx")
    assert found.choice.keep[0] == "b"
    assert found.choice.reached >= 15.5
    assert found.choice.order.startswith("by what each costs" if patience else "by the errors")
    assert found.compressed is not None
    assert next(u.reason for u in found.compressed.left) == "kept wide"
    assert found.compressed.worst == pytest.approx(found.choice.reached)


def test_a_metric_counts_where_one_is_given(tmp_path: Path) -> None:
    source = network(tmp_path / "m.onnx")
    seen: list[int] = []

    def metric(path: Path) -> float:
        seen.append(sum(n.op_type == "DequantizeLinear" for n in onnx.load(path).graph.node))
        return -float(seen[-1])

    found = compress_onnx_to(-2, source, parse_scheme("w8"), tmp_path / "out.onnx", metric=metric)
    assert len(found.choice.keep) == 1
    assert seen[0] == 3
    assert found.compressed is not None
    assert len(found.compressed.applied) == 2


def test_nothing_is_written_where_it_is_not_reached(tmp_path: Path) -> None:
    found = compress_onnx_to(200, network(tmp_path / "m.onnx"), parse_scheme("w4"), tmp_path / "out.onnx")
    assert found.compressed is None
    assert "all layers but one" in found.choice.why
    assert found.choice.why.endswith("on random inputs, which may be unlike any the model is for")
    assert [p.name for p in tmp_path.iterdir()] == ["m.onnx"]


def test_a_model_before_its_training_has_no_snr(tmp_path: Path) -> None:
    text = "g (float[2,16] x, float[16,16] w) => (float[2,16] y) { y = MatMul (x, w) }"
    onnx.save(model(text, constants={"w": np.zeros((16, 16))}), tmp_path / "m.onnx")
    with pytest.raises(CompressError, match="all one number"):
        compress_onnx_to(20, tmp_path / "m.onnx", parse_scheme("w8"), tmp_path / "out.onnx")
