"""Measures what a process takes for one .tflite model on LiteRT's CPU kernels, with and without XNNPACK.

    python ask_litert_rss.py OUT.csv MODEL.tflite ...

Each model runs twice in a process of its own: made, allocated, invoked once on one thread with inputs of zero. The base
is the process with the runtime imported, just before the interpreter is made, and the kernel's peak is reset there, so
`peak` is what the model adds at most, in bytes of resident memory, its own mapped file included. `anon` and `file` are
resident private and file pages after the call; `model` the pages of the model's file among the latter. Models that
stand in OUT.csv already are not asked again.
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
    "model", "kernels", "release", "file_bytes", "peak", "anon_loaded", "anon_allocated", "anon", "file", "mapped",
    "delegates", "ops", "tensors", "error",
)  # fmt: skip


def status() -> dict[str, int]:
    """The process's resident memory and its peak, in bytes."""
    text = Path("/proc/self/status").read_text("ascii")
    return {k: int(v) * 1024 for k, v in re.findall(r"^(VmHWM|VmRSS|RssAnon|RssFile):\s+(\d+) kB", text, re.M)}


def mapped(path: str) -> int:
    """Resident pages of a mapped file, in bytes."""
    found, counting = 0, False
    for line in Path("/proc/self/smaps").read_text("utf-8").splitlines():
        if re.match(r"^[0-9a-f]+-[0-9a-f]+ ", line):
            counting = line.endswith(path)
        elif counting and line.startswith("Rss:"):
            found += int(line.split()[1]) * 1024
    return found


def measure(model: str, kernels: str) -> dict[str, object]:
    """Run a model in this process."""
    from importlib.metadata import version

    import numpy as np
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    resolver = OpResolverType.AUTO if kernels == "xnnpack" else OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    Path("/proc/self/clear_refs").write_text("5", "ascii")  # the peak starts again at what is resident now
    base = status()
    interpreter = Interpreter(model, num_threads=1, experimental_op_resolver_type=resolver)
    loaded = status()
    interpreter.allocate_tensors()
    allocated = status()
    for given in interpreter.get_input_details():
        if given["dtype"] is not np.str_ and 0 not in given["shape"]:
            interpreter.tensor(given["index"])()[...] = 0
    interpreter.invoke()
    done = status()
    ops = interpreter._get_ops_details()
    return {
        "release": version("ai-edge-litert"),
        "peak": done["VmHWM"] - base["VmRSS"],
        "anon_loaded": loaded["RssAnon"] - base["RssAnon"],
        "anon_allocated": allocated["RssAnon"] - base["RssAnon"],
        "anon": done["RssAnon"] - base["RssAnon"],
        "file": done["RssFile"] - base["RssFile"],
        "mapped": mapped(os.path.realpath(model)),
        "delegates": sum(o["op_name"] == "DELEGATE" for o in ops),
        "ops": sum(o["op_name"] != "DELEGATE" for o in ops),
        "tensors": len(interpreter.get_tensor_details()),
    }


def main() -> None:
    """Measure one model here, or each in a process of its own."""
    if sys.argv[1] == "--one":
        print(json.dumps(measure(sys.argv[2], sys.argv[3])), flush=True)
        os._exit(0)
    out = Path(sys.argv[1])
    known = set()
    if out.exists():
        with out.open(encoding="utf-8", newline="") as f:
            known = {(r["model"], r["kernels"]) for r in csv.DictReader(f)}
    with out.open("a", encoding="utf-8", newline="") as f:
        rows = csv.DictWriter(f, FIELDS, lineterminator="\n")
        if not known:
            rows.writeheader()
        for model in sys.argv[2:]:
            for kernels in ("xnnpack", "builtin"):
                row: dict[str, object] = {"model": f"{Path(model).parent.name}/{Path(model).stem}", "kernels": kernels}
                if (row["model"], kernels) in known:
                    continue
                row["file_bytes"] = os.path.getsize(model)
                command = [sys.executable, __file__, "--one", model, kernels]
                try:
                    ran = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
                    row.update(json.loads(ran.stdout))
                except subprocess.TimeoutExpired:
                    row["error"] = "more than 300 seconds"
                except ValueError:
                    last = ran.stderr.strip().splitlines()[-1:]
                    row["error"] = f"{ran.returncode}: {last[0][:120] if last else ''}"
                rows.writerow(row)
                f.flush()


if __name__ == "__main__":
    main()
