"""A graph as though it had been compressed, for plans made before anybody has done so."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace

from edgeplan.graph import Body, DType, Graph, Op, Value
from edgeplan.lower.expanding import Expander
from edgeplan.lower.scheme import Scheme
from edgeplan.lower.weights import Role, channel_axes, is_stored, role_of, widens

__all__ = ["as_quantised", "form_of"]

_UNSIGNED = {8: DType.UINT8, 16: DType.UINT16}
_SIGNED = {8: DType.INT8, 16: DType.INT16}


def form_of(scheme: Scheme, dialect: str) -> str:
    """Why a dialect has no form for a scheme, as a clause; empty where it has one."""
    if scheme.sparsity and dialect != "mil":
        return "no form of sparse weights that its tools write"
    if scheme.form == "palette" and dialect != "mil":
        return "no form of palettes"
    if scheme.name == "bf16" and dialect != "onnx":
        return "no form of bfloat16"
    return ""


def as_quantised(
    graph: Graph,
    scheme: Scheme,
    *,
    typed: bool = True,
    takes: Collection[str] | None = None,
    recent: bool = True,
) -> Graph:
    """A lowered graph with the types a compressed model would have: every float value, inputs and outputs included.

    Weights of contractions are compressed as the scheme says, but for those whose channels its block or group does not
    divide; `takes` names the constants to compress where that is to be decided otherwise. Where activations are
    quantised, biases take 32 bits; activations are unsigned in ONNX, as QNN has them, and signed elsewhere. Where the
    runtime is not `typed`, its ops stand between dequantised and quantised floats: activations stay floats, marked as
    quantised, and an op of its own expands the weights. So it is in MIL, whose forms since iOS 18 are taken where they
    are `recent`. MIL and LiteRT compute in the floats they were lowered with. Nothing is said of accuracy.

    Raises `ValueError` where the dialect has no form for the scheme.
    """
    why = form_of(scheme, graph.dialect)
    if why:
        raise ValueError(f"{scheme.name}: {graph.dialect} has {why}")
    if scheme.form == "float" and scheme.stored is not None:
        if graph.dialect == "onnx":
            return _recast(graph, scheme.stored)
        if graph.dialect == "mil":
            return graph
    chosen = None if takes is None else frozenset(takes)
    graph = _widened(graph)
    if scheme.name == "fp32":
        return graph
    if graph.dialect == "mil" or not typed or scheme.form == "float":
        return _expanded(graph, scheme, chosen, recent)
    return _typed(graph, scheme, chosen)


def _takes(scheme: Scheme, chosen: frozenset[str] | None, op: Op, port: str, value: Value) -> bool:
    """Whether a constant that an op reads is one the scheme is applied to."""
    if chosen is not None:
        return value.name in chosen
    sizes = value.sizes
    if role_of(op, port, value) != "weight" or sizes is None:
        return False
    out, inner = channel_axes(op, port, len(sizes))
    return not scheme.size or sizes[inner if scheme.per == "block" else out] % scheme.size == 0


def _is_handed_on(value: Value) -> bool:
    """Whether ops make and read a value in floats, as they do not a constant."""
    return value.is_float and not value.const


def _marked(graph: Graph, held: DType | None = None) -> dict[str, Value]:
    """The values, floats that ops hand on marked as quantised: floats still, or of the type they are `held` in."""
    return {
        n: replace(v, dtype=held or v.dtype, quantization="per-tensor") if _is_handed_on(v) else v
        for n, v in graph.values.items()
    }


def _recast(graph: Graph, dtype: DType) -> Graph:
    """Every float in another type."""
    values = {n: replace(v, dtype=dtype) if v.is_float else v for n, v in graph.values.items()}
    ops = tuple(_within(op, op.inputs, lambda g: _recast(g, dtype)) for op in graph.ops)
    return replace(graph, values=values, ops=ops)


def _widened(graph: Graph) -> Graph:
    """Weights in float16 that an op widens as the float32 weights they stand for, without that op."""
    ops = tuple(_within(op, op.inputs, _widened) for op in graph.ops if not widens(graph, op))
    changed = len(ops) != len(graph.ops) or any(a is not b for a, b in zip(ops, graph.ops, strict=True))
    return replace(graph, ops=ops) if changed else graph


def _within(op: Op, inputs: tuple[str, ...], inside: Callable[[Graph], Graph]) -> Op:
    bodies = tuple(Body(b.name, inside(b.graph), b.trips) for b in op.bodies)
    return op if inputs == op.inputs and not bodies else replace(op, inputs=inputs, bodies=bodies)


def _typed(graph: Graph, scheme: Scheme, chosen: frozenset[str] | None) -> Graph:
    """Values with the types of a quantised file; a constant that is two things to its readers becomes two."""
    held = (_UNSIGNED if graph.dialect == "onnx" else _SIGNED)[scheme.activations] if scheme.activations else None
    types: dict[Role, DType | None] = {
        "weight": scheme.stored,
        "bias": DType.INT32 if held else None,
        "scale": (DType.UINT8 if graph.dialect == "onnx" else DType.INT8) if held else None,
    }
    values = _marked(graph, held) if held else dict(graph.values)
    met: dict[str, Role] = {}

    def constant(op: Op, port: str, name: str) -> str:
        value = graph.values[name]
        if not value.const or not value.is_float:
            return name
        role = role_of(op, port, value)
        if _takes(scheme, chosen, op, port, value):
            role = "weight"
        elif role == "weight":
            role = "value"
        dtype = types.get(role, held)
        if dtype is None:
            return name
        told = name if met.setdefault(name, role) == role else f"{name} ({role})"
        kind = scheme.quantization if role == "weight" else "per-tensor"
        values[told] = replace(value, name=told, dtype=dtype, quantization=kind)
        return told

    def changed(op: Op) -> Op:
        inputs = tuple(constant(op, port, name) for port, name in zip(op.ports, op.inputs, strict=True))
        found = _within(op, inputs, lambda g: _typed(g, scheme, chosen))
        touched = (graph.values[n] for n in (*op.inputs, *op.outputs))
        if graph.dialect == "onnx" and held is not None and any(map(_is_handed_on, touched)):
            return replace(found, attrs={**op.attrs, "quantized": 1})  # as `fuse_qdq` leaves it
        return found

    ops = tuple(changed(op) for op in graph.ops)
    return replace(graph, values=values, ops=ops)


def _expanded(graph: Graph, scheme: Scheme, chosen: frozenset[str] | None, recent: bool) -> Graph:
    """Weight -> ops that expand it -> weight, and floats marked as quantised where activations take 8 bits.

    Nothing that stands between floats computes in 16 bits.
    """
    to = Expander(scheme, graph.dialect, recent, _marked(graph) if scheme.activations == 8 else dict(graph.values))
    ops: list[Op] = []
    made: dict[str, str] = {}
    for op in graph.ops:
        inputs = []
        for port, name in zip(op.ports, op.inputs, strict=True):
            value = graph.values[name]
            if name not in made and is_stored(graph, name) and _takes(scheme, chosen, op, port, value):
                found = to.ops(value, channel_axes(op, port, len(value.shape or ())), op.sources)
                ops += found
                made[name] = found[-1].outputs[0]
            inputs.append(made.get(name, name))
        ops.append(_within(op, tuple(inputs), lambda g: _expanded(g, scheme, chosen, recent)))
    return replace(graph, values=to.values, ops=tuple(ops))
