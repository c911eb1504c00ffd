from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest

from edgeplan.frontends import load_model
from edgeplan.frontends.onnx import parse_model
from edgeplan.surgery.compressing import calibration
from edgeplan.surgery.compressing.calibration import inputs_of, random_samples, read_samples
from edgeplan.surgery.compressing.outcome import CompressError
from tests.surgery.harness import model

ONE = {"x": (np.dtype(np.float32), (1, 3, 4))}
FREE = {"x": (np.dtype(np.float32), ("N", 3, 4))}
TWO = {"x": (np.dtype(np.float32), ("N", 4)), "i": (np.dtype(np.int64), ("N",))}


def test_named_arrays_are_a_sample(tmp_path: Path) -> None:
    np.savez(tmp_path / "c.npz", x=np.ones((5, 4), np.float64), i=np.arange(5, dtype=np.int32))
    found = read_samples(tmp_path / "c.npz", TWO)
    assert found.said == "1 sample of c.npz"
    assert not found.random
    assert {n: (a.dtype.name, a.shape) for n, a in found.feeds[0].items()} == {
        "x": ("float32", (5, 4)),
        "i": ("int64", (5,)),
    }


@pytest.mark.parametrize(
    ("shape", "inputs", "count"),
    [
        ((6, 3, 4), ONE, 6),
        ((6, 1, 3, 4), ONE, 6),
        ((6, 3, 4), FREE, 1),
        ((6, 2, 3, 4), FREE, 6),
        ((1, 3, 4), ONE, 1),
    ],
)
def test_one_array_can_hold_several(
    tmp_path: Path, shape: tuple[int, ...], inputs: calibration.Inputs, count: int
) -> None:
    array = np.arange(np.prod(shape)).reshape(shape)
    np.save(tmp_path / "c.npy", array)
    found = read_samples(tmp_path / "c.npy", inputs)
    assert len(found.feeds) == count
    assert sum(f["x"].sum() for f in found.feeds) == array.sum()


def test_a_folder_is_read_in_order(tmp_path: Path) -> None:
    for i in (2, 0, 1):
        np.save(tmp_path / f"s{i}.npy", np.full((1, 3, 4), i, np.float32))
    (tmp_path / "notes.txt").write_text("no sample")
    found = read_samples(tmp_path, ONE)
    assert [f["x"].flat[0] for f in found.feeds] == [0, 1, 2]
    assert found.said.startswith("3 samples of ")


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"y": np.ones((1, 3, 4)), "z": np.ones(1)}, "no array for input 'x': it has y, z"),
        ({"x": np.ones((1, 3, 5))}, "is [1, 3, 5], and the model's input [1, 3, 4]"),
        ({"x": np.array(["a"])}, "is <U1, and the model's input float32"),
        ({"x": np.array([{}])}, "cannot read"),
    ],
)
def test_what_does_not_fit_is_said(tmp_path: Path, arrays: dict[str, np.ndarray], said: str) -> None:
    np.savez(tmp_path / "c.npz", **arrays)
    with pytest.raises(CompressError, match=r"c\.npz") as raised:
        read_samples(tmp_path / "c.npz", ONE)
    assert said in str(raised.value)


def test_files_that_are_none_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CompressError, match=r"no \.npy or \.npz"):
        read_samples(tmp_path, ONE)
    with pytest.raises(CompressError, match="cannot read"):
        read_samples(tmp_path / "gone.npy", ONE)
    (tmp_path / "c.npz").write_bytes(b"PK nothing")
    with pytest.raises(CompressError, match="cannot read"):
        read_samples(tmp_path / "c.npz", ONE)


def test_samples_that_declare_too_much_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    np.savez_compressed(tmp_path / "c.npz", x=np.zeros((100, 3, 4), np.float32))
    monkeypatch.setattr(calibration, "_LARGEST", 1000)
    with pytest.raises(CompressError, match="more than"):
        read_samples(tmp_path / "c.npz", ONE)


def test_random_samples_are_ones_that_it_runs_on(tmp_path: Path) -> None:
    made = model("g (int64[N] i, float[4,8] t) => (float[N,8] y) { y = Gather (t, i) }", weights=["t"])
    onnx.save(made, tmp_path / "m.onnx")
    found = random_samples(load_model(tmp_path / "m.onnx"), tmp_path / "m.onnx", 3)
    assert found.random
    assert found.said == "3 random inputs"
    assert all(f["i"].max() < 4 for f in found.feeds)
    assert inputs_of(load_model(tmp_path / "m.onnx")) == {"i": (np.dtype(np.int64), ("N",))}


def test_a_model_that_does_not_run_has_none(tmp_path: Path) -> None:
    onnx.save(parse_model("g (float[2] x) => (float[2] y) { y = com.acme.Odd (x) }"), tmp_path / "m.onnx")
    with pytest.raises(CompressError, match="does not run"):
        random_samples(load_model(tmp_path / "m.onnx"), tmp_path / "m.onnx")
