"""Tensor headers: their type, shape and small contents, checked against what the file really holds."""

from __future__ import annotations

import posixpath
import re
from math import prod
from pathlib import Path

import numpy as np
from onnx import TensorProto, numpy_helper

from edgeplan.frontends.errors import ModelError
from edgeplan.frontends.onnx.wire import ELEMENTS, RAW
from edgeplan.graph import DType

__all__ = ["FOLD_LIMIT", "check_tensor", "dtype_of", "external_location", "small_array"]

FOLD_LIMIT = 4096
"""Elements up to which a constant's contents are read and computed with."""

_NAMES = {
    1: DType.FLOAT32, 2: DType.UINT8, 3: DType.INT8, 4: DType.UINT16, 5: DType.INT16, 6: DType.INT32, 7: DType.INT64,
    8: DType.STRING, 9: DType.BOOL, 10: DType.FLOAT16, 11: DType.FLOAT64, 12: DType.UINT32, 13: DType.UINT64,
    14: DType.COMPLEX64, 15: DType.COMPLEX128, 16: DType.BFLOAT16, 17: DType.FLOAT8, 18: DType.FLOAT8,
    19: DType.FLOAT8, 20: DType.FLOAT8, 21: DType.UINT4, 22: DType.INT4, 23: DType.FLOAT4, 24: DType.FLOAT8,
    25: DType.UINT2, 26: DType.INT2,
}  # fmt: skip


_EXTERNAL = TensorProto.EXTERNAL
_COMPLEX = (DType.COMPLEX64, DType.COMPLEX128)

_SETTINGS = 64
"""Elements up to which the contents of a float tensor are read."""

_RAW = {
    1: "<f4",
    2: "u1",
    3: "i1",
    4: "<u2",
    5: "<i2",
    6: "<i4",
    7: "<i8",
    9: "?",
    10: "<f2",
    11: "<f8",
    12: "<u4",
    13: "<u8",
}
"""TensorProto.DataType numbers whose raw data numpy reads as they are; numpy_helper takes ten times as long."""

_TYPED = {1: ("float_data", "f4"), 6: ("int32_data", "i4"), 7: ("int64_data", "i8"), 11: ("double_data", "f8")}
"""Likewise for data in the field of their own type."""


def dtype_of(elem_type: int) -> DType | None:
    """The element type of a TensorProto.DataType number; None for 0 (undefined) and numbers newer than this table."""
    return _NAMES.get(elem_type)


def external_location(tensor: TensorProto) -> str | None:
    """The file a tensor's data lie in, None when they are inline."""
    if tensor.data_location != _EXTERNAL:
        return None
    return next((e.value for e in tensor.external_data if e.key == "location"), "")


def check_tensor(tensor: TensorProto, folder: Path | None) -> str | None:
    """Hold a tensor's header against its data; returns the external file it needs, if any.

    Raises `ModelError` when the declared size and the stored size differ, a size is negative, or external data would
    lie outside the model's folder. Nothing outside the file itself is opened.
    """
    name = tensor.name or "(unnamed)"
    dtype = dtype_of(tensor.data_type)
    dims = [*tensor.dims]
    if dims and min(dims) < 0:
        raise ModelError(f"tensor {name!r} declares a negative size")
    elements = prod(dims)
    location = external_location(tensor)
    if location is not None:
        plain = location.replace("\\", "/")
        outside = posixpath.isabs(plain) or ":" in plain or ".." in posixpath.normpath(plain).split("/")
        if not location or outside:
            raise ModelError(f"tensor {name!r} keeps its data outside the model's folder: {location!r}")
        length = _notes(tensor).get("length")
        if length is not None and dtype not in (None, DType.STRING) and length != (elements * dtype.bits + 7) // 8:
            raise ModelError(_mismatch(name, tensor, f"its external data have {length} bytes"))
        return location
    if dtype is None or dtype is DType.STRING:
        return None
    notes = _notes(tensor) if tensor.external_data else {}
    raw = notes.get(RAW, len(tensor.raw_data))
    if raw:
        if raw != (elements * dtype.bits + 7) // 8:
            raise ModelError(_mismatch(name, tensor, f"it holds {raw} bytes"))
        return None
    fields = (tensor.float_data, tensor.int32_data, tensor.int64_data, tensor.double_data, tensor.uint64_data)
    entries = notes.get(ELEMENTS, 0) + max(map(len, fields))
    packed = 1 if dtype.bits >= 8 else 8 // dtype.bits
    held = entries // 2 if dtype in _COMPLEX else entries * packed
    if not 0 <= held - elements < packed and not (packed > 1 and entries == elements):
        raise ModelError(_mismatch(name, tensor, f"it holds {held} elements"))
    return None


def _notes(tensor: TensorProto) -> dict[str, int]:
    """The entries of `external_data` that are sizes."""
    return {e.key: int(e.value) for e in tensor.external_data if re.fullmatch("[0-9]{1,20}", e.value)}


def _mismatch(name: str, tensor: TensorProto, holds: str) -> str:
    shape = "x".join(map(str, tensor.dims)) or "scalar"
    dtype = dtype_of(tensor.data_type)
    return f"tensor {name!r} declares {shape} {dtype or 'elements'}, but {holds}"


def small_array(tensor: TensorProto) -> np.ndarray | None:
    """The contents of a small inline tensor of numbers, else None. Call `check_tensor` first.

    Floats are read when they are few enough to be settings (scales, bounds, an epsilon): no shape is made of weights.
    """
    dims = tuple(tensor.dims)
    elements = prod(dims)
    if tensor.data_location == _EXTERNAL or elements > FOLD_LIMIT:
        return None
    if tensor.external_data and any(e.key in (RAW, ELEMENTS) for e in tensor.external_data):
        return None
    dtype = dtype_of(tensor.data_type)
    if dtype is None or dtype is DType.STRING or dtype in _COMPLEX or dtype.bits < 8:
        return None
    if dtype.is_float and elements > _SETTINGS:
        return None
    if tensor.raw_data and tensor.data_type in _RAW and not tensor.HasField("segment"):
        return np.frombuffer(tensor.raw_data, _RAW[tensor.data_type]).reshape(dims)
    if tensor.data_type in _TYPED and not tensor.raw_data:
        field, kind = _TYPED[tensor.data_type]
        return np.array(getattr(tensor, field), kind).reshape(dims)
    try:
        return numpy_helper.to_array(tensor)
    except ValueError:  # in segments, or in two fields at once: nothing an exporter writes
        raise ModelError(f"the data of tensor {tensor.name or '(unnamed)'!r} cannot be read") from None
