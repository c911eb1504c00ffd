"""Lowers ONNX text to LiteRT's ops, holds the result against the schema and the ops' shapes, writes a line an op."""

import re

import pytest

from edgeplan.frontends.onnx import parse_text
from edgeplan.graph import Graph, Op
from edgeplan.lower import lower_to

from .check import check_graph

_FUSIONS = ("affine",)


def _size(graph: Graph, name: str) -> str:
    value = graph.values[name]
    small = value.const and value.data is not None and len(value.data) <= 8
    if small:
        numbers = ",".join(f"{d:g}" if isinstance(d, float) else str(d) for d in value.data)
        return (
            numbers if value.shape == () else f"({numbers})" + "x".join(map(str, value.shape)) * (len(value.shape) > 1)
        )
    shape = value.shape
    return "?" if shape is None else "x".join("?" if d is None else str(d) for d in shape) or "scalar"


_PLAIN = {
    "pot_scale_int16": True, "quantized_bias_type": "FLOAT32", "fused_activation_function": "NONE", "new_shape": None,
    "dilation_h_factor": 1, "dilation_w_factor": 1, "dilation_d_factor": 1, "asymmetric_quantize_inputs": False,
    "weights_format": "DEFAULT", "ellipsis_mask": 0, "new_axis_mask": 0, "offset": False,
}  # fmt: skip
"""Options that a line leaves out while they are the schema's defaults; `new_shape` repeats the operand."""


def _line(graph: Graph, op: Op) -> str:
    ports = [f"{p}:{_size(graph, v)}" for p, v in zip(op.ports, op.inputs, strict=True)]
    shown = {k: v for k, v in op.attrs.items() if k not in _PLAIN or _PLAIN[k] not in (None, v)}
    attrs = [f"{k}={v}".replace(" ", "") for k, v in shown.items()]
    outs = ", ".join(f"{graph.values[o].dtype}[{_size(graph, o)}]" for o in op.outputs)
    return " ".join((op.label, *ports, *attrs, "->", outs))


@pytest.fixture
def graph_of():
    """ONNX text, `opset: g (...) => (...) {...}`, to the lowered graph, checked."""

    def lower(text: str, precision: str = "model") -> Graph:
        opset, _, body = re.fullmatch(r"\s*(?:(\d+):)?(\s*)(.*)", text, re.DOTALL).groups()
        header = f'<ir_version: 10, opset_import: ["" : {opset or 18}, "com.microsoft" : 1]>'
        source = parse_text(f"{header} {body}")
        lowered = lower_to(source, "tflite", precision, _FUSIONS)
        check_graph(lowered)
        for name, made in zip(source.outputs, lowered.outputs, strict=True):
            wanted, found = source.values[name].shape, lowered.values[made].shape
            if wanted is not None and found is not None:
                assert sorted(map(str, wanted)) == sorted(map(str, found)), name
        return lowered

    return lower


@pytest.fixture
def tflite(graph_of):
    """ONNX text to the lines of its lowering."""
    return lambda text, precision="model": [_line(g, op) for g, op in graph_of(text, precision).walk()]
