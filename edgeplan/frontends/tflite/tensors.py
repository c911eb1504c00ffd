"""Tensors of a TFLite file: type, shape, where their data lie, and the contents of small constants."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from struct import Struct

from edgeplan.frontends.errors import ModelError
from edgeplan.frontends.tflite.flatbuffer import FlatBuffer, Table
from edgeplan.graph import DType, Scalar

__all__ = ["Buffers", "Tensor", "dtype_of", "read_tensors"]

_DTYPES = {
    "RESOURCE": DType.RESOURCE, "VARIANT": DType.RESOURCE, "FLOAT8_E4M3FN": DType.FLOAT8, "FLOAT8_E5M2": DType.FLOAT8,
}  # fmt: skip

_FORMATS = {
    DType.FLOAT64: "d", DType.FLOAT32: "f", DType.FLOAT16: "e", DType.INT64: "q", DType.INT32: "i", DType.INT16: "h",
    DType.INT8: "b", DType.UINT64: "Q", DType.UINT32: "I", DType.UINT16: "H", DType.UINT8: "B", DType.BOOL: "?",
}  # fmt: skip

_KEPT_FLOATS, _KEPT = 64, 1024
"""Elements of a constant that a Value carries along, as for ONNX: settings, not weights."""

_MOST_AXES = 1024

_UNSIZED = frozenset({DType.STRING, DType.RESOURCE})


@dataclass(frozen=True, slots=True)
class Tensor:
    """A tensor as the file declares it.

    `shape` is what the runtime allocates unless an input is resized, `signature` the same with -1 where free; None
    where not even the rank is known. `storage` tells the data of a constant apart from others': equal means the same.
    """

    name: str
    dtype: DType | None
    shape: tuple[int, ...] | None
    signature: tuple[int, ...] | None
    variable: bool
    const: bool
    data: tuple[Scalar, ...] | None
    storage: tuple[object, ...]
    quantization: str


class Buffers:
    """The model's buffers: what each holds, inside the flatbuffer, behind it, or in another file."""

    def __init__(self, file: FlatBuffer, model: Table) -> None:
        self._file = file
        self._inner = [self._extent(b) for b in model.tables("buffers")]
        groups = [g.text("name") for g in model.tables("external_buffer_groups")]
        self._outer = {e.integer("id"): self._external(e, groups) for e in model.tables("external_buffers")}
        self.files = tuple(dict.fromkeys(name for name, _ in self._outer.values()))
        """Other files that constants lie in."""

    def _extent(self, buffer: Table) -> tuple[int, int]:
        offset, size = buffer.integer("offset"), buffer.integer("size")
        if offset <= 1:  # 0 is no offset, 1 a converter's placeholder
            return buffer.extent("data")
        if offset + size > len(self._file.data):
            raise ModelError("a buffer lies behind the end of the file: it is cut short")
        return offset, size

    def _external(self, buffer: Table, groups: list[str]) -> tuple[str, int]:
        group = buffer.integer("group")
        name = groups[group] if group < len(groups) else ""
        plain = name.replace("\\", "/")
        if not name or posixpath.isabs(plain) or ":" in plain or ".." in posixpath.normpath(plain).split("/"):
            raise ModelError(f"a buffer lies outside the model's folder: {name!r}")
        return name, buffer.integer("length")

    def find(self, tensor: Table) -> tuple[tuple[object, ...], int, int | None]:
        """What tells a tensor's data apart, their length, and their first byte when they are in this file."""
        outer = tensor.integer("external_buffer")
        if outer:
            if outer not in self._outer:
                raise ModelError("a tensor refers to an external buffer that the model does not list")
            name, length = self._outer[outer]
            return (name, outer), length, None
        index = tensor.integer("buffer")
        if index >= len(self._inner):
            raise ModelError("a tensor refers to a buffer that the model does not have")
        start, length = self._inner[index]
        return (index,), length, start

    def read(self, dtype: DType, start: int, count: int) -> tuple[Scalar, ...]:
        """Elements of the file."""
        found: tuple[Scalar, ...] = Struct(f"<{count}{_FORMATS[dtype]}").unpack_from(self._file.data, start)
        return found


def read_tensors(file: FlatBuffer, subgraph: Table, buffers: Buffers) -> Iterator[Tensor]:
    """The tensors of a subgraph, each held against its data: the runtime refuses a constant of another size."""
    types = {number: dtype_of(name) for name, number in file.schema.enums["TensorType"].items()}
    tables = subgraph.tables("tensors")
    ranked = any(t.flag("has_rank") for t in tables)
    for table in tables:
        name = table.text("name")
        dtype = types.get(table.integer("type"))
        shape = _axes(table, "shape")
        signature = _axes(table, "shape_signature")
        if len(signature) != len(shape):  # the runtime looks at the shape alone
            signature = shape
        storage, length, start = buffers.find(table)
        sparse = table.has("sparsity")
        variable = table.flag("is_variable")
        data = None
        if length and not sparse and dtype is not None and dtype not in _UNSIZED:
            elements = prod(shape)
            needed = (elements * dtype.bits + 7) // 8
            if min(shape, default=0) < 0 or length != needed:
                size = "x".join(map(str, shape)) or "scalar"
                raise ModelError(f"tensor {name!r} declares {size} {dtype}, but it holds {length} bytes")
            if start is not None and dtype in _FORMATS and elements <= (_KEPT_FLOATS if dtype.is_float else _KEPT):
                data = buffers.read(dtype, start, elements)
        known = bool(shape) or bool(length) or not ranked or table.flag("has_rank") or dtype is DType.RESOURCE
        yield Tensor(
            name,
            dtype,
            shape if known else None,
            signature if known else None,
            variable,
            bool(length) and not variable,
            data,
            (*storage, dtype, shape),
            _quantization(file, table),
        )


def dtype_of(name: str) -> DType | None:
    """The element type of a name of the schema's TensorType."""
    return _DTYPES.get(name) or next((d for d in DType if d.label == name.lower()), None)


def _axes(table: Table, field: str) -> tuple[int, ...]:
    if table.count(field) > _MOST_AXES:
        raise ModelError(f"tensor {table.text('name')!r} has more than {_MOST_AXES} axes")
    return table.integers(field)


def _quantization(file: FlatBuffer, tensor: Table) -> str:
    """How a tensor is quantised: `per-tensor`, `per-channel`, `per-block`, or empty."""
    found = tensor.table("quantization")
    if found is None:
        return ""
    details = found.integer("details_type")
    kinds = file.schema.unions["QuantizationDetails"]
    kind = kinds[details - 1] if 0 < details <= len(kinds) else ""
    if kind == "BlockwiseQuantization":
        return "per-block"
    if kind == "MultiAxisQuantization":
        axes = found.table("details", kind)
        return "per-block" if axes is not None and axes.integer("block_size") else "per-channel"
    scales = found.count("scale")
    return "per-channel" if scales > 1 else "per-tensor" if scales else ""
