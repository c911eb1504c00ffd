"""Times networks of timm at batch 1 on one thread, compiled by PyTorch and run by ONNX Runtime, in turn.

    python -m benchmarks.latency.runtimes TABLE.csv NAME:SIDE ...

Needs torch with a C++ compiler, timm, onnx and onnxruntime. Rows are added to TABLE.csv:
`measured/server_cpu_runtimes.csv` says how much faster ONNX Runtime is than what timm's table of a Core i9 was
measured with. Of 15 runs each the least counts: other work on the machine only makes them longer.
"""

from __future__ import annotations

import argparse
import csv
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import onnxruntime
import timm
import torch

from benchmarks.latency.networks.export import OPSET

_RUNS, _WARM = 15, 3


def timed(name: str, side: int) -> tuple[float, float]:
    """Seconds of what PyTorch compiles, and of ONNX Runtime."""
    network, image = timm.create_model(name, pretrained=False).eval(), torch.randn(1, 3, side, side)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    with tempfile.TemporaryDirectory() as folder, torch.no_grad():
        path = Path(folder) / "network.onnx"
        torch.onnx.export(network, (image,), str(path), opset_version=OPSET, dynamo=False)
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    compiled, feed = torch.compile(network), {session.get_inputs()[0].name: image.numpy()}
    least = [float("inf")] * 2
    with torch.no_grad():
        for turn in range(_WARM + _RUNS):
            taken = _seconds(lambda: compiled(image)), _seconds(lambda: session.run(None, feed))
            if turn >= _WARM:
                least = [min(pair) for pair in zip(least, taken, strict=True)]
    torch._dynamo.reset()
    return least[0], least[1]


def _seconds(run: Callable[[], object]) -> float:
    begin = time.perf_counter()
    run()
    return time.perf_counter() - begin


def main() -> None:
    """Time what is asked for, one row each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", type=Path)
    parser.add_argument("networks", nargs="+", metavar="NAME:SIDE")
    given = parser.parse_args()
    torch.set_num_threads(1)
    said = f"PyTorch {torch.__version__} compiled, ONNX Runtime {onnxruntime.__version__}, one thread, least of {_RUNS}"
    with given.table.open("a", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        for one in given.networks:
            name, _, side = one.partition(":")
            compiled, session = timed(name, int(side))
            rows.writerow([name, side, round(compiled * 1e3, 3), round(session * 1e3, 3), said])
            print(f"{one}: {compiled * 1e3:.2f} ms, {session * 1e3:.2f} ms", flush=True)


if __name__ == "__main__":
    main()
