from __future__ import annotations

from math import inf, log10

import numpy as np
import pytest

from edgeplan.lower.scheme import SCHEMES, parse_scheme
from edgeplan.surgery.compressing import rounding
from edgeplan.surgery.compressing.rounding import scheme_errors

NORMAL = np.random.default_rng(0).standard_normal((64, 64, 3, 3)).astype(np.float32)


def errors(array: np.ndarray, *names: str, outputs: int | None = 0, inputs: int | None = 1) -> dict[str, float]:
    return scheme_errors(array, outputs, inputs, [parse_scheme(n) for n in names])


def snr(array: np.ndarray, held: np.ndarray) -> float:
    return float(10 * log10((array.astype(float) ** 2).sum() / ((array.astype(float) - held) ** 2).sum()))


def linear(array: np.ndarray, bits: int, axes: tuple[int, ...]) -> np.ndarray:
    scale = np.abs(array).max(axis=axes, keepdims=True) / (2 ** (bits - 1) - 1)
    return np.round(array / scale) * scale


def test_whole_numbers_are_those_of_a_symmetric_scale() -> None:
    found = errors(NORMAL, "w8", "w8-tensor", "w4", "w4-block32")
    assert found["w8"] == pytest.approx(snr(NORMAL, linear(NORMAL, 8, (1, 2, 3))), abs=0.01)
    assert found["w8-tensor"] == pytest.approx(snr(NORMAL, linear(NORMAL, 8, (0, 1, 2, 3))), abs=0.01)
    assert found["w4"] == pytest.approx(snr(NORMAL, linear(NORMAL, 4, (1, 2, 3))), abs=0.01)
    blocks = NORMAL.reshape(64, 2, 32, 3, 3)
    assert found["w4-block32"] == pytest.approx(snr(blocks, linear(blocks, 4, (2, 3, 4))), abs=0.01)


def test_channels_run_along_the_axis_that_is_told() -> None:
    uneven = NORMAL * np.logspace(0, 3, 64)[:, None, None, None].astype(np.float32)
    right = errors(uneven, "w8")["w8"]
    turned = np.ascontiguousarray(uneven.transpose(1, 0, 2, 3))
    assert errors(turned, "w8", outputs=1, inputs=0)["w8"] == pytest.approx(right, abs=0.01)
    assert errors(uneven, "w8-tensor")["w8-tensor"] < right - 3


def test_activations_make_no_difference_to_weights() -> None:
    found = errors(NORMAL, "w8", "w8a8", "w8a16", "w4", "w4a16")
    assert found["w8"] == found["w8a8"] == found["w8a16"]
    assert found["w4"] == found["w4a16"]


def test_floats_are_rounded_to_nearest() -> None:
    found = errors(NORMAL, "fp32", "fp16", "bf16")
    assert found["fp32"] == inf
    assert found["fp16"] == pytest.approx(snr(NORMAL, NORMAL.astype(np.float16).astype(float)), abs=0.01)
    assert found["bf16"] == pytest.approx(found["fp16"] - 18.06, abs=0.1)  # three bits less
    assert errors(NORMAL.astype(np.float16), "fp16")["fp16"] == inf


def test_sparsity_cuts_the_smallest() -> None:
    half = NORMAL.astype(np.float16).astype(np.float32)
    cut = np.quantile(np.abs(half), 0.7)
    found = errors(half, "sparse70", "sparse50", "sparse50-w8", "sparse50-palette4", "sparse50-w4")
    assert found["sparse70"] == pytest.approx(snr(half, np.where(np.abs(half) <= cut, 0, half)), abs=0.02)
    assert found["sparse50"] > found["sparse50-w8"] > found["sparse50-palette4"] > found["sparse50-w4"]


def test_a_palette_of_a_group_is_its_own() -> None:
    uneven = NORMAL * np.repeat([1, 30, 900, 27000], 16)[:, None, None, None].astype(np.float32)
    found = errors(uneven / 900, "palette4", "palette4-group16")
    assert found["palette4-group16"] > found["palette4"] - 1
    tiny = errors(NORMAL[:, :1, :1, :1], "palette8-group16", "palette6-group16")
    assert min(tiny.values()) > 70  # sixteen weights need no more than sixteen of 64 numbers


@pytest.mark.parametrize(
    ("shape", "missing"),
    [((64, 1, 3, 3), {"w4-block32"}), ((24, 32), {"palette4-group16"}), ((24, 33), {"w4-block32", "palette4-group16"})],
)
def test_what_does_not_divide_has_no_figure(shape: tuple[int, ...], missing: set[str]) -> None:
    names = {"w8", "w4-block32", "palette4", "palette4-group16", "sparse50"}
    array = np.random.default_rng(1).standard_normal(shape).astype(np.float32)
    assert names - errors(array, *sorted(names)).keys() == missing


def test_without_channels_only_the_tensor_counts() -> None:
    found = errors(NORMAL, "w8", "w8-tensor", "palette4", "palette4-group16", "sparse50", outputs=None, inputs=None)
    assert found.keys() == {"w8-tensor", "palette4", "sparse50"}


def test_what_is_not_finite_has_no_figure() -> None:
    assert errors(np.array([[1, np.nan], [2, 3]], np.float32), "w8", "fp16") == {}


def test_zeros_are_held_exactly_by_everything() -> None:
    found = scheme_errors(np.zeros((32, 32), np.float32), 0, 1, SCHEMES)
    assert set(found.values()) == {inf}


def test_of_large_weights_a_part_says_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    array = np.random.default_rng(2).standard_normal((512, 256)).astype(np.float32)
    names = ("w8", "w4-block32", "w8-tensor", "palette4", "palette4-group16", "sparse50")
    whole = errors(array, *names)
    monkeypatch.setattr(rounding, "_SAMPLE", 1 << 15)
    part = errors(array, *names)
    assert part.keys() == whole.keys()
    assert part != whole
    assert all(abs(part[n] - whole[n]) < 0.3 for n in names)
