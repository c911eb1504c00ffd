"""A check: networks of NAS-Bench-201 that PyTorch ran op by op, on two graphics cards and two Xeons."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.latency.dress import published
from benchmarks.latency.fit import Fitted
from benchmarks.latency.runs import Loaded, Run
from benchmarks.latency.tables._servers import runs_of
from edgeplan.cost.speeds import Speed

__all__ = ["ABOUT", "OUT", "REACH", "TITLE", "runs", "speeds", "train"]

TITLE = "ONNX Runtime, servers: NAS-Bench-201 in PyTorch, a check"
ABOUT = """80 networks of NAS-Bench-201 (32 by 32 pixels, 15 cells) at batch 1 on a Titan RTX, a GTX 1080 Ti, a
Xeon Gold 6226 and a Xeon Silver 4114, from the HELP repository. PyTorch ran them op by op, which is no runtime that
edgeplan plans for: nothing is fitted here, and what counts is the order. A call of PyTorch for each convolution,
normalization and activation takes longer than ONNX Runtime's fused kernels, so the published figures should lie
below these times, and they do: the networks take 2 to 4 times as long on the Xeons, 5 to 11 times on the cards."""
REACH = {"ordered": 0.95}
OUT = ""
PUBLISHED = True


def runs() -> list[Run]:
    """The cards' runs and the processors'."""
    return runs_of("onnxruntime_cuda_eager", "onnxruntime") + runs_of("server_cpu", "onnxruntime", lab="help")


def speeds() -> tuple[Speed, ...]:
    """The published ones: of the two at float32 the one without TF32, which these cards do not have."""
    cuda, cpu = (published("onnxruntime", unit, "float32").speeds for unit in ("cuda", "cpu"))
    return cuda[0], cpu[0]


def train(loaded: Sequence[Loaded]) -> Fitted:
    """The published figures, whatever the runs."""
    cuda, cpu = (published("onnxruntime", unit, "float32").chips for unit in ("cuda", "cpu"))
    return Fitted(speeds(), {**cpu, **cuda})
