"""The CPU provider of ONNX Runtime on servers: classifiers of timm on a Core i9, YOLOs on a Xeon Platinum."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

import msgspec

from benchmarks.latency.dress import UNFITTED, record
from benchmarks.latency.fit import Factors, Fitted, Free, fit, free_factors
from benchmarks.latency.runs import Loaded, Run, measured
from benchmarks.latency.tables._servers import runs_of, weights
from benchmarks.latency.validation import Held, spread_of
from edgeplan.cost.speeds import ChipSpeed, Speed

__all__ = ["ABOUT", "BASE", "OUT", "REACH", "TITLE", "dress", "faster", "runs", "speeds", "train"]

TITLE = "ONNX Runtime, CPU, float32: servers"
ABOUT = """Ultralytics' column 'Speed CPU ONNX (ms)' of YOLO11 and YOLO26 (detection, segmentation, poses, boxes at
an angle at 1024, YOLO11's classes at 224), which is ONNX Runtime on an EC2 P4d (two Xeon Platinum 8275CL), and 109
classifiers of timm at batch 1 on a Core i9-10940X, which PyTorch 2.4 compiled: the two share the rates of families,
and differ in three factors. What is published for the Core i9 is twice as fast: so much faster ONNX Runtime was
than what PyTorch compiles, on 13 of the networks, one thread, same machine (`measured/server_cpu_runtimes.csv`).
The P4d's rate is what three or four of its 48 cores can do, so threads of other machines may do better. Left out:
VGG, whose linear layers take 100 ms in what PyTorch compiles, and YOLOv8, whose columns contradict each other (479
to 1607 ms for one trunk)."""
REACH = {"rank": 0.90, "covered": (0.75, 0.90), "ordered": 0.95}
OUT = "onnxruntime/cpu"

BASE = "xeon-platinum-8275cl"
_OTHER = "core-i9-10940x"


def runs() -> list[Run]:
    """All but the networks of NAS-Bench-201, which PyTorch ran op by op."""
    return runs_of("server_cpu", "onnxruntime", lab="timm") + runs_of("server_cpu", "onnxruntime", lab="ultralytics")


def speeds() -> tuple[Speed, ...]:
    """Where the fit starts."""
    return (
        Speed(
            unit=("cpu",),
            precision=("float32",),
            chips=(BASE,),
            launch={"*": 10, "conv": 20, "pointwise": 20, "depthwise": 20},
            gmacs={"*": 300, "depthwise": 60, "grouped": 200, "linear": 300, "matmul": 200},
            gbytes={"*": 30, "weights": 40, "activation": 20, "arithmetic": 30},
            spread=(0.8, 1.25),
            fit=UNFITTED,
            source={},
            floor=200,
            overlap=1,
            fuses=("activation",),
            gates=False,
        ),
    )


def train(loaded: Sequence[Loaded]) -> Fitted:
    """All figures, and the factors of the Core i9."""
    start = speeds()
    free: list[Free] = []
    for i, s in enumerate(start):
        free += [Free(f"{i}.floor", 0.7)]
        free += [Free(f"{i}.launch.{k}", 0.7) for k in s.launch]
        free += [Free(f"{i}.gmacs.{k}", 0.7) for k in s.gmacs]
        free += [Free(f"{i}.gbytes.{k}", 0.7) for k in s.gbytes]
    free += free_factors(_OTHER, 0.5, 0.5, 0.5)
    return fit(loaded, start, free, {_OTHER: Factors()}, noise=0.2, weights=weights(loaded))


_SOURCE = {
    "ultralytics-yolo11": "'Speed CPU ONNX (ms)': detection, segmentation, poses, boxes at an angle, classes",
    "ultralytics-yolo26": "'Speed CPU ONNX (ms)': detection, segmentation, poses, boxes at an angle",
    "timm-cpu": "the shares of families in the time, with the runs on the Core i9",
}
_NOTE = "ONNX Runtime's own threads on an EC2 P4d, two sockets of 24 cores: no more than three or four cores could do."
_DOUBT = {"recurrent": 2.0, "sort": 1.5, "deconv": 1.3, "gather": 1.4, "resize": 1.2, "attention": 1.3}
"""Families that few of the networks have, or none."""

_OTHER_RUNTIME = 3.0
"""The range of the Core i9 is raised to this power: on one thread the ratio of the two runtimes went from half to one
and a half times its median, and fourteen threads may share work otherwise.
"""


def faster() -> float:
    """How many times as fast ONNX Runtime is as what PyTorch compiles: the median of networks run on one machine."""
    return median(float(r["compiled_ms"]) / float(r["onnxruntime_ms"]) for r in measured("server_cpu_runtimes"))


def dress(fitted: Fitted, held: Sequence[Held]) -> tuple[list[Speed], list[ChipSpeed]]:
    """The range is that of all held-out runs; the Core i9's figures are carried over from PyTorch to ONNX Runtime."""
    told = record(held, "measured/server_cpu.csv", __name__)
    changes = {"spread": spread_of(held), "doubt": _DOUBT, "fit": told, "source": _SOURCE, "note": _NOTE}
    f, times = fitted.chips[_OTHER], faster()
    chip = ChipSpeed(
        _OTHER,
        ("cpu",),
        BASE,
        f"from what PyTorch 2.4 compiles (torch.compile), batch 1, as {times:.2f} times as fast: the median of "
        "networks run with both on one thread of another Xeon",
        {
            "timm-cpu": "infer_step_time at infer_batch_size 1",
            "cpu-runtimes": "least of 15 runs, PyTorch compiled against ONNX Runtime",
        },
        work=f.work * times,
        traffic=f.traffic * times,
        fixed=f.fixed / times,
        widen=_OTHER_RUNTIME,
    )
    return [msgspec.structs.replace(s, **changes) for s in fitted.speeds], [chip]
