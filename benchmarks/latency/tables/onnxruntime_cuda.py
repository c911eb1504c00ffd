"""The CUDA provider of ONNX Runtime: faces and BERT on a V100, YOLO11 on two Jetson modules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from benchmarks.latency.dress import UNFITTED, record
from benchmarks.latency.fit import Factors, Fitted, Free, fit, free_factors
from benchmarks.latency.runs import Loaded, Run
from benchmarks.latency.tables._servers import runs_of, weights
from benchmarks.latency.validation import Held, spread_of
from edgeplan.cost.speeds import ChipSpeed, Speed

__all__ = ["ABOUT", "BASE", "OUT", "REACH", "TITLE", "dress", "runs", "speeds", "train"]

TITLE = "ONNX Runtime, CUDA"
ABOUT = """What is published of ONNX Runtime's own CUDA provider at batch 1: BERT-base of 8 to 512 tokens at batches
of 1 and 4, float32 and float16 (microsoft/onnxruntime, V100), ArcFace's residual networks at 112 pixels
(insightface, V100), YOLO11 at 640 on Orin Nano Super and Orin NX (Ultralytics, TF32). Three architectures: each is
predicted by the others and by where the fit starts, so the error says little of a fourth."""
REACH = {"rank": 0.90, "covered": (0.70, 0.90)}
OUT = "onnxruntime/cuda"

BASE = "v100-16gb"
TF32 = "jetson-orin-nano-8gb"
_NX = "jetson-orin-nx-16gb"
_SHEET = {_NX: Factors(0.9, 1.0, 1.0)}
"""Eight multiprocessors each, at 918 (before JetPack 6.2) and 1020 MHz; 102 GB/s."""


def runs() -> list[Run]:
    """A Jetson's networks are placed as for TensorRT, whose unit is the same GPU."""
    return (
        runs_of("onnxruntime_cuda", "onnxruntime", lab="onnxruntime")
        + runs_of("onnxruntime_cuda", "onnxruntime", lab="insightface")
        + runs_of("onnxruntime_cuda", "tensorrt", lab="ultralytics")
    )


def speeds() -> tuple[Speed, ...]:
    """Where the fit starts: float32 on a V100, TF32 on a Jetson, float16 on a V100."""
    full = Speed(
        unit=("cuda", "cpu"),
        precision=("float32",),
        chips=(BASE,),
        launch={"*": 6},
        gmacs={"*": 3000, "linear": 5500, "matmul": 4000},
        gbytes={"*": 600, "weights": 600},
        spread=(0.8, 1.25),
        fit=UNFITTED,
        source={},
        floor=100,
        overlap=1.5,
        fuses=("activation", "arithmetic", "norm", "softmax", "move"),
    )
    tensor = msgspec.structs.replace(
        full,
        unit=("gpu",),
        chips=(TF32,),
        launch={"*": 12},
        gmacs={"*": 1600},
        gbytes={"*": 70, "weights": 70},
        floor=200,
    )
    half = msgspec.structs.replace(
        full, precision=("float16",), gmacs={"*": 12000, "linear": 30000, "matmul": 20000}, bits=16
    )
    return full, tensor, half


def train(loaded: Sequence[Loaded]) -> Fitted:
    """Five figures a precision, one or two more for products on the V100, three factors for the second module."""
    start = speeds()
    free: list[Free] = []
    for i, s in enumerate(start):
        free += [Free(f"{i}.floor", 0.7), Free(f"{i}.launch.*", 0.5)]
        free += [Free(f"{i}.gmacs.{k}", 0.4) for k in s.gmacs]
        free += [Free(f"{i}.gbytes.{k}", 0.3) for k in s.gbytes]
    free += free_factors(_NX, 0.2, 0.2, 0.2)
    return fit(loaded, start, free, _SHEET, noise=0.12, weights=weights(loaded))


_CUDA = "Tesla V100-PCIE-16GB, batches of 1 and 4"
_SOURCE: Mapping[str, Mapping[str, str]] = {
    "full": {
        "ort-bert": f"'onnxruntime 1.4.0 fp32', {_CUDA}",
        "insightface-mfr": "'infer(ms)', R18 to R100 of MS1MV3, Tesla V100, onnxruntime-gpu 1.6",
    },
    "tensor": {"ultralytics-jetson-ort": "ONNX rows of YOLO11n to YOLO11x on Orin Nano Super and Orin NX 16GB"},
    "half": {"ort-bert": f"'onnxruntime 1.4.0 fp16', {_CUDA}"},
}
_NOTE = {
    "full": "Float32 on CUDA cores: no TF32 before Ampere. Two architectures were measured, on V100s of 250 W.",
    "tensor": "TF32, as the provider has it by default from Ampere on. One architecture, YOLO11, was measured.",
    "half": "BERT alone was measured; convolutions are taken to gain from float16 what products with weights do.",
}
_FEW = {"recurrent": 2.0, "sort": 1.5, "deconv": 1.4, "grouped": 1.5, "depthwise": 1.5, "attention": 1.2, "pool": 1.1}
"""Families that none of the networks have, or hardly."""
_DOUBT: Mapping[str, Mapping[str, float]] = {
    "full": _FEW,
    "tensor": {**_FEW, "linear": 1.3, "matmul": 1.3},
    "half": {**_FEW, "conv": 1.8, "pointwise": 1.8, "grouped": 2.0, "depthwise": 2.0},
}


def dress(fitted: Fitted, held: Sequence[Held]) -> tuple[list[Speed], list[ChipSpeed]]:
    """The range is that of all runs, three architectures left out in turn: to which side so few lie off is luck."""
    low, high = spread_of(held)
    most = max(1 / low, high)
    around = 1 / most, most
    lanes = dict(zip(("full", "tensor", "half"), fitted.speeds, strict=True))
    return [_dressed(lane, s, held, around) for lane, s in lanes.items()], []


def _lane(run: Run) -> str:
    return "tensor" if run.backend == "tensorrt" else "half" if run.precision == "float16" else "full"


def _dressed(lane: str, speed: Speed, held: Sequence[Held], around: tuple[float, float]) -> Speed:
    mine = [h for h in held if _lane(h.loaded.run) == lane]
    inside = sum(around[0] <= h.ratio <= around[1] for h in mine) / len(mine)
    told = record(mine, "measured/onnxruntime_cuda.csv", __name__)
    told = msgspec.structs.replace(told, covered=round(inside, 3))
    return msgspec.structs.replace(
        speed, unit=("cuda",), spread=around, doubt=_DOUBT[lane], fit=told, source=_SOURCE[lane], note=_NOTE[lane]
    )
