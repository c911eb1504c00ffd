"""No graph, however malformed, makes a lowering fail, and a refused op leaves nothing behind."""

from dataclasses import replace
from importlib import import_module
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from edgeplan.frontends.onnx import parse_text
from edgeplan.graph import DType, Graph, Op, Value
from edgeplan.lower.tflite import lower_tflite

_FAMILIES = [p.stem for p in sorted(Path(__file__).parent.glob("test_*.py")) if p.stem != Path(__file__).stem]
_TEXTS = sorted(
    case[0]
    for name in _FAMILIES
    for case in getattr(import_module(f".{name}", __package__), "CASES", {}).values()
    if len(case) == 2
)
_RELAID = {"TRANSPOSE", "RESHAPE", "DEQUANTIZE"}
"""Ops in front of one that is left, which reads its inputs in native order and in float32."""

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
def _graphs(draw) -> Graph:
    graph = _source(draw(st.sampled_from(_TEXTS)))
    values = {name: draw(_mutated_value(value)) for name, value in graph.values.items()}
    return replace(graph, values=values, ops=tuple(draw(_mutated_op(op)) for op in graph.ops))


@settings(max_examples=400, deadline=None)
@given(_graphs(), st.sampled_from(["float16", "float32", "model"]))
def test_never_fails_and_never_leaves_half_a_lowering(graph, precision):
    lowered = lower_tflite(graph, precision)
    refused = {op.name for op in lowered.ops if op.domain}
    for op in lowered.ops:
        assert op.domain or op.type in _RELAID or op.name.rpartition("/")[0] not in refused
        assert all(name in lowered.values for name in (*op.inputs, *op.outputs))
