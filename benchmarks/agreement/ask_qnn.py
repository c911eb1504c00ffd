"""Asks ONNX Runtime's QNN execution provider and the HTP compiler about models, one answer a line.

    python -m benchmarks.agreement.ask_qnn SOC_MODEL MODELS ANSWERS.jsonl

MODELS is a folder of .onnx files, or `random:SEED:COUNT`. Run it in an environment of its own with `onnxruntime`,
`onnxruntime-qnn` and `onnx`; it needs no device. A line has the model's name, the nodes with the provider each went to,
or the error that left no session, the op builders' reasons (`rejected`) and the HTP's own (`qnn`). Models that have a
line already are not asked again. Every model gets a process of its own, for some of them crash the compiler.
"""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PATIENCE = 120
"""Seconds after which a compilation counts as crashed."""
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_NOISE = re.compile(r"unexpected GraphHtpSettings|Failed to validate op")


def questions(which: str) -> Iterator[tuple[str, bytes]]:
    """Names and models of a folder, or of a seed."""
    if which.startswith("random:"):
        from benchmarks.agreement import tensorrt_random

        _, seed, count = which.split(":")
        for question in tensorrt_random.models(int(seed), int(count)):
            yield question.name, question.model.SerializeToString()
        return
    for path in sorted(Path(which).rglob("*.onnx")):
        yield str(path.relative_to(which)), path.read_bytes()


def answer(model: bytes, soc: str) -> dict[str, Any]:
    """Create the session; what the libraries log goes to standard output and error."""
    import onnxruntime as ort
    import onnxruntime_qnn as qnn

    ort.set_default_logger_severity(0)
    ort.register_execution_provider_library("QNNExecutionProvider", qnn.get_library_path())
    devices = [d for d in ort.get_ep_devices() if d.ep_name == "QNNExecutionProvider"]
    options = ort.SessionOptions()
    options.log_severity_level = 0
    options.intra_op_num_threads = 1
    options.add_session_config_entry("session.record_ep_graph_assignment_info", "1")
    library = Path(qnn.get_library_path()).parent / "libQnnHtp.so"
    options.add_provider_for_devices(devices, {"backend_path": str(library), "soc_model": soc})
    try:
        session = ort.InferenceSession(model, options)
    except Exception as error:  # whatever the libraries raise is the answer
        return {"error": str(error)[:400]}
    parts = session.get_provider_graph_assignment_info()
    return {"nodes": [(part.ep_name, node.op_type, node.name) for part in parts for node in part.get_nodes()]}


def ask(model: bytes, soc: str) -> dict[str, Any]:
    """The answer of a child process, with the reasons from its log."""
    with tempfile.TemporaryFile() as log, tempfile.TemporaryFile() as result:
        child = os.fork()
        if child == 0:
            os.dup2(log.fileno(), 1)
            os.dup2(log.fileno(), 2)
            os.write(result.fileno(), json.dumps(answer(model, soc)).encode())
            os._exit(0)
        status = _wait(child)
        result.seek(0)
        log.seek(0)
        said, text = result.read(), _COLOUR.sub("", log.read().decode(errors="replace"))
    found = json.loads(said) if said else {"error": f"crash {status}"}
    rejected, complaints = _reasons(text.splitlines())
    return {**found, **({"rejected": rejected} if rejected else {}), **({"qnn": complaints} if complaints else {})}


def _wait(child: int) -> int:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return status
        time.sleep(0.01)
    os.kill(child, 9)
    return os.waitpid(child, 0)[1]


def _reasons(lines: list[str]) -> tuple[list[str], list[str]]:
    rejected: dict[str, None] = {}
    for at, line in enumerate(lines):
        if "Validation FAILED" in line:
            named = re.search(r"\(([^)]*)\)", line.split("OrtNodeUnit")[-1])
            reason = " ".join(later.strip() for later in lines[at + 1 : at + 8] if "REASON" in later)
            rejected[f"{named[1] if named else ''}: {reason[:300]}"] = None
    complaints = dict.fromkeys(
        found[1][:600] for line in lines if (found := re.search(r"<E> (.*)", line)) and not _NOISE.search(found[1])
    )
    return list(rejected)[:6], list(complaints)[:6]


def main() -> int:
    """Ask what was not asked before."""
    soc, which, target = sys.argv[1:4]
    path = Path(target)
    known = {json.loads(line)["model"] for line in path.read_text("utf-8").splitlines()} if path.exists() else set()
    with path.open("a", encoding="utf-8") as answers:
        for name, model in questions(which):
            if name not in known:
                answers.write(json.dumps({"model": name, "soc": int(soc), **ask(model, soc)}) + "\n")
                answers.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
