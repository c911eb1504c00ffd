"""Runs commands in turns and says what each one cost: CPU seconds and peak memory of the child process."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["ROOT", "Limit", "Run", "edgeplan", "in_turns", "median_cpu", "onnx_load", "peak_mib", "ratio", "verdict"]

ROOT = Path(__file__).resolve().parent.parent
"""The checkout that is measured: commands run here, so `python -m edgeplan` finds it without an installation."""


@dataclass(frozen=True, slots=True)
class Run:
    """One finished command: CPU seconds (user and system) and peak resident memory in bytes."""

    cpu: float
    peak: int


@dataclass(frozen=True, slots=True)
class Limit:
    """The most a figure may be, and its unit."""

    most: float
    unit: str


def edgeplan(*arguments: str) -> list[str]:
    """The command that runs edgeplan with this interpreter."""
    return [sys.executable, "-m", "edgeplan", *arguments]


def onnx_load(model: Path) -> list[str]:
    """The yardstick: a process that does nothing but read the model's structure with onnx."""
    code = "import sys, onnx; onnx.load(sys.argv[1], load_external_data=False)"
    return [sys.executable, "-c", code, str(model)]


def in_turns(commands: Mapping[str, Sequence[str]], repetitions: int) -> dict[str, list[Run]]:
    """Run every command once unmeasured, then all of them in turn, again and again: A B C A B C.

    What disturbs the machine for a while then disturbs all of them alike. A command that fails ends the program.
    """
    for command in commands.values():
        _run(command)
    found: dict[str, list[Run]] = {name: [] for name in commands}
    for _ in range(repetitions):
        for name, command in commands.items():
            found[name].append(_run(command))
    return found


def _run(command: Sequence[str]) -> Run:
    """Run one command to its end. This process must stay small: a child's peak begins at its parent's size."""
    child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    assert child.stderr is not None
    said = child.stderr.read()
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        sys.exit(f"{' '.join(command)}\nexited with {child.returncode}\n{said}")
    return Run(used.ru_utime + used.ru_stime, used.ru_maxrss * (1 if sys.platform == "darwin" else 1024))


def median_cpu(runs: Sequence[Run]) -> float:
    """The median CPU seconds."""
    return statistics.median(r.cpu for r in runs)


def peak_mib(runs: Sequence[Run]) -> float:
    """The largest peak in MiB."""
    return max(r.peak for r in runs) / 2**20


def ratio(runs: Sequence[Run], base: Sequence[Run]) -> float:
    """The median of the CPU ratios, each of a run and the base's run of the same turn."""
    return statistics.median(r.cpu / b.cpu for r, b in zip(runs, base, strict=True))


def verdict(value: float, limit: Limit) -> str:
    """`limit 0.12 s: reached` or `limit 0.12 s: MISSED`."""
    return f"limit {limit.most:g} {limit.unit}: {'reached' if value <= limit.most else 'MISSED'}"
