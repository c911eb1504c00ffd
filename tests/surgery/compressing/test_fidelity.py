from __future__ import annotations

from math import inf
from pathlib import Path

import numpy as np
import onnx
import pytest

from edgeplan.frontends.onnx import parse_model
from edgeplan.surgery.compressing.fidelity import fidelity, output_snr
from tests.surgery.harness import model


@pytest.mark.parametrize(
    ("was", "now", "snr"),
    [
        ([3.0, 4.0], [3.0, 4.5], 20.0),
        ([3.0, 4.0], [3.0, 4.0], inf),
        ([3.0, np.inf], [3.0, np.inf], inf),
        ([3.0, np.inf], [3.0, 9.0], -inf),
        ([3.0, 4.0], [np.nan, 4.0], -inf),
        ([0.0, 0.0], [0.0, 1.0], -inf),
        ([0.0, 0.0], [0.0, 0.0], inf),
    ],
)
def test_floats(was: list[float], now: list[float], snr: float) -> None:
    assert output_snr([np.array(was)], [np.array(now)]) == pytest.approx(snr)


def test_samples_are_summed_and_shapes_must_agree() -> None:
    assert output_snr([np.ones(1), np.full(1, 7.0)], [np.ones(1), np.full(1, 7.5)]) == pytest.approx(23.01, abs=0.01)
    assert output_snr([np.ones(2)], [np.ones(3)]) == -inf


def test_whole_numbers_count_those_that_differ() -> None:
    was, now = np.arange(100), np.arange(100)
    now[3] = 7
    assert output_snr([was], [now]) == pytest.approx(20)


def test_a_result_that_does_not_run_is_broken(tmp_path: Path) -> None:
    onnx.save(parse_model("g (float[2] x) => (float[2] y) { y = com.acme.Odd (x) }"), tmp_path / "m.onnx")
    found = fidelity([[np.ones(2)]], tmp_path / "m.onnx", [{"x": np.ones(2, np.float32)}], ["y"])
    assert found.broken
    assert found.runs == 0
    assert found.worst == -inf
    assert "does not run the result" in found.why


def test_each_output_has_a_figure(tmp_path: Path) -> None:
    onnx.save(model("g (float[2] x) => (float[2] y, float[2] z) { y = Neg (x) z = Relu (x) }"), tmp_path / "m.onnx")
    x = np.array([1, 2], np.float32)
    found = fidelity([[-x, x * 1.1]], tmp_path / "m.onnx", [{"x": x}], ["y", "z"])
    assert found.outputs == {"y": inf, "z": pytest.approx(20.8, abs=0.1)}
    assert found.worst == found.outputs["z"]
