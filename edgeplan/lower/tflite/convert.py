"""Changes of the element type: CAST."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

from edgeplan.graph import DType, Op, Scalar
from edgeplan.lower.shapes import static
from edgeplan.lower.tflite.builder import Builder
from edgeplan.lower.tflite.layout import NATIVE, Layout, Order
from edgeplan.lower.tflite.operands import common_order
from edgeplan.lower.tflite.registry import lowers

__all__ = ["cast", "convert", "type_name", "whole_numbers"]

_NAMELESS = {DType.FLOAT8, DType.FLOAT4, DType.COMPLEX128, DType.UINT2, DType.UINT4}


def type_name(dtype: DType) -> str | None:
    """The name of a dtype in the schema's TensorType, None when it has none."""
    return None if dtype in _NAMELESS else dtype.label.upper()


def whole_numbers(data: Sequence[Scalar]) -> list[int] | None:
    """The elements as integers, None when one is text or not finite."""
    numbers = [int(v) for v in data if isinstance(v, (int, float)) and isfinite(v)]
    return numbers if len(numbers) == len(data) else None


def cast(b: Builder, x: str, dtype: DType, *, to: str | None = None, order: Order = NATIVE) -> str:
    """CAST(input) of a tensor, itself when it is of that type already and no source value has to be made."""
    source = b.value(x).dtype
    if to is None and (source is dtype or source is None):
        return x
    if to is None and b.is_weight(x):
        return _constant(b, x, dtype)
    names = type_name(source or dtype), type_name(dtype)
    attrs = {"in_data_type": names[0] or "FLOAT32", "out_data_type": names[1] or "FLOAT32"}
    return b.emit("CAST", {"input": x}, b.shape(x), to=to, dtype=dtype, attrs=attrs, order=order)


def _constant(b: Builder, x: str, dtype: DType) -> str:
    """A constant in another type."""
    value = b.value(x)
    sizes = static(value.shape)
    if value.data is None or sizes is None:
        return b.weight(x, value.shape) if value.dtype is dtype else b.table(value.shape, dtype)
    kind = float if dtype.is_float else int
    if not all(isinstance(v, (int, float)) and isfinite(v) for v in value.data):
        return b.table(value.shape, dtype)
    return b.constant([kind(v) for v in value.data], dtype, sizes)


@lowers("Cast", "CastLike", layout=Layout.ANY)
def convert(op: Op, b: Builder) -> bool:
    """Cast(input) -> CAST(input); between types that both become float32 -> nothing. To or from strings: none."""
    x, out = op.inputs[0] if op.inputs else None, op.outputs[0]
    if x is None:
        return False
    source, target = b.value(x).dtype, b.value(out).dtype
    if source is None or target is None or DType.STRING in (source, target):
        return False
    if type_name(source) is None or type_name(target) is None:
        return False
    if source is target:
        b.alias(out, x, ())
        return True
    order = common_order(b, (x,), out)
    cast(b, b.ordered(x, order), target, to=out, order=order)
    return True
