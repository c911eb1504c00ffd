"""Scalars that a lowering adds to the graph, in the dtype of the tensor they meet."""

from __future__ import annotations

from edgeplan.graph import DType, Scalar
from edgeplan.lower.mil.builder import Builder

__all__ = ["cast", "dtype_name", "is_bool", "is_float", "is_integer", "scalar"]

_NAMES = {
    DType.FLOAT16: "fp16",
    DType.FLOAT32: "fp32",
    DType.INT32: "int32",
    DType.INT16: "int16",
    DType.INT8: "int8",
    DType.UINT16: "uint16",
    DType.UINT8: "uint8",
    DType.BOOL: "bool",
}
"""MIL's names of the types that its `cast` knows (source: coremltools `mil/ops/defs/iOS17/elementwise_unary.py`)."""


def dtype_name(dtype: DType | None) -> str | None:
    """MIL's name of a dtype, None when it has none."""
    return None if dtype is None else _NAMES.get(dtype)


def is_float(b: Builder, name: str) -> bool:
    """True when the value is known to be of a floating-point type."""
    dtype = b.value(name).dtype
    return dtype is not None and dtype.is_float


def is_bool(b: Builder, name: str) -> bool:
    """True when the value is known to be boolean."""
    return b.value(name).dtype is DType.BOOL


def is_integer(b: Builder, name: str) -> bool:
    """True when the value is known to be of an integer type."""
    dtype = b.value(name).dtype
    return dtype is not None and dtype.label.startswith(("int", "uint"))


def scalar(b: Builder, like: str, value: Scalar) -> str:
    """A constant of rank 0 with the dtype of `like`."""
    return b.constant((value,), b.value(like).dtype or DType.FLOAT32, ())


def cast(b: Builder, x: str, dtype: DType, to: str | None = None) -> str:
    """x -> cast(x, dtype), of the same shape. `dtype` must be one that MIL can cast to."""
    return b.emit("cast", {"x": x}, b.shape(x), to=to, dtype=dtype, attrs={"dtype": _NAMES[dtype]})
