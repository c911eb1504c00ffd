"""Holds the memory plans against what runtimes took, and writes the page of it.

    python -m benchmarks.memory --models FOLDER... [--only NAME...] [-o docs/memory.md]

The measured figures are kept (`measured/*.csv`); only the models are needed, by their file names.
"""

from __future__ import annotations

import argparse
import sys
from importlib import import_module
from pathlib import Path

from benchmarks.memory.table import section, summary

SETS = (
    "litert_arena", "litert_rss", "litert_gpu", "tflite_micro", "tensorrt_weights", "tensorrt", "qnn_ddr", "qnn_aihub",
    "onnxruntime", "coreml_package", "planner", "minimalloc",
)  # fmt: skip
PREFACE = Path(__file__).parent / "preface.md"


def main() -> None:
    """Compare and write."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.memory",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--models", type=Path, nargs="+", required=True, help="folders of models")
    parser.add_argument("--only", nargs="+", choices=SETS, default=SETS)
    parser.add_argument("-o", "--output", type=Path, help="write the page there, too")
    given = parser.parse_args()
    head, body = [], []
    for name in given.only:
        module = import_module(f"benchmarks.memory.{name}")
        found = list(module.rows(*given.models))
        if not found:
            print(f"{name}: none of its models is there", file=sys.stderr)
            continue
        head.append(summary(module.TITLE, module.REACH, found))
        body += section(module.TITLE, module.REACH, module.ABOUT, found)
    table = ["| | figures | asked | reached | off in the middle | at worst |", "|---|--:|---|--:|--:|--:|", *head]
    page = "\n".join([PREFACE.read_text("utf-8").rstrip(), "", *table, "", *body]).rstrip()
    print(page)
    if given.output:
        given.output.write_text(f"{page}\n", "utf-8")


if __name__ == "__main__":
    main()
