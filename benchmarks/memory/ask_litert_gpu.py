"""Measures what LiteRT's GPU accelerator allocates for .tflite models: ML Drift on WebGPU, on any Vulkan device.

    python ask_litert_gpu.py OUT.csv MODEL.tflite ...

`vulkan_log.c` says how to put itself between the accelerator and the Vulkan loader. No graphics card is needed,
SwiftShader will do: its device memory is the process's own. Each model is compiled for GPU and CPU in a process of its
own and called once. `images` and `buffers` are bytes alive after the call, without `staging`, the chunks of 4 and 1 MiB
through which WebGPU's implementation uploads; `allocated` is the most device memory held at any time, `anon` and `file`
resident memory above that of the process with the runtime imported, `peak` the most of both together.
"""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
import sys
from pathlib import Path

FIELDS = (
    "model", "release", "file_bytes", "whole", "images", "buffers", "staging", "allocated", "anon", "file", "peak",
    "error",
)  # fmt: skip

_CHUNKS = (4 * 2**20, 2**20)
_TEXEL = {109: 16, 97: 8, 103: 8, 100: 4, 98: 4, 83: 4, 37: 4, 76: 2, 16: 2, 9: 1}
"""Bytes of a texel by VkFormat: 109 is R32G32B32A32_SFLOAT, 97 R16G16B16A16_SFLOAT."""


def status() -> dict[str, int]:
    """The process's resident memory and its peak, in bytes."""
    text = Path("/proc/self/status").read_text("ascii")
    return {k: int(v) * 1024 for k, v in re.findall(r"^(VmHWM|VmRSS|RssAnon|RssFile):\s+(\d+) kB", text, re.M)}


def measure(model: str) -> None:
    """Compile and run a model in this process, which ends while all of it is still alive."""
    from importlib.metadata import version

    from ai_edge_litert.compiled_model import CompiledModel
    from ai_edge_litert.hardware_accelerator import HardwareAccelerator

    Path("/proc/self/clear_refs").write_text("5", "ascii")  # the peak starts again at what is resident now
    base = status()
    compiled = CompiledModel.from_file(model, hardware_accel=HardwareAccelerator.GPU | HardwareAccelerator.CPU)
    given, made = compiled.create_input_buffers(0), compiled.create_output_buffers(0)
    compiled.run_by_index(0, given, made)
    done = status()
    said = {
        "release": version("ai-edge-litert"),
        "whole": compiled.is_fully_accelerated(),
        "anon": done["RssAnon"] - base["RssAnon"],
        "file": done["RssFile"] - base["RssFile"],
        "peak": done["VmHWM"] - base["VmRSS"],
    }
    print(json.dumps(said), flush=True)
    os._exit(0)  # taking the accelerator down may crash, and nothing is lost


def device(log: Path) -> dict[str, int]:
    """What the log says is alive at its end, and the most that was allocated."""
    alive: dict[tuple[str, str], int] = {}
    held = most = 0
    for line in log.read_text("ascii").splitlines():
        kind, handle, *numbers = line.split()
        if kind.islower():
            size = alive.pop((kind.upper(), handle), 0)
            held -= size if kind == "a" else 0
            continue
        sizes = [int(n) for n in numbers]
        size = _TEXEL.get(sizes[0], 0) * sizes[1] * sizes[2] * sizes[3] * sizes[4] if kind == "I" else sizes[0]
        alive[kind, handle] = size
        held += size if kind == "A" else 0
        most = max(most, held)
    buffers = [size for (kind, _), size in alive.items() if kind == "B"]
    staging = sum(size for size in buffers if size in _CHUNKS)
    images = sum(size for (kind, _), size in alive.items() if kind == "I")
    return {"images": images, "buffers": sum(buffers) - staging, "staging": staging, "allocated": most}


def ask(model: str, log: Path) -> dict[str, object]:
    """Measure a model in a process of its own."""
    row: dict[str, object] = {"model": f"{Path(model).parent.name}/{Path(model).stem}"}
    row["file_bytes"] = os.path.getsize(model)
    log.unlink(missing_ok=True)
    command, environment = [sys.executable, __file__, "--one", model], {**os.environ, "VULKAN_LOG": str(log)}
    try:
        ran = subprocess.run(command, capture_output=True, timeout=200, check=False, env=environment)
        last = ran.stdout.decode("utf-8", "replace").splitlines()[-1:]
        row.update(json.loads(last[0]) if ran.returncode == 0 and last else {"error": f"exit code {ran.returncode}"})
    except subprocess.TimeoutExpired:
        row["error"] = "more than 200 seconds"
    except ValueError:
        row["error"] = "no answer"
    return {**row, **(device(log) if log.exists() else {})}


def main() -> None:
    """Measure one model here, or each in a process of its own."""
    if sys.argv[1] == "--one":
        measure(sys.argv[2])
    out = Path(sys.argv[1])
    known = set()
    if out.exists():
        with out.open(encoding="utf-8", newline="") as f:
            known = {row["model"] for row in csv.DictReader(f)}
    with out.open("a", encoding="utf-8", newline="") as f:
        rows = csv.DictWriter(f, FIELDS, lineterminator="\n")
        if not known:
            rows.writeheader()
        for model in sys.argv[2:]:
            if f"{Path(model).parent.name}/{Path(model).stem}" not in known:
                rows.writerow(ask(model, out.with_suffix(".log")))
                f.flush()


if __name__ == "__main__":
    main()
