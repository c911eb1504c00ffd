"""A graph as though it had been quantised, for plans made before anybody has done so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Literal

from edgeplan.graph import Body, DType, Graph, Op, Shape, Value

__all__ = ["Scheme", "as_quantised"]

Scheme = Literal["w8", "w8a8", "w8a16", "w4", "w4a16"]
"""Bits of the weights and, where they are quantised too, of the activations."""

_Role = Literal["weight", "bias", "scale", "value"]
"""What a constant is to the op that reads it: types differ by it."""

_CONTRACTIONS = frozenset({
    "BATCH_MATMUL", "BIDIRECTIONAL_SEQUENCE_LSTM", "CONV_2D", "CONV_3D", "Conv", "ConvTranspose", "DEPTHWISE_CONV_2D",
    "FULLY_CONNECTED", "GRU", "Gemm", "LSTM", "MatMul", "RNN", "TRANSPOSE_CONV", "UNIDIRECTIONAL_SEQUENCE_LSTM", "conv",
    "conv_transpose", "gru", "linear", "lstm", "matmul", "rnn",
})  # fmt: skip
_NORMS = frozenset({"GroupNormalization", "InstanceNormalization", "LayerNormalization", "RMSNormalization"})
_UNSIGNED = {8: DType.UINT8, 16: DType.UINT16}
_SIGNED = {4: DType.INT4, 8: DType.INT8, 16: DType.INT16}


def as_quantised(graph: Graph, scheme: Scheme, *, typed: bool = True) -> Graph:
    """A lowered graph with the types a quantised model would have: every float value, inputs and outputs included.

    Weights of contractions are signed and quantised per channel, biases take 32 bits; activations are unsigned in
    ONNX, as QNN has them, and signed elsewhere. Where the runtime is not `typed`, its ops stand between dequantised
    and quantised floats: activations stay floats, marked as quantised, and an op of its own expands the weights. So
    it is in MIL. With weights alone quantised (`w8`, `w4`), the others stay as they are. Nothing is said of
    accuracy.
    """
    weights, _, activations = scheme[1:].partition("a")
    marked = activations == "8"  # nothing that stands between floats computes in 16 bits
    if graph.dialect == "mil" or not typed:
        return _expanded(graph, _SIGNED[int(weights)], marked)
    held = (_UNSIGNED if graph.dialect == "onnx" else _SIGNED)[int(activations)] if activations else None
    return _typed(graph, _SIGNED[int(weights)], held)


def _role(op: Op, port: str, value: Value) -> _Role:
    if op.type in _NORMS and port.lower() == "scale":
        return "scale"
    if port in ("C", "bias") or (port == "B" and (op.type.startswith("Conv") or op.type in _NORMS)):
        return "bias"
    return "weight" if op.type in _CONTRACTIONS and len(value.shape or ()) > 1 else "value"


def _is_float(value: Value) -> bool:
    return value.dtype is not None and value.dtype.is_float


def _is_handed_on(value: Value) -> bool:
    """Whether ops make and read a value in floats, as they do not a constant."""
    return _is_float(value) and not value.const


def _marked(graph: Graph, held: DType | None = None) -> dict[str, Value]:
    """The values, floats that ops hand on marked as quantised: floats still, or of the type they are `held` in."""
    return {
        n: replace(v, dtype=held or v.dtype, quantization="per-tensor") if _is_handed_on(v) else v
        for n, v in graph.values.items()
    }


def _typed(graph: Graph, weights: DType, held: DType | None) -> Graph:
    """Values with the types of a quantised file; a constant that is two things to its readers becomes two."""
    types = {
        "weight": weights,
        "bias": DType.INT32 if held else None,
        "scale": (DType.UINT8 if graph.dialect == "onnx" else DType.INT8) if held else None,
        "value": held,
    }
    values = _marked(graph, held) if held else dict(graph.values)
    met: dict[str, _Role] = {}

    def constant(op: Op, port: str, name: str) -> str:
        value = graph.values[name]
        if not value.const or not _is_float(value):
            return name
        role = _role(op, port, value)
        dtype = types[role]
        if dtype is None:
            return name
        told = name if met.setdefault(name, role) == role else f"{name} ({role})"
        kind = "per-channel" if role == "weight" else "per-tensor"
        values[told] = replace(value, name=told, dtype=dtype, quantization=kind)
        return told

    ops = tuple(_op(graph, op, constant, held, lambda g: _typed(g, weights, held)) for op in graph.ops)
    return replace(graph, values=values, ops=ops)


def _op(
    graph: Graph,
    op: Op,
    constant: Callable[[Op, str, str], str],
    held: DType | None,
    inside: Callable[[Graph], Graph],
) -> Op:
    inputs = tuple(constant(op, port, name) for port, name in zip(op.ports, op.inputs, strict=True))
    bodies = tuple(Body(b.name, inside(b.graph), b.trips) for b in op.bodies)
    touched = (graph.values[n] for n in (*op.inputs, *op.outputs))
    if graph.dialect == "onnx" and held is not None and any(map(_is_handed_on, touched)):
        return replace(op, inputs=inputs, attrs={**op.attrs, "quantized": 1}, bodies=bodies)  # as `fuse_qdq` leaves it
    return op if inputs == op.inputs and not bodies else replace(op, inputs=inputs, bodies=bodies)


def _expanded(graph: Graph, weights: DType, activations: bool) -> Graph:
    """Weight -> op that expands it -> weight, and floats marked as quantised."""
    values = _marked(graph) if activations else dict(graph.values)
    ops: list[Op] = []
    made: dict[str, str] = {}
    for op in graph.ops:
        inputs = []
        for port, name in zip(op.ports, op.inputs, strict=True):
            value = graph.values[name]
            stored = value.const and name not in graph.producer
            if stored and _is_float(value) and _role(op, port, value) == "weight":
                if name not in made:
                    expand = _constexpr if graph.dialect == "mil" else _dequantise
                    ops.append(expand(values, value, weights, op.sources))
                    made[name] = ops[-1].outputs[0]
                name = made[name]
            inputs.append(name)
        bodies = tuple(Body(b.name, _expanded(b.graph, weights, activations), b.trips) for b in op.bodies)
        ops.append(replace(op, inputs=tuple(inputs), bodies=bodies))
    return replace(graph, values=values, ops=tuple(ops))


def _dequantise(values: dict[str, Value], value: Value, weights: DType, sources: tuple[str, ...]) -> Op:
    """DequantizeLinear(x, x_scale), per channel."""
    names = _stored(values, value, weights, (value.shape or (1,))[:1])
    made, ports = f"{value.name} expanded", ("x", "x_scale")
    return Op(made, "DequantizeLinear", names, ports, (made,), {"axis": 0}, version=19, sources=sources)


def _constexpr(values: dict[str, Value], value: Value, weights: DType, sources: tuple[str, ...]) -> Op:
    """The op that expands a weight, per channel: 8 bits by `constexpr_affine_dequantize`, 4 by the one for blocks."""
    channels = (value.shape or (1,))[0]
    made = f"{value.name} expanded"
    if weights is DType.INT4:
        names = _stored(values, value, weights, (channels, *(1,) * (len(value.shape or ()) - 1)))
        return Op(made, "constexpr_blockwise_shift_scale", names, ("data", "scale"), (made,), sources=sources)
    names = _stored(values, value, weights, (channels,))
    zero = Value(f"{value.name} zero point", weights, (channels,), const=True)
    values[zero.name] = zero
    ports = ("quantized_data", "scale", "zero_point")
    return Op(made, "constexpr_affine_dequantize", (*names, zero.name), ports, (made,), {"axis": 0}, sources=sources)


def _stored(values: dict[str, Value], value: Value, weights: DType, scales: Shape) -> tuple[str, str]:
    """A weight as it is stored and its scales, by name, beside what is made of them."""
    stored = replace(value, name=f"{value.name} quantised", dtype=weights, quantization="per-channel")
    scale = Value(f"{value.name} scale", value.dtype, scales, const=True)
    values.update((v.name, v) for v in (stored, replace(value, name=f"{value.name} expanded"), scale))
    return stored.name, scale.name
