"""YOLO, ViT, EfficientViT and MLPerf networks on the GPUs of Jetson Orin, Xavier NX and Thor."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from benchmarks.latency.dress import record
from benchmarks.latency.fit import Factors, Fitted
from benchmarks.latency.runs import Loaded, Run
from benchmarks.latency.tables._jetson import BASE, lane_of, lanes, rows, train_on
from benchmarks.latency.validation import Held, power_of, spread_of
from edgeplan.cost.speeds import ChipSpeed, Speed

__all__ = ["ABOUT", "OUT", "REACH", "TITLE", "dress", "runs", "speeds", "train"]

TITLE = "Jetson GPUs, TensorRT"
ABOUT = """YOLOv8, v9, v10, 11 and 26 in all sizes and at inputs of 160 to 1280, ViT-B, EfficientViT-B, and MLPerf's
ResNet-50, RetinaNet, SSD and BERT, in FP32 (TF32 on Orin), FP16 and INT8, on Orin Nano, Orin NX, AGX Orin, Xavier NX,
AGX Xavier and Thor. Measured by Ultralytics (`docs/en/guides/nvidia-jetson.md`), J. Davis (trtutils), H. Choi
(jetson-orin-nano-benchmarks), MIT (EfficientViT) and NVIDIA (MLPerf, NanoOWL, Jetson AI Lab). All are times of the
engine alone, without pre- and postprocessing; YOLOv8 and v9 of trtutils end in EfficientNMS. End-to-end figures were
left out. Of BERT's queries of all lengths the slowest in a thousand stand for 384 tokens. Clocks are the highest of a
module unless the table names a mode."""
REACH = {"covered": (0.80, 0.95), "ordered": 0.95}
OUT = "tensorrt/gpu"

_OLD = ("torch2trt", "kentaroy47", "jetson-nano")


def speeds() -> tuple[Speed, ...]:
    """Where the fit starts."""
    return lanes()


def runs() -> list[Run]:
    """All rows but those of TensorRT 5 to 7 and of Maxwell; of AGX Xavier in INT8 nothing can be spared."""
    return rows(leave=_OLD) + rows(("int8",), only="kentaroy47")


def train(loaded: Sequence[Loaded]) -> Fitted:
    """Five figures a precision, one more for FP16, three factors a module."""
    return train_on(loaded, lanes(), dict.fromkeys(r.scale for r in runs()))


_DOUBT = {
    "recurrent": 2.0,
    "sort": 1.5,
    "deconv": 1.3,
    "grouped": 1.2,
    "attention": 1.2,
    "linear": 1.15,
    "matmul": 1.3,
    "pool": 1.1,
}
"""Families that few of the networks have, or none."""

_SOURCES = {
    "ultralytics-jetson": "TensorRT rows of YOLO11, Ultralytics 8.3.157 and 8.3.226",
    "ultralytics-jetson-26": "TensorRT rows of YOLO26, Ultralytics 8.4.7 to 8.4.33",
    "trtutils": "benchmark/data/models/*.json: 'tensorrt', the median",
    "orin-nano-benchmarks": "YOLOv8n, GPU compute time",
}
_MORE = {
    "float16": {
        "efficientvit": "Jetson Orin (bs1), EfficientViT-B1 to B3",
        "jetson-ai-lab": "vit-base-patch16-224, vit-base-patch32-224",
        "nanoowl": "Jetson AGX Orin (FPS)",
    },
    "int8": {
        "mlperf-1.1": "AGX_Xavier_TRT, SingleStream, 50.00 percentile",
        "mlperf-2.0": "Orin_TRT and Xavier_NX_TRT, SingleStream, 50.00 percentile",
        "mlperf-3.1": "Orin_TRT and Orin_NX_TRT, SingleStream",
    },
    "float32": {},
}
_NOTE = {
    "float32": "TF32 on Orin and Thor. One architecture, YOLO, was measured; the range is that of FP16, wider.",
    "float16": "At the highest clocks (`nvpmodel -m 0`, `jetson_clocks`).",
    "int8": "At the highest clocks. What has no INT8 kernel runs in FP16 or FP32, as the builder took it.",
}
_ORIGINAL = "8.6"
_SUPER = "9.0"
_SCALES: dict[str, tuple[str, str, str, str]] = {
    "jetson-agx-orin-32gb": ("jetson-agx-orin-32gb", "", "", "measured by trtutils"),
    "jetson-orin-nx-16gb": ("jetson-orin-nx-16gb", _SUPER, "", "MAXN_SUPER of JetPack 6.2, YOLO26"),
    "jetson-orin-nx-16gb@918MHz": ("jetson-orin-nx-16gb", "", _ORIGINAL, "MAXN before JetPack 6.2, 918 MHz"),
    "jetson-orin-nano-8gb": ("jetson-orin-nano-8gb", _SUPER, "", "MAXN_SUPER, 1020 MHz"),
    "jetson-orin-nano-8gb@15W": (
        "jetson-orin-nano-8gb",
        "",
        _ORIGINAL,
        "15 W, 625 MHz, the highest before JetPack 6.1",
    ),
    "jetson-xavier-nx": ("jetson-xavier-nx", "", "", "measured by trtutils and MLPerf"),
    "jetson-agx-xavier": ("jetson-agx-xavier", "", "", "measured by MLPerf 1.1 and kentaroy47"),
    "jetson-agx-thor": ("jetson-agx-thor", "", "", "measured by Ultralytics"),
}


def dress(fitted: Fitted, held: Sequence[Held]) -> tuple[list[Speed], list[ChipSpeed]]:
    """A speed for each precision on AGX Orin, factors for all other modules that were measured.

    The ranges are those of Orin; what Xavier's and Thor's runs need beyond is in their factors.
    """
    orin = [h for h in held if "/" not in h.loaded.run.scale]
    floats = [h for h in orin if lane_of(h.loaded.run) != "int8"]
    pools = {"float16": floats, "float32": floats, "int8": [h for h in orin if lane_of(h.loaded.run) == "int8"]}
    spreads = {lane: _raised(spread_of(pool), _CARE[lane]) for lane, pool in pools.items()}
    found = [_dressed(s, [h for h in held if lane_of(h.loaded.run) == s.precision[0]], spreads) for s in fitted.speeds]
    return found, [c for scale, f in fitted.chips.items() for c in _chips(scale, f, held, spreads)]


_CARE = {"float16": 1.6, "float32": 1.8, "int8": 1.5}
"""Five of the seven architectures that were measured in floats are YOLOs, both in float32: the range of other networks,
which was seen on ViT and EfficientViT and, in INT8, on MLPerf's, is that much wider.
"""


def _raised(spread: tuple[float, float], power: float) -> tuple[float, float]:
    return spread[0] ** power, spread[1] ** power


def _dressed(speed: Speed, held: Sequence[Held], spreads: dict[str, tuple[float, float]]) -> Speed:
    lane = speed.precision[0]
    told = record(held, "measured/tensorrt_jetson.csv", __name__)
    source = {**_SOURCES, **_MORE[lane]}
    return msgspec.structs.replace(speed, spread=spreads[lane], doubt=_DOUBT, fit=told, source=source, note=_NOTE[lane])


def _chips(scale: str, f: Factors, held: Sequence[Held], spreads: dict[str, tuple[float, float]]) -> list[ChipSpeed]:
    module, _, lane = scale.partition("/")
    chip, since, until, why = _SCALES[module]
    mine = [h for h in held if h.loaded.run.scale == scale]
    source = {h.loaded.run.table: why for h in mine}
    least = 1.5 if len(mine) < 10 else 1.2 if len(source) < 2 else 1.0
    widen = max(least, power_of([(h, spreads[lane_of(h.loaded.run)]) for h in mine]))
    return [
        ChipSpeed(
            chip,
            ("gpu",),
            BASE,
            why,
            {_KEYS.get(k, k): v for k, v in source.items()},
            (lane,) if lane else (),
            f.work,
            f.traffic,
            f.fixed,
            widen,
            measured=True,
            since=since,
            until=until,
        )
    ]


_KEYS = {"ultralytics": "ultralytics-jetson", "hokwangchoi": "orin-nano-benchmarks", "mlperf": "mlperf-2.0"}
