"""A loop of a known number of trips, its body written out for each of them."""

from __future__ import annotations

from collections.abc import Sequence

from edgeplan.graph import DType, Graph, Op, Shape
from edgeplan.lower.shapes import reshape_target, static
from edgeplan.lower.tflite.algebra import concat, step
from edgeplan.lower.tflite.builder import Builder

__all__ = ["can_unroll", "unrolled"]

_MOST_TRIPS = 1024
_MOST_OPS = 8192


def can_unroll(body: Graph, trips: int | None, states: int, scans: int) -> bool:
    """True for a lowered body (counter, condition, states) -> (condition, states, scans) that is short enough.

    Source: onnx2tf `tflite_builder/op_builders/control.py` is_supported_loop_static_unroll_pattern (up to 1024 trips;
    the bound on ops is this program's).
    """
    if trips is None or not 1 <= trips <= _MOST_TRIPS or trips * len(body.ops) > _MOST_OPS:
        return False
    if len(body.inputs) != states + 2 or len(body.outputs) != states + scans + 1:
        return False
    return not any(op.domain or op.bodies for op in body.ops)


def unrolled(op: Op, b: Builder, body: Graph, trips: int, states: Sequence[str]) -> None:
    """The body's ops once a trip, a state's last tensor as its output, each scan's by RESHAPE and CONCATENATION."""
    own = {name: _constant(b, body, name) for name in _constants(body)}
    current = list(states)
    kept: list[list[str]] = [[] for _ in op.outputs[len(states) :]]
    for trip in range(trips):
        known = {**own, body.inputs[0]: b.scalar(trip, DType.INT64), body.inputs[1]: b.scalar(True, DType.BOOL)}
        known.update(zip(body.inputs[2:], current, strict=True))
        for inner in body.ops:
            given: dict[str, list[str]] = {}
            for port, name in zip(inner.ports, inner.inputs, strict=True):
                given.setdefault(port, []).append(known.get(name, name))
            made = [(body.values[n].shape, body.values[n].dtype) for n in inner.outputs]
            known.update(zip(inner.outputs, b.several(inner.type, given, made, inner.attrs), strict=True))
        results = [known.get(n, n) for n in body.outputs[1:]]
        current = results[: len(states)]
        for rows, row in zip(kept, results[len(states) :], strict=True):
            shape = b.shape(row)
            rows.append(_raised(b, row, None if shape is None else (1, *shape)))
    for out, tensor in zip(op.outputs, current, strict=False):
        b.adopt(out, b.native(tensor))
    for out, rows in zip(op.outputs[len(states) :], kept, strict=True):
        concat(b, rows, 0, to=out)


def _raised(b: Builder, row: str, shape: Shape) -> str:
    if reshape_target(shape) is not None:
        return b.reshape(row, shape)
    return step(b, "EXPAND_DIMS", [row, b.scalar(0, DType.INT32)], shape)


def _constants(body: Graph) -> list[str]:
    """The constants that belong to the body: what it reads and neither makes nor takes from outside."""
    made = {*body.inputs, *(n for op in body.ops for n in op.outputs)}
    read = (*(n for op in body.ops for n in op.inputs), *body.outputs)
    return list(dict.fromkeys(n for n in read if n not in made and body.values[n].const))


def _constant(b: Builder, body: Graph, name: str) -> str:
    value, sizes = body.values[name], static(body.values[name].shape)
    if name in b.source.values or sizes is None or value.dtype is None:
        return name
    if value.data is not None:
        return b.constant(value.data, value.dtype, sizes)
    return b.weight(b.scalar(0, value.dtype), sizes)
