from __future__ import annotations

import os
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np
import pytest

from edgeplan.frontends import load_model
from edgeplan.frontends.errors import ModelError
from edgeplan.graph import DType
from edgeplan.lower.scheme import parse_scheme
from edgeplan.surgery.compressing import tool
from edgeplan.surgery.compressing.outcome import Compressed, CompressError
from edgeplan.surgery.compressing.tflite import compress_tflite
from edgeplan.verify.answer import Answer, Said, Status
from tests.frontends.tflite.writer import model, tensor

RNG = np.random.default_rng(3)
KERNEL = RNG.standard_normal((16, 3, 3, 4)).astype(np.float32)
DEEP = RNG.standard_normal((1, 3, 3, 16)).astype(np.float32)
MATRIX = RNG.standard_normal((10, 64)).astype(np.float32)
SAME = {"padding": "SAME", "stride_w": 1, "stride_h": 1}

Run = Callable[..., Compressed]


def network(*, half: bool = False, old: bool = False) -> bytes:
    """Convolution, depthwise convolution, pooling and a matrix; `old` as before TensorFlow 2.4, in one byte a code."""
    codes = [*([(6, 3)] if half else []), (3, 1), (4, 1), (1, 1), (22, 1), (9, 1)]
    tensors = [
        tensor((1, 8, 8, 4), name="x"),
        tensor(KERNEL.shape, name="kernel", buffer=0 if half else 1),
        tensor((1, 8, 8, 16), name="first;relu"),
        tensor(DEEP.shape, name="deep", buffer=2),
        tensor((1, 8, 8, 16), name="second"),
        tensor((1, 2, 2, 16), name="pooled"),
        tensor((2,), "INT32", "shape", 3),
        tensor((1, 64), name="flat"),
        tensor(MATRIX.shape, name="matrix", buffer=4),
        tensor((1, 10), name="y"),
        tensor((16,), name="bias", buffer=5),
        tensor((10,), name="offset", buffer=6),
        *([tensor(KERNEL.shape, "FLOAT16", "halved", 1)] if half else []),
    ]
    pool = {"padding": "VALID", "stride_w": 4, "stride_h": 4, "filter_width": 4, "filter_height": 4}
    ops = [
        *([("DEQUANTIZE", (12,), (1,))] if half else []),
        ("CONV_2D", (0, 1, 10), (2,), {**SAME, "fused_activation_function": "RELU"}),
        ("DEPTHWISE_CONV_2D", (2, 3, 10), (4,), {**SAME, "depth_multiplier": 1}),
        ("AVERAGE_POOL_2D", (4,), (5,), pool),
        ("RESHAPE", (5, 6), (7,), {}),
        ("FULLY_CONNECTED", (7, 8, 11), (9,), {}),
    ]
    first = KERNEL.astype(np.float16) if half else KERNEL
    zeros = bytes(64)
    buffers = [first.tobytes(), DEEP.tobytes(), np.int32([1, 64]).tobytes(), MATRIX.tobytes(), zeros, zeros[:40]]
    said = [{"deprecated_builtin_code": n, "version": v, **({} if old else {"builtin_code": n})} for n, v in codes]
    return model(tensors, ops, (0,), (9,), buffers, operator_codes=said)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    place = tmp_path / "m.tflite"
    place.write_bytes(network())
    return place


@pytest.fixture
def run(source: Path, tmp_path: Path) -> Run:
    """A compression that leaves the model as it is, and nothing else behind."""

    def compress(scheme: str, **more: Any) -> Compressed:
        before = source.read_bytes()
        there = set(tmp_path.iterdir())
        out = tmp_path / "out.tflite"
        try:
            return compress_tflite(source, parse_scheme(scheme), out, **more)
        finally:
            assert source.read_bytes() == before
            assert set(tmp_path.iterdir()) - there <= {out}

    return compress


@pytest.mark.parametrize(
    ("scheme", "words"),
    [
        ("palette4", "writes neither palettes nor sparse weights"),
        ("sparse50", "writes neither palettes nor sparse weights"),
        ("bf16", "writes float16 alone"),
        ("w4-block48", "blocks have 32, 64, 128, 256 elements"),
    ],
)
def test_what_has_no_form_is_refused(run: Run, scheme: str, words: str) -> None:
    with pytest.raises(CompressError, match=words):
        run(scheme)


def test_a_name_that_nothing_has_is_refused(run: Run) -> None:
    with pytest.raises(CompressError, match="no op or weight of the model is called nothing"):
        run("w8", keep=["nothing"])


def test_the_model_is_no_place_for_the_result(source: Path) -> None:
    with pytest.raises(CompressError, match="is the model itself"):
        compress_tflite(source, parse_scheme("w8"), source)


def test_another_format_is_refused(tmp_path: Path) -> None:
    (tmp_path / "m.onnx").write_bytes(b"\x08\x08")
    with pytest.raises(ModelError, match=r"no \.tflite model"):
        compress_tflite(tmp_path / "m.onnx", parse_scheme("w8"), tmp_path / "out.tflite")


def test_a_missing_tool_is_one_line(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    words = "the Python package ai_edge_quantizer"
    answer = Answer("ai-edge-quantizer", "", Status.MISSING, Said(missing=words), words)
    monkeypatch.setattr(tool, "ask", lambda *_: answer)
    with pytest.raises(CompressError, match=r"is not installed: pip install 'edgeplan\[compress-tflite\]'$"):
        run("w8")


def vendors() -> None:
    if find_spec("ai_edge_quantizer") is None and not os.environ.get("EDGEPLAN_REFEREES"):
        pytest.skip("ai-edge-quantizer is not installed")


@pytest.mark.referee
def test_weights_are_quantised_where_the_tool_can(run: Run, source: Path, tmp_path: Path) -> None:
    vendors()
    source.write_bytes(network(old=True))
    with ZipFile(source, "a") as packed:
        packed.writestr("labels.txt", "cat\ndog\n")
    found = run("w4", exceptions={"kernel": parse_scheme("w8")})
    assert {(a.weight, a.op, a.label, a.form) for a in found.applied} == {
        ("kernel", "first;relu", "CONV_2D", "w8"), ("matrix", "y", "FULLY_CONNECTED", "w4"),
    }  # fmt: skip
    snr = {a.weight: a.snr for a in found.applied}
    assert 40 < snr["kernel"] < 50  # 6 dB a bit, less the range of a normal distribution
    assert 15 < snr["matrix"] < 25
    assert [(u.weight, u.reason) for u in found.left] == [
        ("deep", "ai-edge-quantizer stores no DEPTHWISE_CONV_2D that way")
    ]
    assert found.outputs.keys() == {"y"}
    assert 10 < found.outputs["y"] < 40
    assert (found.runs, found.samples) == (4, "4 random inputs")
    assert found.before == source.stat().st_size > found.after == (tmp_path / "out.tflite").stat().st_size
    made = load_model(tmp_path / "out.tflite").graph
    assert made.values["matrix"].dtype is DType.INT4
    assert made.values["deep"].dtype is DType.FLOAT32
    with ZipFile(tmp_path / "out.tflite") as packed:
        assert packed.read("labels.txt") == b"cat\ndog\n"


@pytest.mark.referee
def test_activations_are_learnt_on_samples(run: Run, tmp_path: Path) -> None:
    vendors()
    (tmp_path / "more").mkdir()
    np.save(tmp_path / "more" / "x.npy", RNG.uniform(-1, 1, (6, 8, 8, 4)).astype(np.float32))
    found = run("w8a8", samples=tmp_path / "more" / "x.npy", keep=["second"])
    assert {(a.weight, a.form) for a in found.applied} == {("kernel", "w8a8"), ("matrix", "w8a8")}
    assert [(u.weight, u.reason) for u in found.left] == [("deep", "kept as it is, as asked")]
    assert (found.runs, found.samples, found.notes) == (6, "6 samples of x.npy", ())
    assert 10 < found.outputs["y"] < 60
    made = load_model(tmp_path / "out.tflite").graph
    assert {made.values[n].dtype for n in (*made.inputs, *made.outputs)} == {DType.FLOAT32}


@pytest.mark.referee
def test_random_inputs_are_said_to_be(run: Run) -> None:
    vendors()
    found = run("w8a16")
    assert {a.form for a in found.applied} == {"w8a16"}
    assert len(found.applied) == 3
    assert "4 random inputs gave" in found.notes[0]


@pytest.mark.referee
def test_weights_in_float16_are_quantised_or_stay_so(run: Run, source: Path, tmp_path: Path) -> None:
    vendors()
    source.write_bytes(network(half=True))
    found = run("w8", dynamic=False, keep=["kernel"])
    assert {(a.weight, a.form) for a in found.applied} == {("deep", "w8"), ("matrix", "w8")}
    assert [(u.weight, u.reason) for u in found.left] == [("kernel", "kept as it is, as asked")]
    assert found.outputs["y"] > 30
    made = load_model(tmp_path / "out.tflite").graph
    assert "halved" not in made.values
    assert made.values["kernel"].dtype is DType.FLOAT16
    (tmp_path / "out.tflite").unlink()
    with pytest.raises(CompressError, match="no weight can be stored as fp16: its weight is float16 already"):
        run("fp16", keep=["deep", "matrix"])


@pytest.mark.referee
def test_where_nothing_can_be_done_nothing_is_written(run: Run, tmp_path: Path) -> None:
    vendors()
    with pytest.raises(CompressError, match="no weight can be stored as w4-block32: ai-edge-quantizer stores no"):
        run("w4-block32", keep=["matrix"])
    assert not (tmp_path / "out.tflite").exists()
