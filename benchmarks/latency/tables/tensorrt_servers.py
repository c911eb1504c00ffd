"""TensorRT on the GPUs of servers and workstations: YOLOs of all sizes, and MLPerf's networks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from benchmarks.latency.dress import UNFITTED, record
from benchmarks.latency.fit import Factors, Fitted, Free, fit, free_factors
from benchmarks.latency.runs import Loaded, Run
from benchmarks.latency.tables._servers import runs_of, weights
from benchmarks.latency.validation import Held, power_of, spread_of
from edgeplan.cost.speeds import Align, ChipSpeed, Speed

__all__ = ["ABOUT", "BASE", "OUT", "REACH", "SHEETS", "TITLE", "dress", "lane_of", "runs", "speeds", "train"]

TITLE = "Servers' GPUs, TensorRT"
ABOUT = """YOLOv8, v9 and v10 at inputs of 160 to 1280 in FP16 on Titan RTX and RTX 3090 (J. Davis, trtutils),
YOLO11 and YOLO26 (detection, segmentation, poses, boxes at an angle) in FP16 on a T4 and YOLOv8 on an A100
(Ultralytics), and MLPerf's ResNet-50, SSD, RetinaNet and BERT in INT8, SingleStream, on T4, A100 and L4, of BERT
the slowest in a thousand for 384 tokens. Left out: YOLO11's classifiers at 224 on the T4, which take 2.1 to 2.4
times what all other runs say."""
REACH = {"covered": (0.75, 0.95), "ordered": 0.95}
OUT = "tensorrt/servers"

BASE = "t4"
SHEETS: Mapping[str, Factors] = {
    "titan-rtx": Factors(2.0, 2.1, 1.0),
    "rtx-3090": Factors(2.2, 2.9, 1.0),
    "a100-40gb": Factors(4.8, 4.86, 1.0),
    "l4": Factors(1.86, 0.94, 1.0),
}
"""Against a T4 of 65 TFLOP/s at float16 and 320 GB/s: 130 and 672, 142 and 936, 312 and 1555, 121 and 300."""

_POINTWISE = ("activation", "arithmetic", "norm", "softmax", "reduction", "move", "cast", "resize", "gather")


def runs() -> list[Run]:
    """All rows but those of the classifiers."""
    return [r for r in runs_of("tensorrt_servers", "tensorrt") if r.group != "yolo11-cls"]


def speeds() -> tuple[Speed, ...]:
    """Where the fit starts: the form is that of Jetson's GPUs."""
    return _lane("float16", 14_000, gates=True), _lane("int8", 28_000, gates=False)


def _lane(precision: str, gmacs: float, gates: bool) -> Speed:
    return Speed(
        unit=("gpu",),
        precision=(precision,),
        chips=(BASE,),
        launch={"*": 6},
        gmacs={"*": gmacs},
        gbytes={"*": 220, "weights": 240},
        spread=(0.8, 1.2),
        fit=UNFITTED,
        source={},
        floor=100,
        overlap=1.5,
        bits=16 if precision == "float16" else 0,
        align=Align(16, 16, packed=8),
        fuses=_POINTWISE,
        gates=gates,
    )


def train(loaded: Sequence[Loaded]) -> Fitted:
    """Five figures a precision, three factors a chip."""
    free: list[Free] = []
    for i in range(2):
        free += [Free(f"{i}.floor", 0.7), Free(f"{i}.launch.*", 0.5), Free(f"{i}.gmacs.*", 0.3)]
        free += [Free(f"{i}.gbytes.*", 0.25), Free(f"{i}.gbytes.weights", 0.2)]
    for chip in SHEETS:
        free += free_factors(chip, 0.3, 0.3, 0.5)
    return fit(loaded, speeds(), free, SHEETS, noise=0.1, weights=weights(loaded))


_SOURCE: Mapping[str, Mapping[str, str]] = {
    "float16": {
        "trtutils": "benchmark/data/models, TitanRTX.json and 3090.json: 'tensorrt', the median",
        "ultralytics-yolo11": "'Speed T4 TensorRT10 (ms)'",
        "ultralytics-yolo26": "'Speed T4 TensorRT10 (ms)'",
        "ultralytics-yolov8": "'Speed A100 TensorRT (ms)'",
    },
    "int8": {
        "mlperf-0.7": "T4x1_TRT, SingleStream, 50.00 percentile",
        "mlperf-1.1": "A100-PCIex1_TRT, SingleStream, 50.00 percentile",
        "mlperf-3.1": "L4x1_TRT, SingleStream, 50.00 percentile",
    },
}
_DOUBT = {
    "recurrent": 2.0, "sort": 1.5, "deconv": 1.3, "grouped": 1.2, "attention": 1.2, "linear": 1.15, "matmul": 1.3,
    "pool": 1.1,
}  # fmt: skip
"""Families that few of the networks have, or none."""

_CARE = {"float16": 1.6, "int8": 1.8}
"""At float16 all architectures are YOLOs, at int8 there are five: the range of other networks is that much wider."""

_RAN: Mapping[tuple[str, str], tuple[str, str]] = {
    ("titan-rtx", "float16"): ("trtutils", "measured by trtutils"),
    ("rtx-3090", "float16"): ("trtutils", "measured by trtutils"),
    ("a100-40gb", "float16"): ("ultralytics-yolov8", "YOLOv8, measured by Ultralytics"),
    ("a100-40gb", "int8"): ("mlperf-1.1", "four networks, measured by MLPerf on the PCIe card"),
    ("l4", "int8"): ("mlperf-3.1", "three networks, measured by MLPerf"),
}
"""By card and precision: a source and what it ran. Of the other precision a card is carried over with these factors."""
_CARRIED = 1.8
"""The least power for a precision that a card was not measured at."""


def dress(fitted: Fitted, held: Sequence[Held]) -> tuple[list[Speed], list[ChipSpeed]]:
    """A speed for each precision on the T4, factors for the other cards; one with few runs has a wider range."""
    spreads = {lane: _raised(spread_of([h for h in held if lane_of(h) == lane]), _CARE[lane]) for lane in _CARE}
    speeds_ = [
        msgspec.structs.replace(
            s,
            spread=spreads[lane],
            doubt=_DOUBT,
            fit=record([h for h in held if lane_of(h) == lane], "measured/tensorrt_servers.csv", __name__),
            source=_SOURCE[lane],
        )
        for s, lane in zip(fitted.speeds, _CARE, strict=True)
    ]
    chips = [_chip(chip, lane, f, held, spreads[lane]) for chip, f in fitted.chips.items() for lane in _CARE]
    return speeds_, chips


def _chip(chip: str, lane: str, f: Factors, held: Sequence[Held], around: tuple[float, float]) -> ChipSpeed:
    mine = [h for h in held if h.loaded.target.device.chip_id == chip and lane_of(h) == lane]
    key, ran = _RAN[chip, lane] if mine else next(ran for (card, _), ran in _RAN.items() if card == chip)
    least = 1.0 if len(mine) > 5 else 1.5 if mine else _CARRIED
    return ChipSpeed(
        chip,
        ("gpu",),
        BASE,
        ran if mine else f"with the factors of its other precision: {ran}",
        {key: ran},
        precision=(lane,),
        work=f.work,
        traffic=f.traffic,
        fixed=f.fixed,
        widen=max(least, power_of([(h, around) for h in mine])),
        measured=bool(mine),
    )


def lane_of(held: Held) -> str:
    """The precision that a run was made at."""
    return "int8" if held.loaded.run.assume else "float16"


def _raised(spread: tuple[float, float], power: float) -> tuple[float, float]:
    return spread[0] ** power, spread[1] ** power
