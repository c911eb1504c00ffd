"""Asks TensorRT-RTX: its ONNX parser about every node, then its builder, which needs no GPU, about the whole model.

Run as `python -P tensorrt_build.py request.json answer.json`; it needs `tensorrt_rtx` and nothing else.

The parser stops importing at the first node it cannot import, and goes on with its static checks only. So the refused
nodes are cut out of the model, their outputs become inputs (with the types that the file's `value_info` tells), and the
rest is asked about again, until the parser finds nothing more. Nodes behind a value of no known type stay unsaid.

Option `profile`: by the name of an input its `shape` and, where they are sizes, its `values`, for inputs that are free.
"""

from __future__ import annotations

import json
import os
import re
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from edgeplan.verify.ask.onnx_cut import Model, Node

__all__ = ["culprits", "facts", "kernels", "main", "runs"]

_WORDS = 300
_PATIENCE = 120.0
"""Seconds of computing that go into asking again about what is left of a model, after which the rest stays unsaid."""

_FIGURES = {
    "weights": re.compile(r"^Total Weights Memory: (\d+) bytes"),
    "activations": re.compile(r"^Total Activation Memory: (\d+) bytes"),
    "scratch": re.compile(r"^Max Scratch Memory: (\d+) bytes"),
}
_LAYER = re.compile(r"^Name: (?P<name>.*?), LayerType: (?P<type>\w+),.*?(?:Metadata: (?P<metadata>.*))?$")
_WEIGHT = re.compile(r"Failed to import initializer: ((?!In node).+)$")
_PLUGIN = re.compile(r"[Pp]lugin\b.* (?:was )?not found")
_INPUTS = "importInput"
_IMPORTING = re.compile(r"Parsing node: (.+) \[[^\[\]]*\]$")
_REGISTERED = re.compile(r"Registering layer: (.*) for ONNX node: (.*)$")
_NO_KERNEL = ("signal", "wait")
"""Layers that only order the streams."""


def facts(lines: Iterable[str], engine: int) -> list[dict[str, Any]]:
    """The figures of the build log in bytes, and the size of the engine. A build of several engines is added up."""
    found: dict[str, int] = {}
    for line in lines:
        for name, pattern in _FIGURES.items():
            if match := pattern.match(line):
                found[name] = found.get(name, 0) + int(match[1])
    found["engine"] = engine
    return [{"name": n, "value": v, "unit": "bytes"} for n, v in found.items()]


def kernels(dump: str) -> list[dict[str, Any]]:
    """The layers of an engine from the builder's verbose dump, each with the ONNX nodes that went into it."""
    out = []
    for line in dump.splitlines():
        match = _LAYER.match(line)
        if match is None or match["type"] in _NO_KERNEL:
            continue
        parts = (match["metadata"] or "").split("\x1f")
        names = [p[len("[ONNX Layer: ") : -1] for p in parts if p.startswith("[ONNX Layer: ") and p.endswith("]")]
        out.append({"name": match["name"], "type": match["type"], "ops": list(dict.fromkeys(names))})
    return out


def culprits(words: str, layers: Mapping[str, str]) -> list[str]:
    """The nodes whose layers a builder's complaint names; `layers` are the nodes' names by the names of the layers.

    A range (`ForeignNode[first...last]`) names nobody in particular.
    """
    plain = re.sub(r"\{?ForeignNode\[.*?\]\}?", " ", words)
    tokens = {t.strip("'\"().,:;[]{}") for t in plain.split()}
    return list(dict.fromkeys(node for layer, node in layers.items() if layer in tokens))


def runs(taken: Sequence[bool]) -> int:
    """How many subgraphs the parser makes of its nodes in their order: maximal runs of those it takes."""
    return sum(now and not before for before, now in zip((False, *taken), taken, strict=False))


@dataclass
class _Said:
    """The answer as it grows; written whole each time."""

    path: str
    versions: Mapping[str, str]
    done: bool = False
    error: str = ""
    nodes: list[dict[str, str]] = field(default_factory=list)
    partitions: dict[str, int] = field(default_factory=dict)
    facts: list[dict[str, Any]] = field(default_factory=list)
    kernels: list[dict[str, Any]] = field(default_factory=list)

    def write(self) -> None:
        _write(self.path, {k: v for k, v in vars(self).items() if k != "path"})


def _write(path: str, content: Mapping[str, Any]) -> None:
    with open(path + ".new", "w", encoding="utf-8") as f:
        json.dump(content, f)
    os.replace(path + ".new", path)


def _line(words: str) -> str:
    return " ".join(words.split())[:_WORDS]


def _logger(trt: Any) -> Any:
    class Log(trt.ILogger):  # type: ignore[misc]
        """Keeps the complaints, the lines with figures, the dump of layers, and which node is being imported."""

        def __init__(self) -> None:
            trt.ILogger.__init__(self)
            self.errors: list[str] = []
            self.lines: list[str] = []
            self.dump = ""
            self.at = ""
            self.layers: dict[str, str] = {}

        def log(self, severity: Any, message: str) -> None:
            if severity <= trt.ILogger.Severity.ERROR:
                self.errors.append(message)
            elif severity == trt.ILogger.Severity.INFO:
                self.lines.append(message)
            elif message.startswith("Layers:"):
                self.dump = message
            elif match := _IMPORTING.match(message):
                self.at = match[1]
            elif match := _REGISTERED.match(message):
                self.layers[match[1]] = match[2]

    return Log()


def _parsed(trt: Any, builder: Any, log: Any, model: Model, path: str) -> tuple[dict[str, str], set[str], str]:
    """The refused nodes with the parser's words, the nodes it was not asked about, and what it says of no node."""
    owner = {name: n for n in model.nodes for name in (n.name, *n.inner)}
    refused: dict[str, str] = {}
    unsaid: set[str] = set()
    cut: list[Node] = []
    bad: set[str] = set()
    began = time.process_time()
    while True:
        network = builder.create_network(0)  # to be kept: the parser does not own it
        parser = trt.OnnxParser(network, log)
        log.at = ""
        log.errors.clear()
        whole = parser.supports_model_v2(model.without(cut, bad) if cut or bad else model.data, path)
        complaints = sorted(
            (parser.get_error(i) for i in range(parser.num_errors)), key=lambda e: e.func() == _INPUTS
        )  # an input that we made may be of a type that has no place there: the last thing to blame
        fresh: list[Node] = []
        bad_before = len(bad)
        for e in complaints:
            name = e.node_name() or log.at  # what is thrown from deep inside carries no name
            weight = _WEIGHT.search(e.desc())
            value = weight[1] if weight else e.file() if e.func() == _INPUTS else ""
            found = model.readers({value}) if value else [owner[name]] if name in owner else []
            if found and not value and name == found[0].name and _PLUGIN.search(e.desc()):
                found = [n for n in model.nodes if n.type == found[0].type]  # what lacks its plugin lacks it everywhere
            bad |= {value} - {""}
            for node in found:
                if node.name not in refused and node.name not in unsaid:
                    inside = f"in {name}: " if name in node.inner else ""
                    what = f"{e.node_operator() or node.type} ({e.func()})"
                    refused[node.name] = _line(f"{inside}{what}: {weight[0] if weight else e.desc()}")
                    fresh.append(node)
        if whole:
            return refused, unsaid, ""
        moved = bool(fresh) or len(bad) > bad_before
        if not moved or time.process_time() - began > _PATIENCE:
            known = {n.name for n in model.nodes[: max((model.nodes.index(n) for n in fresh), default=0)]}
            unsaid |= {n.name for n in model.nodes} - known - set(refused)
            other = complaints[0].desc() if complaints else "; ".join(log.errors) or "refused without a word"
            return refused, unsaid, "" if moved else _line(other)
        behind = model.behind(fresh)
        unsaid |= {n.name for n in behind} - set(refused)
        cut += [*fresh, *behind]


def _profile(profile: Any, network: Any, given: Mapping[str, Any]) -> list[str]:
    """Fill the optimization profile from `given`: shapes and values by input; returns the inputs still loose."""
    loose = []
    for i in range(network.num_inputs):
        tensor = network.get_input(i)
        found = given.get(tensor.name, {})
        if tensor.is_shape_tensor:
            if found.get("values"):
                profile.set_shape_input(tensor.name, *[[int(v) for v in found["values"]]] * 3)
            else:
                loose.append(f"{tensor.name} (its values are sizes)")
        if -1 in list(tensor.shape):
            if "shape" in found:
                profile.set_shape(tensor.name, *[list(found["shape"])] * 3)
            else:
                loose.append(f"{tensor.name} {[int(d) for d in tensor.shape]}")
    return loose


def _built(trt: Any, builder: Any, log: Any, asked: Mapping[str, Any], chip: str, said: _Said) -> str:
    """Build the model for the chip and put what the compiler tells into `said`; its complaint if it has one."""
    network = builder.create_network(0)
    parser = trt.OnnxParser(network, log)
    log.errors.clear()
    if not parser.parse_from_file(asked["model"]):
        return "; ".join(parser.get_error(i).desc() for i in range(parser.num_errors)) or "the parser refuses the file"
    config = builder.create_builder_config()
    config.num_compute_capabilities = 1
    config.set_compute_capability(getattr(trt.ComputeCapability, chip), 0)
    config.profiling_verbosity = trt.ProfilingVerbosity.DETAILED
    profile = builder.create_optimization_profile()
    given = asked["options"].get("profile", {})
    try:
        if loose := _profile(profile, network, given):
            return f"no optimization profile without the sizes of {', '.join(loose)}: bind them"
        if given:
            config.add_optimization_profile(profile)
        engine = builder.build_serialized_network(network, config)
    except (RuntimeError, TypeError, ValueError) as error:
        return str(error)
    if engine is None:
        return log.errors[0] if log.errors else "no engine, and no word why"
    said.facts = facts(log.lines, int(engine.nbytes))
    said.kernels = kernels(log.dump)
    return ""


def _entry(node: Node, refused: bool, words: str) -> dict[str, str]:
    return {"name": node.name, "type": node.type, "unit": "" if refused else "gpu", "words": words}


def main(request: str, answer: str) -> None:
    """Read the request, ask the parser and write its verdicts, then ask the builder and write its own."""
    with open(request, encoding="utf-8") as f:
        asked = json.load(f)
    try:
        import tensorrt_rtx as trt
    except ImportError:
        _write(answer, {"missing": "the Python package tensorrt_rtx"})
        return
    said = _Said(answer, {"tensorrt_rtx": str(trt.__version__)})
    chip = asked["chip"] or "SM86"
    if chip not in trt.ComputeCapability.__members__:
        said.error = (
            f"TensorRT-RTX {trt.__version__} builds for {', '.join(trt.ComputeCapability.__members__)}, not {chip}"
        )
        said.write()
        return
    # `-P` leaves this folder out. Last, and not before the package is found: this file has its name.
    sys.path.append(os.path.dirname(os.path.abspath(__file__)))
    from onnx_cut import Model

    with open(asked["model"], "rb") as file:
        model = Model(file.read())
    log = _logger(trt)
    builder = trt.Builder(log)
    refused, unsaid, other = _parsed(trt, builder, log, model, asked["model"])

    def tell() -> None:
        known = [n for n in model.nodes if n.name not in unsaid]
        said.nodes = [_entry(n, n.name in refused, refused.get(n.name, "")) for n in known]
        said.partitions = {"gpu": runs([n.name not in refused for n in known])}

    tell()
    if refused or other:
        first = next(iter(refused.values()), other)
        said.error = (
            f"the parser refuses {len(refused) or 'all'} of {len(model.nodes)} nodes, so nothing is built: {first}"
        )
        said.write()
        return
    del model.data
    said.write()
    words = _built(trt, builder, log, asked, chip, said)
    refused.update(dict.fromkeys(culprits(words, log.layers), _line(words)))
    said.error, said.done = _line(words), not words
    tell()
    said.write()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
