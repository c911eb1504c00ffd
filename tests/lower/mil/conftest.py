"""Lowers ONNX text to MIL, holds the result against coremltools' registry and writes it as one line an op."""

import json
import re
from pathlib import Path

import pytest

from edgeplan.capability.rows import load_backend
from edgeplan.frontends.onnx import parse_text
from edgeplan.graph import Graph, Op
from edgeplan.lower import lower_to

_REGISTRY = json.loads((Path(__file__).parents[3] / "rules/coreml/mil.json").read_text("utf-8"))["ops"]
_BODIES = {"cond": {"_true_fn", "_false_fn"}, "while_loop": {"_cond", "_body"}}
_IMPLIED = {("make_list", "elem_shape")}


def check_registry(graph: Graph) -> None:
    """Every op exists in some release, with these inputs; what must be constant is, and nothing required is missing."""
    for inner, op in graph.walk():
        if op.domain:
            continue
        releases = list(_REGISTRY[op.type].values())
        known = {name: spec for release in releases for name, spec in release["inputs"].items()}
        given = {*op.ports, *op.attrs} | _BODIES.get(op.type, set())
        assert given - {"_true_fn", "_false_fn", "_cond", "_body"} <= known.keys(), op
        for name, spec in known.items():
            marks = {_marks(release["inputs"].get(name, " ?")) for release in releases}
            if name not in given:
                assert "?" in "".join(marks) or (op.type, name) in _IMPLIED, (op, name)
            elif all("c" in m for m in marks):
                values = [inner.values[v] for p, v in zip(op.ports, op.inputs, strict=True) if p == name]
                assert all(v.const for v in values), (op, name, spec)


def _marks(spec: str) -> str:
    """`?` for an optional input, `c` for one that must be constant, after the type: `int32 ?c`."""
    return spec.partition(" ")[2]


def _size(graph: Graph, name: str) -> str:
    shape = graph.values[name].shape
    return "?" if shape is None else "x".join("?" if d is None else str(d) for d in shape) or "scalar"


def _line(graph: Graph, op: Op) -> str:
    ports = [f"{p}:{_size(graph, v)}" for p, v in zip(op.ports, op.inputs, strict=True)]
    attrs = [f"{k}={v}".replace(" ", "") for k, v in op.attrs.items()]
    outs = ", ".join(f"{graph.values[o].dtype}[{_size(graph, o)}]" for o in op.outputs)
    return " ".join((op.label, *ports, *attrs, "->", outs))


@pytest.fixture
def graph_of():
    """ONNX text, `opset: g (...) => (...) {...}`, to the lowered graph."""

    def lower(text: str, precision: str = "float32", release: str = "iOS 17") -> Graph:
        opset, _, body = re.fullmatch(r"\s*(?:(\d+):)?(\s*)(.*)", text, re.DOTALL).groups()
        header = f'<ir_version: 10, opset_import: ["" : {opset or 18}, "com.microsoft" : 1]>'
        source = parse_text(f"{header} {body}")
        lowered = lower_to(source, "mil", precision, load_backend("coreml").fusions(release))
        check_registry(lowered)
        for name in source.outputs:
            if name in lowered.values:
                assert lowered.values[name].shape == source.values[name].shape
        return lowered

    return lower


@pytest.fixture
def mil(graph_of):
    """ONNX text to the lines of its lowering."""
    return lambda text: [_line(g, op) for g, op in graph_of(text).walk()]
