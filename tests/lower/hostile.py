"""Malformed graphs: those that lowerings are tested with, changed at random."""

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import strategies as st

from edgeplan.frontends.onnx import parse_text
from edgeplan.graph import DType, Graph, Op, Value

__all__ = ["malformed"]

_NUMBERS = st.integers(-3, 9) | st.sampled_from([-(2**63), 2**63 - 1]) | st.floats() | st.booleans()
_ATTRS = _NUMBERS | st.text(max_size=4) | st.lists(_NUMBERS | st.text(max_size=2), max_size=6).map(tuple)
_DIMS = st.integers(0, 9) | st.sampled_from(["N", None, 2**40])
_SHAPES = st.none() | st.lists(_DIMS, max_size=7).map(tuple)
_NAMES = st.sampled_from(
    ["axis", "axes", "perm", "pads", "kernel_shape", "strides", "group", "mode", "split", "alpha", "k", "epsilon", "to"]
    + ["scales", "equation", "num_heads", "direction", "activations", "blocksize", "output_padding", "output_shape"]
)


def _source(text: str) -> Graph:
    opset, _, body = text.rpartition(": g ") if text.partition(":")[0].strip().isdigit() else ("", "", text[2:])
    header = f'<ir_version: 10, opset_import: ["" : {opset or 18}, "com.microsoft" : 1]>'
    return parse_text(f"{header} g {body}")


@st.composite
def _mutated_op(draw, op: Op) -> Op:
    attrs = {name: draw(st.just(value) | _ATTRS) for name, value in op.attrs.items() if draw(st.integers(0, 4))}
    attrs |= draw(st.dictionaries(_NAMES, _ATTRS, max_size=2))
    kept = [i for i in range(len(op.inputs)) if draw(st.integers(0, 7))]
    outputs = op.outputs[: draw(st.just(len(op.outputs)) | st.integers(0, len(op.outputs)))]
    return replace(
        op,
        inputs=tuple(op.inputs[i] for i in kept),
        ports=tuple(op.ports[i] for i in kept),
        outputs=outputs,
        attrs=attrs,
        version=draw(st.sampled_from([op.version, 0, 7, 11, 26])),
        bodies=op.bodies if draw(st.integers(0, 5)) else (),
    )


@st.composite
def _mutated_value(draw, value: Value) -> Value:
    if draw(st.integers(0, 3)):
        return value
    return replace(
        value,
        shape=draw(st.just(value.shape) | _SHAPES),
        dtype=draw(st.sampled_from([value.dtype, None, *DType])),
        const=draw(st.booleans()),
        data=draw(st.just(value.data) | st.none() | st.lists(_NUMBERS, max_size=8).map(tuple)),
    )


@st.composite
def malformed(draw, texts: Sequence[str]) -> Graph:
    """One of the texts with attributes, operands, types, shapes and data that nobody would write."""
    graph = _source(draw(st.sampled_from(texts)))
    values = {name: draw(_mutated_value(value)) for name, value in graph.values.items()}
    return replace(graph, values=values, ops=tuple(draw(_mutated_op(op)) for op in graph.ops))
