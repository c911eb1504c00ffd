"""Conditions on quantized constants."""

from __future__ import annotations

from edgeplan.capability.predicates.tensorrt.values import at
from edgeplan.graph import DType, Op, Value

__all__ = [
    "int8_clip_without_bounds",
    "int8_constant",
]


def int8_clip_without_bounds(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """INT8 is clipped with an upper bound alone, or with a bound that is not known beforehand.

    Without any bound it depends on how the file leaves them out, by naming no inputs or empty ones: None.
    """
    if not inputs or inputs[0].dtype is not DType.INT8:
        return False
    low, high = at(op, inputs, "min"), at(op, inputs, "max")
    if low is None:
        return None if high is None else True
    return not (low.const and (high is None or high.const))


def int8_constant(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """An INT8, INT4, FP8 or FP4 constant goes elsewhere than to a DequantizeLinear."""
    if op.type in ("Clip", "DequantizeLinear", "QuantizeLinear"):
        return False
    quantized = (DType.INT8, DType.INT4, DType.FLOAT8, DType.FLOAT4)
    data = [v for p, v in zip(op.ports, inputs, strict=True) if p != "target_type"]
    return any(v.const and v.dtype in quantized for v in data)
