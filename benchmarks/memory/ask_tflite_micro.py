"""Asks TensorFlow Lite for Microcontrollers what each model takes of its arena: head, tail and what lies in the tail.

    python3.11 -m venv v && v/bin/pip install tflite-micro==0.dev20261023182759
    v/bin/python ask_tflite_micro.py out.csv MODEL_OR_FOLDER ...

Every model is asked in a process of its own, with an arena of 400 MiB and inputs of ones. `said` is `allocated`,
`refused`, `signal N` or `timeout`, `ran` whether it could be invoked, `words` the first complaint. A model that the
file tells of already, by name and size, is not asked again.
"""

from __future__ import annotations

import argparse
import csv
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

ARENA = 400 << 20
SECONDS = 300

PARTS = {
    "TfLiteEvalTensor data": "eval_tensors",
    "Persistent TfLiteTensor data": "tensors",
    "Persistent TfLiteTensor quantization data": "quantization",
    "Persistent buffer data": "buffers",
    "TfLiteTensor variable buffer data": "variables",
    "NodeAndRegistration struct": "nodes",
}
"""The recorder's names for what lies in the tail."""

FIELDS = ("model", "bytes", "said", "ran", "head", "tail", *PARTS.values(), "words")

CHILD = """
import sys
import numpy as np
from tflite_micro import runtime
interpreter = runtime.Interpreter.from_file(sys.argv[1], arena_size=int(sys.argv[2]))
interpreter.print_allocations()
sys.stdout.flush()
number = 0
while True:
    try:
        details = interpreter.get_input_details(number)
    except (ValueError, IndexError, RuntimeError):
        break
    interpreter.set_input(np.ones(details["shape"], details["dtype"]), number)
    number += 1
interpreter.invoke()
print("RAN", flush=True)
"""

_OURS = ("[Recording", "RAN", "Traceback", "Input index", " ", "RuntimeError", "ValueError", "MemoryError")
"""How lines begin that are not the runtime's complaint."""


def ask(path: Path) -> Mapping[str, object]:
    """What the runtime says of a model."""
    row: dict[str, object] = {"model": path.name, "bytes": path.stat().st_size}
    command = [sys.executable, "-c", CHILD, str(path), str(ARENA)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return row | {"said": "timeout", "ran": "no"}
    lines = (done.stdout + "\n" + done.stderr).splitlines()
    found = dict(re.findall(r"Arena allocation (head|tail) (\d+) bytes", done.stdout + done.stderr))
    for line in lines:
        used = re.match(r"\[RecordingMicroAllocator\] '([^']+)' used (\d+) bytes", line)
        if used and used[1] in PARTS:
            row[PARTS[used[1]]] = used[2]
    ran = "RAN" in lines
    said = "allocated" if "head" in found else "refused" if done.returncode > 0 else f"signal {-done.returncode}"
    words = "" if ran else next((line for line in lines if line.strip() and not line.startswith(_OURS)), "")
    plain = words.removeprefix("tensorflow/lite/micro/")[:160]
    return row | found | {"said": said, "ran": "yes" if ran else "no", "words": plain}


def files(given: list[Path]) -> Iterator[Path]:
    """The models asked about."""
    for path in given:
        yield from sorted(path.rglob("*.tflite")) if path.is_dir() else (path,)


def main() -> None:
    """Ask about every model that the file does not tell of."""
    parser = argparse.ArgumentParser(description="Ask tflite-micro for its arena.")
    parser.add_argument("out", type=Path)
    parser.add_argument("models", type=Path, nargs="+")
    asked = parser.parse_args()
    known = set()
    if asked.out.exists():
        with asked.out.open(encoding="utf-8", newline="") as f:
            known = {(row["model"], int(row["bytes"])) for row in csv.DictReader(f)}
    with asked.out.open("a", encoding="utf-8", newline="") as f:
        writer = csv.DictWriter(f, FIELDS, lineterminator="\n")
        if not known:
            writer.writeheader()
        for path in files(asked.models):
            if (path.name, path.stat().st_size) not in known:
                writer.writerow(ask(path))
                f.flush()


if __name__ == "__main__":
    main()
