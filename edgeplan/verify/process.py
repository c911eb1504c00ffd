"""Runs an asking program in a process of its own, under limits: whatever happens to it is an answer."""

from __future__ import annotations

import json
import os
import platform
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from edgeplan.units import say_bytes
from edgeplan.verify.answer import Answer, Said, Status

__all__ = ["ASK", "Limits", "Question", "ask"]

ASK = Path(__file__).parent / "ask"
"""The asking programs: files that need nothing but the standard library and the vendor's package."""

_EVERY = 0.05
_WORDS = 400


@dataclass(frozen=True, slots=True)
class Limits:
    """What a process may take: wall seconds, and bytes of resident memory (its children's included)."""

    seconds: float = 600.0
    memory: int = 12 << 30


@dataclass(frozen=True, slots=True)
class Question:
    """One asking: the program under `ask/`, the model's file, the chip as the compiler calls it, what else it needs."""

    referee: str
    program: str
    model: Path
    chip: str = ""
    options: Mapping[str, Any] | None = None
    python: Path | None = None
    environment: Mapping[str, str] | None = None


def ask(question: Question, limits: Limits | None = None, tell: Callable[[float], None] | None = None) -> Answer:
    """Run the program and take what it wrote; `tell` is called with the seconds gone by, about twice a second.

    The program runs with the given Python (this one by default), without this project on its path, in a folder of its
    own that is gone afterwards.
    """
    limits = limits or Limits()
    with tempfile.TemporaryDirectory(prefix="edgeplan-") as name:
        folder = Path(name)
        request = {"model": str(question.model.resolve()), "chip": question.chip, "options": question.options or {}}
        (folder / "request.json").write_text(json.dumps(request), "utf-8")
        command = [
            str(question.python or sys.executable),
            "-P",
            str(ASK / f"{question.program}.py"),
            "request.json",
            "answer.json",
        ]
        began = time.monotonic()
        with (folder / "log.txt").open("wb") as log:
            try:
                child = subprocess.Popen(
                    command, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                    env={**os.environ, **(question.environment or {})}, start_new_session=True,
                )  # fmt: skip
            except OSError as e:
                words = f"cannot run {command[0]}: {e.strerror}"
                return Answer(question.referee, question.chip, Status.MISSING, Said(missing=words), words)
            over, peak = _watch(child, began, limits, tell)
        seconds = time.monotonic() - began
        said = _said(folder / "answer.json")
        status, words = _status(child.returncode, over, said, limits, folder / "log.txt")
        return Answer(question.referee, question.chip, status, said, words, round(seconds, 2), peak, _system())


def _watch(
    child: subprocess.Popen[bytes], began: float, limits: Limits, tell: Callable[[float], None] | None
) -> tuple[Status | None, int]:
    """Wait for the end, or bring it about; the status that a limit gives, and the peak of resident memory in bytes."""
    import psutil

    peak, turn = 0, 0
    try:
        process = psutil.Process(child.pid)
        while (most := _ended(child)) is None:
            gone = time.monotonic() - began
            if turn % 4 == 0:  # walking the children costs more than asking whether the process lives
                peak = max(peak, _resident(process))
            if peak > limits.memory or gone > limits.seconds:
                _kill(child)
                return (Status.MEMORY if peak > limits.memory else Status.TIMEOUT), peak
            if tell is not None and turn % 10 == 0:
                tell(gone)
            turn += 1
            time.sleep(_EVERY)
        if most > _unit() * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss:
            peak = max(peak, most)  # else it is ours: what a process had before it became another counts as that one's
    except psutil.NoSuchProcess:
        child.wait()
    finally:
        if child.poll() is None:  # an interruption of ours takes the compiler with it
            _kill(child)
    return None, peak


def _ended(child: subprocess.Popen[bytes]) -> int | None:
    """The most memory a process had when it has ended, in bytes, as the system kept it; None while it runs."""
    done, status, used = os.wait4(child.pid, os.WNOHANG)
    if not done:
        return None
    child.returncode = os.waitstatus_to_exitcode(status)
    return used.ru_maxrss * _unit()


def _unit() -> int:
    """Bytes in which the system counts the most memory a process had."""
    return 1 if sys.platform == "darwin" else 1024


def _resident(process: Any) -> int:
    import psutil

    total = 0
    for one in (process, *process.children(recursive=True)):
        try:
            total += one.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return total


def _kill(child: subprocess.Popen[bytes]) -> None:
    """End the process and all it has started: it leads a session of its own."""
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        child.kill()
    child.wait()


def _said(path: Path) -> Said:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Said)
    except (OSError, msgspec.DecodeError, msgspec.ValidationError):
        return Said()


def _status(code: int, over: Status | None, said: Said, limits: Limits, log: Path) -> tuple[Status, str]:
    if over is Status.TIMEOUT:
        return over, f"no end after {limits.seconds:g} s"
    if over is Status.MEMORY:
        return over, f"took more than {say_bytes(limits.memory)}"
    if said.missing:
        return Status.MISSING, said.missing
    if said.done and not said.error:
        return Status.COMPILED, ""
    if said.error:
        return Status.REFUSED, " ".join(said.error.split())[:_WORDS]
    how = f"ended by {signal.Signals(-code).name}" if code < 0 else f"exit status {code}"
    last = _last_line(log)
    return Status.CRASHED, f"the compiler's process {how}" + (f": {last}" if last else "")


def _last_line(log: Path) -> str:
    with log.open("rb") as f:
        f.seek(max(0, log.stat().st_size - 4096))
        lines = [line.strip() for line in f.read().decode(errors="replace").splitlines()]
    return next((line[:_WORDS] for line in reversed(lines) if line), "")


def _system() -> str:
    return f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
