"""Asks Qualcomm's HTP compiler what a network moves through DDR and how large its context binary is.

    python -P ask_qnn.py CHIP OUT.csv MODEL.onnx ...

Needs `onnxruntime-qnn`, `onnx` and `numpy` and nothing else; CHIP is a soc_model (57 is the Snapdragon 8 Gen 3).
Weights that are all the same are replaced by random ones first: the compiler stores equal constants once. Each model
is compiled in a process of its own; `peak` is by how much that grew (on x86-64).
"""

from __future__ import annotations

import csv
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

FIELDS = ("model", "chip", "vtcm", "weights", "read", "write", "spill", "fill", "context", "peak", "parts", "error")
_FIGURE = re.compile(r"\b(read_total|write_total|spill|fill)_bytes=(\d+)")
_VTCM = re.compile(r"with init graph option: vtcm_size = (\d+)")
_NAMES = {"read_total": "read", "write_total": "write", "spill": "spill", "fill": "fill"}
SECONDS = 600


def vary(source: str, path: str) -> int:
    """Write a copy whose weights are random where they were all equal; the bytes of the weights, two a float."""
    import numpy as np
    import onnx
    from onnx import numpy_helper

    model = onnx.load(source)
    draw = np.random.default_rng(0)
    total = 0
    for weight in model.graph.initializer:
        array = numpy_helper.to_array(weight)
        total += array.size * (min(array.itemsize, 2) if array.dtype.kind == "f" else array.itemsize)
        if array.size < 64 or array.dtype not in (np.float32, np.float16, np.int8, np.uint8) or np.ptp(array):
            continue
        if array.dtype.kind == "f":
            fresh = draw.uniform(0.01, 0.05, array.shape).astype(array.dtype)
        else:
            fresh = draw.integers(0, 100, array.shape).astype(array.dtype)
        weight.CopyFrom(numpy_helper.from_array(fresh, weight.name))
    onnx.save(model, path)
    return total


def compile_one(model: str, chip: str, folder: str) -> None:
    """Make the session and a context binary; the process says in its last line what it took."""
    import onnxruntime as ort
    import onnxruntime_qnn as qnn

    ort.set_default_logger_severity(0)
    ort.register_execution_provider_library("QNNExecutionProvider", qnn.get_library_path())
    devices = [d for d in ort.get_ep_devices() if d.ep_name == "QNNExecutionProvider"]
    options = ort.SessionOptions()
    options.log_severity_level = 0
    options.intra_op_num_threads = 1
    options.add_session_config_entry("ep.context_enable", "1")
    options.add_session_config_entry("ep.context_embed_mode", "0")
    options.add_session_config_entry("ep.context_file_path", f"{folder}/context.onnx")
    backend = Path(qnn.get_library_path()).parent / "libQnnHtp.so"
    options.add_provider_for_devices(devices, {"backend_path": str(backend), "soc_model": chip})
    before = resident("VmRSS")
    ort.InferenceSession(model, options)
    print(f"\nTOOK peak={resident('VmHWM') - before}", flush=True)


def resident(what: str) -> int:
    """Bytes of this process's memory, from the kernel; `ru_maxrss` would be that of the parent where it had more."""
    status = Path("/proc/self/status").read_text("utf-8")
    return int(re.findall(rf"^{what}:\s+(\d+) kB", status, re.MULTILINE)[0]) * 1024


def ask(source: str, chip: str) -> dict[str, object]:
    """The row of one model."""
    row: dict[str, object] = dict.fromkeys(FIELDS, 0)
    row |= {"model": Path(source).stem, "chip": chip, "error": ""}
    with tempfile.TemporaryDirectory() as folder:
        row["weights"] = vary(source, f"{folder}/model.onnx")
        command = [sys.executable, "-P", __file__, "--one", chip, folder]
        try:
            with open(f"{folder}/log", "wb") as log:
                subprocess.run(command, stdout=log, stderr=log, timeout=SECONDS, check=False)
        except subprocess.TimeoutExpired:
            row["error"] = "time"
        took = None
        with open(f"{folder}/log", encoding="utf-8", errors="replace") as log:
            for line in log:
                if found := _FIGURE.search(line):
                    name = _NAMES[found[1]]
                    row[name] = int(str(row[name])) + int(found[2])
                elif found := _VTCM.search(line):
                    row["vtcm"] = int(found[1])
                elif "ComposeGraph Graph name:" in line:
                    row["parts"] = int(str(row["parts"])) + 1
                took = re.match(r"TOOK peak=(\d+)", line) or took
        row["context"] = sum(p.stat().st_size for p in Path(folder).glob("*.bin"))
        if took:
            row["peak"] = int(took[1])
        else:
            row["error"] = row["error"] or "no session"
    return row


def main() -> int:
    """Ask about each model and write its row at once."""
    if sys.argv[1] == "--one":
        compile_one(f"{sys.argv[3]}/model.onnx", sys.argv[2], sys.argv[3])
        return 0
    chip, out, *models = sys.argv[1:]
    fresh = not os.path.exists(out)
    with open(out, "a", newline="", encoding="utf-8") as table:
        writer = csv.DictWriter(table, FIELDS, lineterminator="\n")
        if fresh:
            writer.writeheader()
        for model in models:
            writer.writerow(ask(model, chip))
            table.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
