"""Asks ONNX Runtime's QNN execution provider, and the HTP compiler in it, where the nodes of an ONNX model go.

    python -P qnn_htp.py request.json answer.json

The session is made in a second process, whose log this one reads while it is written: what was said survives a crash,
and a log of hundreds of megabytes is never kept. The nodes stand in `answer.json` before the compiler starts.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

PROVIDER = "QNNExecutionProvider"
PACKAGES = {"onnxruntime": "onnxruntime", "onnxruntime_qnn": "onnxruntime-qnn"}
UNITS = {PROVIDER: "htp", "CPUExecutionProvider": "cpu"}
ASSIGNED = "assigned.json"

_DDR = {"read_total": "ddr-read", "write_total": "ddr-write", "spill": "ddr-spill", "fill": "ddr-fill"}
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_PASS = re.compile(r"GetCapability pass \d")
_VERDICT = re.compile(r"Validation (PASSED|FAILED) for \d+ nodes in (\w+)")
_NODE = re.compile(r"^\s*Operator type: (.*?) Node name: (.*) Node index: \d+\s*$")
_REASON = re.compile(r"^\s*REASON : (.*)")
_COMPLAINT = re.compile(r"<E> (.+)")
_NOISE = re.compile(r"GraphHtpSettings|Failed to validate op|validateOpConfig failed|SkelLib|has no tag|QnnDsp")
_FIGURE = re.compile(r"\b(read_total|write_total|spill|fill)_bytes=(\d+)")
_VTCM = re.compile(r"with init graph option: vtcm_size = (\d+)")
_RELEASE = re.compile(r"\bv(2\.\d+\.\d+\.\d{6})\d*")
_UNUSABLE = re.compile(rf"({PROVIDER} cannot be used with this model.*)")
_UNFUSED = re.compile(rf"({PROVIDER} set nodes that cannot be fused together.*)")
_UNMADE = re.compile(r'"([^"]+)" generated: could not create op')
_KERNEL = re.compile(r"ERROR:(could not create op: .+)")
_STRANDED = re.compile(r"Node '([^']+)' OpType:\S+ with domain:\S+ was inserted using the NHWC format")
_INLINED = re.compile(r"^.*_(?:then|else)_branch__Inline_\d+__")
_SUFFIX = re.compile(r"(?:/MatMulAddFusion|_new_reshape|_token_\d+)$")


@dataclass
class Group:
    """Nodes the provider looked at together: `kind` is its name for them, OrtNodeUnit for one node with its Q, DQ."""

    kind: str
    taken: bool
    nodes: list[tuple[str, str]] = field(default_factory=list)
    words: str = ""


@dataclass
class Log:
    """What the log has said so far; the groups are those of the last time the provider was asked."""

    groups: list[Group] = field(default_factory=list)
    facts: dict[str, int] = field(default_factory=dict)
    release: str = ""
    unmade: list[str] = field(default_factory=list)
    complaints: dict[str, None] = field(default_factory=dict)
    unusable: str = ""
    unfused: str = ""
    composing: bool = False
    last: str = ""

    def read(self, lines: Iterable[str]) -> Log:
        """Take lines in, one after another."""
        for line in lines:
            self._line(_COLOUR.sub("", line.rstrip("\n")))
        return self

    def _line(self, line: str) -> None:
        if line.strip():
            self.last = line.strip()
        if found := _NODE.match(line):
            if self.groups:
                self.groups[-1].nodes.append((found[2], found[1]))
        elif found := _VERDICT.search(line):
            self.groups.append(Group(found[2], found[1] == "PASSED", words="; ".join(self.complaints)))
            self.complaints.clear()
        elif found := _REASON.match(line):
            if self.groups:
                group = self.groups[-1]
                group.words = f"{found[1].strip()} {group.words}".strip()
        elif found := _COMPLAINT.search(line):
            if unmade := _UNMADE.search(line):
                self.unmade.append(unmade[1])
            if not _NOISE.search(found[1]):
                self.complaints[found[1].strip()] = None
        elif found := _KERNEL.search(line):
            self.complaints[found[1].strip()] = None
        elif _PASS.search(line):
            self.groups.clear()
            self.complaints.clear()
        elif found := _FIGURE.search(line):
            name = _DDR[found[1]]
            self.facts[name] = self.facts.get(name, 0) + int(found[2])
        elif found := _VTCM.search(line):
            self.facts["vtcm"] = max(self.facts.get("vtcm", 0), int(found[1]))
        elif not self.release and (found := _RELEASE.search(line)):
            self.release = found[1]
        elif "ComposeGraph Graph name:" in line:
            self.composing = True
        elif found := _UNUSABLE.search(line):
            self.unusable = found[1]
        elif found := _UNFUSED.search(line):
            self.unfused = found[1]


def plain(name: str) -> str:
    """A node's name before ONNX Runtime fused, copied or inlined it; other names are left alone."""
    name = _INLINED.sub("", name)
    while (shorter := _SUFFIX.sub("", name)) != name:
        name = shorter
    return name


def answer(log: Log, assigned: dict[str, Any] | None, error: str = "") -> dict[str, Any]:
    """The fields of `Said`: where the session put the nodes, or what was said of them when there is no session."""
    parts = (assigned or {}).get("parts")
    entries = _assigned(log, parts) if parts is not None else _validated(log, error)
    facts = (
        [{"name": n, "value": v, "unit": "bytes"} for n, v in sorted(log.facts.items())] if parts is not None else []
    )
    counts: dict[str, int] = {}
    if parts is not None:
        counts["htp"] = sum(provider == PROVIDER for provider, _ in parts)
    kernels = [
        {"name": plain(g.nodes[0][0]), "type": g.kind, "ops": [plain(n) for n, _ in g.nodes]}
        for g in log.groups
        if g.taken and len(g.nodes) > 1
    ]
    return {
        "versions": {**(assigned or {}).get("versions", {}), **({"QAIRT": log.release} if log.release else {})},
        "done": parts is not None,
        "error": error,
        "nodes": _once(entries),
        "partitions": counts,
        "facts": facts,
        "kernels": kernels,
    }


def _assigned(log: Log, parts: list[Any]) -> list[tuple[str, str, str, str]]:
    words = {name: g.words if not g.taken else log.unfused for g in log.groups for name, _ in g.nodes}
    return [
        (name, kind, unit := UNITS.get(provider, provider), words.get(name, log.unusable) if unit != "htp" else "")
        for provider, nodes in parts
        for name, kind in nodes
    ]


def _validated(log: Log, error: str) -> list[tuple[str, str, str, str]]:
    """Without a session: a node that was taken and could not be made, or was rewritten and not taken, has no unit."""
    stranded = set(_STRANDED.findall(error))
    names = [name for group in log.groups for name, _ in group.nodes if name]
    failed = {max((n for n in names if made.startswith(n)), key=len, default="") for made in log.unmade}
    found = []
    for group in log.groups:
        broken = bool(failed.intersection(n for n, _ in group.nodes)) and group.taken
        for name, kind in group.nodes:
            unit = "" if broken or name in stranded else "htp" if group.taken else "cpu"
            found.append((name, kind, unit, error if broken else group.words if unit != "htp" else ""))
    return found


def _once(entries: list[tuple[str, str, str, str]]) -> list[dict[str, str]]:
    """One entry a name: what was said of the node itself before what was said of a copy, off the HTP before on it."""
    best: dict[str, tuple[bool, dict[str, str]]] = {}
    for name, kind, unit, words in entries:
        known = plain(name)
        entry = {"name": known, "type": kind, "unit": unit, "words": words}
        before = best.get(known)
        itself = known == name
        if before is None or itself > before[0] or (itself == before[0] and before[1]["unit"] == "htp"):
            best[known] = (itself, entry)
    return [entry for _, entry in best.values()]


def write(path: str, said: dict[str, Any]) -> None:
    """Put a file there whole."""
    Path(path + ".new").write_text(json.dumps(said), "utf-8")
    os.replace(path + ".new", path)


def compile_model(request: dict[str, Any]) -> None:
    """Make the session, as the process whose log is read; what it assigned, or the error, goes into a file."""
    import onnxruntime as ort
    import onnxruntime_qnn as qnn

    found: dict[str, Any] = {"versions": {d: version(d) for d in PACKAGES.values()}}
    try:
        ort.set_default_logger_severity(0)
        ort.register_execution_provider_library(PROVIDER, qnn.get_library_path())
        devices = [d for d in ort.get_ep_devices() if d.ep_name == PROVIDER]
        options = ort.SessionOptions()
        options.log_severity_level = 0
        options.intra_op_num_threads = 1
        options.add_session_config_entry("session.record_ep_graph_assignment_info", "1")
        backend = Path(qnn.get_library_path()).parent / "libQnnHtp.so"
        options.add_provider_for_devices(devices, {"backend_path": str(backend), "soc_model": request["chip"]})
        session = ort.InferenceSession(request["model"], options)
        parts = session.get_provider_graph_assignment_info()
        found["parts"] = [[p.ep_name, [[n.name, n.op_type] for n in p.get_nodes()]] for p in parts]
    except Exception as error:  # whatever the libraries raise is the answer
        found["error"] = str(error)
    write(ASSIGNED, found)


def complaint(error: str, log: Log, model: str) -> str:
    """The compiler's own words for there being no session, before ONNX Runtime's for it."""
    error = error.replace(model, "model.onnx").replace(str(Path(model).parent), ".")
    error = re.sub(r"^\[ONNXRuntimeError\] : \d+ : \w+ : ", "", " ".join(error.split()))
    own = [f'"{name}" generated: could not create op' for name in dict.fromkeys(log.unmade)]
    own += [c for c in log.complaints if "generated:" not in c]
    return "; ".join([*own[:3], error]) if log.composing else error


def main() -> int:
    """Ask, and write down what was said."""
    source, target = sys.argv[1:3]
    request = json.loads(Path(source).read_text("utf-8"))
    if sys.argv[3:] == ["compile"]:
        compile_model(request)
        return 0
    lacking = [f"the Python package {name}" for name in PACKAGES if find_spec(name) is None]
    if lacking:
        write(target, {"missing": lacking[0]})
        return 0
    command = [sys.executable, "-P", __file__, source, target, "compile"]
    log, early = Log(), False
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as child:
        assert child.stdout is not None
        for raw in child.stdout:
            log.read([raw.decode(errors="replace")])
            if log.composing and not early:  # the verdicts are out: the compiler may take long, or all the memory
                write(target, {**answer(log, None), "done": False})
                early = True
    found = Path(ASSIGNED)
    assigned = json.loads(found.read_text("utf-8")) if found.exists() else None
    error = complaint(assigned["error"], log, request["model"]) if assigned and "error" in assigned else log.unusable
    write(target, {**answer(log, assigned, error), "done": assigned is not None and "error" not in assigned})
    if assigned is None:  # say by our own end how the compiler came to its own
        sys.stderr.write(log.last + "\n")
        sys.stderr.flush()
        if child.returncode < 0:
            os.kill(os.getpid(), -child.returncode)
        return child.returncode or 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
