"""What the rules cost: reading one backend's folder, and holding 50,000 ops against its rows.

    python benchmarks/rules.py [--repetitions 3]

Every figure is of a fresh interpreter and the CPU time of that step alone. Two graphs are placed: the chain of
`networks.py`, whose ops are alike, and one in which no two ops are, so that every op is judged.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys

from measure import ROOT, Limit, verdict

LOAD, PLACE = Limit(60, "ms"), Limit(1.5, "CPU-s")

_LOAD = """
import time
from edgeplan.capability.rows import load_backend
start = time.process_time()
rows = len(load_backend("{name}").rows)
print(f"[{{(time.process_time() - start) * 1000}}, {{rows}}]")
"""

_PLACE = """
import sys, time
sys.path.insert(0, "benchmarks")
from networks import chain
from edgeplan.frontends.onnx import load_onnx
from edgeplan.graph import Graph, Value
from edgeplan.lower import lower_to
from edgeplan.place.partition import place
from edgeplan.target import resolve
from dataclasses import replace
target = resolve("{device}", "{name}")
backend = target.backend
graph = lower_to(load_onnx(chain()).graph, backend.dialect, target.precision, backend.fusions(target.release))
start = time.process_time()
place(graph, target)
alike = time.process_time() - start
widths = {{v.name: replace(v, shape=(*v.shape[:-1], 1 + i % 4000)) for i, v in enumerate(graph.values.values())
          if v.shape and not v.const}}
unlike = replace(graph, values={{**graph.values, **widths}})
start = time.process_time()
place(unlike, target)
print([alike, time.process_time() - start])
"""

TARGETS = {
    "coreml": "iphone14pro",
    "onnxruntime": "server-t4",
    "onnxruntime-coreml": "iphone14pro",
    "qnn": "snapdragon-8-gen-3",
    "snpe": "snapdragon-8-gen-3",
    "tensorrt": "jetson-orin-nano",
    "tflite": "pixel8",
}


def main() -> None:
    """Print milliseconds and CPU seconds, one line a backend."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repetitions", type=int, default=3)
    given = parser.parse_args()
    print(f"{'backend':<20} {'rows':>5}   load                  place 50,000 ops alike    unlike")
    for name, device in TARGETS.items():
        load = [_run(_LOAD.format(name=name)) for _ in range(given.repetitions)]
        placed = [_run(_PLACE.format(name=name, device=device)) for _ in range(given.repetitions)]
        took = statistics.median(ms for ms, _ in load)
        alike, unlike = (statistics.median(run[i] for run in placed) for i in (0, 1))
        said = (
            f"{took:5.1f} ms {verdict(took, LOAD)}   {alike:5.2f} CPU-s {verdict(alike, PLACE)}   {unlike:5.2f} CPU-s"
        )
        print(f"{name:<20} {load[0][1]:5.0f}   {said}")


def _run(program: str) -> list[float]:
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    found: list[float] = json.loads(done.stdout)
    return found


if __name__ == "__main__":
    main()
