"""What large networks cost to simplify, beside onnxslim and onnxsim: 50,000 ops, and 2.7 GB of weights.

    python -m benchmarks.rewrite.scale FOLDER [--tools-bin BIN]

The networks are those of `benchmarks/networks.py`, made in FOLDER, which needs 6 GB; the weights of the second are
random here, no two alike. Each tool is a process of its own and may take ten minutes.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from shutil import which
from threading import Timer

import numpy as np
import onnx

from benchmarks.measure import ROOT, edgeplan
from benchmarks.rewrite.simplify import OTHERS, count

LIMIT = 600
"""Seconds a tool may take."""

_CHUNK = 1 << 22


def main() -> None:
    """Make the networks, run the tools and print what they took."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--tools-bin", type=Path, help="the folder of onnxslim and onnxsim")
    given = parser.parse_args()
    folder: Path = given.folder.absolute()
    subprocess.run([sys.executable, str(ROOT / "benchmarks" / "networks.py"), str(folder)], check=True)
    fill(folder / "weights.bin")
    (folder / "out").mkdir(exist_ok=True)
    for name in ("chain.onnx", "transformer.onnx"):
        source, place = folder / name, folder / "out" / name
        print(f"{name}, {count(onnx.load(source, load_external_data=False)):,} ops")
        commands = {"edgeplan": edgeplan("rewrite", str(source), "-o", str(place), "--no-verify")}
        if name == "chain.onnx":
            commands["edgeplan, proved"] = edgeplan("rewrite", str(source), "-o", str(place))
            commands["edgeplan, planned"] = edgeplan("rewrite", str(source), "-t", "snapdragon8gen2", "--dry-run")
        for other in OTHERS:
            program = which(other, path=given.tools_bin)
            if program is not None:
                commands[other] = [program, str(source), str(place)]
        for tool, command in commands.items():
            print(f"  {tool:<18} {measured(command, place)}", flush=True)


def fill(path: Path) -> None:
    """Random numbers over the whole length of a file."""
    drawn = np.random.default_rng(0).standard_normal(_CHUNK).astype(np.float32)
    left = path.stat().st_size // drawn.itemsize
    with path.open("r+b") as file:
        for shift in range(-(-left // _CHUNK)):
            file.write((drawn[: left - shift * _CHUNK] + np.float32(shift)).tobytes())


def measured(command: Sequence[str], place: Path) -> str:
    """CPU-seconds, peak memory and the ops left, or that it failed."""
    for old in place.parent.iterdir():
        old.unlink()
    child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    watch = Timer(LIMIT, child.kill)
    watch.start()
    _, status, used = os.wait4(child.pid, 0)
    watch.cancel()
    child.returncode = os.waitstatus_to_exitcode(status)
    left = f"{count(onnx.load(place, load_external_data=False)):,} ops left" if place.is_file() else "nothing written"
    said = left if child.returncode == 0 else f"failed ({child.returncode})"
    peak = used.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return f"{used.ru_utime + used.ru_stime:7.1f} CPU-s  {peak / 2**20:8.0f} MiB  {said}"


if __name__ == "__main__":
    main()
