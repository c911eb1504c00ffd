"""Conditions of the GPU's rows."""

from __future__ import annotations

from edgeplan.graph import DType, Op, Value

__all__ = [
    "choices_broadcast",
    "computed_scalar_operand",
    "constant_operand_foreign",
    "integer_beside_gpu_floats",
    "not_two_inputs",
    "prelu_slope_not_by_channel",
    "wide_or_foreign_type",
]

_OPERANDS = frozenset({"lhs", "rhs", "x", "y", "values", "constant_values", "alpha"})

_FOREIGN = frozenset(
    {DType.INT64, DType.UINT64, DType.FLOAT64, DType.COMPLEX64, DType.COMPLEX128, DType.STRING, DType.RESOURCE}
)

_UNREAD = frozenset({DType.INT16, DType.UINT16, DType.UINT32, *_FOREIGN})

_GPU_TYPES = frozenset({DType.FLOAT32, DType.FLOAT16, DType.INT8, DType.UINT8})

_GPU_INTEGERS = {
    "CAST": frozenset({DType.INT32, DType.BOOL}), "GATHER": frozenset({DType.INT32}),
    "ONE_HOT": frozenset({DType.INT32}),
    "SELECT": frozenset({DType.BOOL}), "SELECT_V2": frozenset({DType.BOOL}),
}  # fmt: skip


def wide_or_foreign_type(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """A tensor that is no constant has 64-bit elements, complex numbers, strings or resources."""
    return any(v.dtype in _FOREIGN for v in (*inputs, *outputs) if not v.const)


def integer_beside_gpu_floats(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """A computed tensor is neither float nor 8-bit, nor what this op may take besides."""
    allowed = _GPU_TYPES | _GPU_INTEGERS.get(op.type, frozenset())
    return any(v.dtype not in allowed for v in (*inputs, *outputs) if not v.const and v.dtype is not None)


def computed_scalar_operand(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """Both operands are computed, and one of them is a scalar without axes."""
    if any(v.const for v in inputs):
        return False
    if any(v.shape == () for v in inputs):
        return True
    return None if any(v.shape is None for v in inputs) else False


def constant_operand_foreign(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """A constant operand is none of a float, a quantised 8-bit or a 32-bit signed integer, or is a single boolean."""
    return any(_foreign(op, p, v) for p, v in zip(op.ports, inputs, strict=True) if v.const and p in _OPERANDS)


def _foreign(op: Op, port: str, value: Value) -> bool:
    if value.dtype is DType.BOOL and value.elements == 1 and op.type not in ("SELECT", "SELECT_V2"):
        return True
    if port == "constant_values" and value.dtype in (DType.BOOL, DType.INT32):
        return True
    plain = value.dtype in (DType.INT8, DType.UINT8) and not value.quantization and op.version != 0
    return value.dtype in _UNREAD or plain


def not_two_inputs(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """The op has another number of inputs than two."""
    return len(inputs) != 2


def prelu_slope_not_by_channel(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """The slopes are computed, or neither one for each channel nor a map for a single image."""
    data, slope = inputs[:2]
    if not slope.const or slope.shape is None or data.shape is None:
        return True if not slope.const else None
    if not slope.shape or slope.shape[-1] != data.shape[-1] or (len(data.shape) == 1 and data.shape != (1,)):
        return True  # the only axis of a vector is its batch, and it has one channel
    lead = slope.shape[:-1]
    if all(d == 1 for d in lead):
        return False
    return len(lead) != 2 or data.shape[0] != 1


def choices_broadcast(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """A tensor to select from is neither of the result's shape nor a single element of at most one axis."""
    answers = [_broadcast(v, outputs[0]) for p, v in zip(op.ports, inputs, strict=True) if p in ("x", "y")]
    return True if True in answers else None if None in answers else False


def _broadcast(value: Value, result: Value) -> bool | None:
    if value.shape is None or result.shape is None:
        return None
    return value.shape not in ((), (1,), result.shape)
