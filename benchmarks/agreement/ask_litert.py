"""Asks LiteRT which ops of .tflite files its XNNPACK delegate takes. Run with a Python that has ai-edge-litert.

    python benchmarks/agreement/ask_litert.py MODEL.tflite ... > answers.jsonl

Each line holds a file's name, its ops in the order in which they run, and for each `1` (taken), `0`, or `-` (not to be
seen); or the message with which the model fails to load. The runtime keeps the original nodes beside one DELEGATE node
for each part: walking back from what that node makes to what it reads gives the ops it took. An op whose result ends
in a variable makes nothing to walk back from.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

__all__ = ["ask", "taken"]


def taken(nodes: Sequence[Mapping[str, Any]]) -> tuple[list[str], str]:
    """The ops of a prepared interpreter, and which of them a delegate took."""
    ops = [n for n in nodes if n["op_name"] != "DELEGATE"]
    maker = {int(t): n for n in ops for t in n["outputs"] if t >= 0}
    found: set[int] = set()
    for part in (n for n in nodes if n["op_name"] == "DELEGATE"):
        reads = {int(t) for t in part["inputs"]}
        open_, seen = [int(t) for t in part["outputs"]], set()
        while open_:
            tensor = open_.pop()
            if tensor in seen or tensor in reads or tensor not in maker:
                continue
            seen.add(tensor)
            found.add(maker[tensor]["index"])
            open_ += [int(t) for t in maker[tensor]["inputs"] if t >= 0]
    hidden = _hidden(ops)
    bits = ("1" if n["index"] in found else "-" if n["index"] in hidden else "0" for n in ops)
    return [n["op_name"] for n in ops], "".join(bits)


def _hidden(ops: Sequence[Mapping[str, Any]]) -> set[int]:
    """The ops whose results only variables take."""
    readers: dict[int, list[int]] = {}
    for node in ops:
        for tensor in node["inputs"]:
            readers.setdefault(int(tensor), []).append(node["index"])
    found: set[int] = set()
    for node in reversed(ops):
        makes = [int(t) for t in node["outputs"] if t >= 0]
        into = [r for t in makes for r in readers.get(t, [])]
        if not makes or (into and found.issuperset(into)):
            found.add(node["index"])
    return found


def ask(path: Path) -> dict[str, object]:
    """The runtime's answer about one file."""
    from ai_edge_litert.interpreter import Interpreter

    try:
        interpreter = Interpreter(str(path), num_threads=1)
        interpreter.allocate_tensors()
        ops, bits = taken(interpreter._get_ops_details())  # there is no public way to the nodes
    except (RuntimeError, ValueError) as e:
        return {"file": path.name, "error": str(e)[:300]}
    return {"file": path.name, "ops": " ".join(ops), "taken": bits}


def main() -> None:
    """One process for each file: a kernel that aborts takes only its own file with it."""
    if len(sys.argv) == 3 and sys.argv[1] == "--one":
        print(json.dumps(ask(Path(sys.argv[2]))))
        return
    for path in sys.argv[1:]:
        answer = subprocess.run([sys.executable, __file__, "--one", path], capture_output=True, text=True, timeout=600)
        print(answer.stdout.strip() or json.dumps({"file": Path(path).name, "error": f"exit {answer.returncode}"}))


if __name__ == "__main__":
    main()
