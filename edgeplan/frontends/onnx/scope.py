"""What is known of every value while a model is read: its type, its shape and, for small constants, its contents."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from numpy.typing import NDArray
from onnx import TensorShapeProto, TypeProto

from edgeplan.frontends.onnx.tensors import dtype_of
from edgeplan.graph import Dim, DType, Shape

__all__ = ["Known", "Scope", "merge", "type_of"]


@dataclass(slots=True)
class Known:
    """One value. `sequence` holds the shapes of a sequence's elements where they are known.

    `sizes` holds the elements of a vector of sizes whose contents are known in part: sizes, names, None.
    """

    dtype: DType | None = None
    shape: Shape = None
    const: bool = False
    data: NDArray[Any] | None = None
    sequence: tuple[Shape, ...] | None = None
    proto: TypeProto | None = None
    sizes: tuple[Dim, ...] | None = None

    @property
    def settled(self) -> bool:
        """True when type and every axis are known."""
        if self.sequence is not None:
            return all(s is not None and _sized(s) for s in self.sequence)
        return self.dtype is not None and self.shape is not None and _sized(self.shape)


@lru_cache(maxsize=4096)  # a network has few shapes, each on hundreds of values
def _sized(shape: tuple[Dim, ...]) -> bool:
    return all(isinstance(size, int) for size in shape)


@dataclass(slots=True)
class Scope:
    """The values of one graph, and of the graphs around it through `parent`.

    `children` holds the scopes of the bodies, by (node index, attribute, how many times it runs); `taken` the branch of
    every If whose condition is known.
    """

    parent: Scope | None = None
    values: dict[str, Known] = field(default_factory=dict)
    children: dict[int, list[tuple[str, Scope, int | None]]] = field(default_factory=dict)
    taken: dict[int, str] = field(default_factory=dict)

    def find(self, name: str) -> Known | None:
        """The value as this graph or one around it knows it."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.values:
                return scope.values[name]
            scope = scope.parent
        return None


def type_of(proto: TypeProto, symbols: frozenset[str]) -> Known:
    """A declared or inferred type. Dimension names outside `symbols` were made up on the way and say nothing."""
    kind = proto.WhichOneof("value")
    if kind == "sequence_type":
        return Known(type_of(proto.sequence_type.elem_type, symbols).dtype, None, proto=proto)
    if kind == "optional_type":
        return type_of(proto.optional_type.elem_type, symbols)
    if kind not in ("tensor_type", "sparse_tensor_type"):
        return Known()
    tensor = proto.tensor_type if kind == "tensor_type" else proto.sparse_tensor_type
    shape: Shape = None
    if tensor.HasField("shape"):
        dims = tensor.shape.dim
        shape = tuple([size if (size := d.dim_value) > 0 else _dim(d, symbols) for d in dims])
    return Known(dtype_of(tensor.elem_type), shape, proto=proto)


def _dim(dim: TensorShapeProto.Dimension, symbols: frozenset[str]) -> Dim:
    """An axis without a size above 0."""
    if dim.HasField("dim_value"):
        return 0 if dim.dim_value == 0 else None
    name: str = dim.dim_param
    return name if name in symbols else None


def merge(old: Known | None, new: Known) -> Known:
    """What two sources say together; a size beats a name, a name beats nothing."""
    if old is None or old is new:
        return new
    shape = old.shape
    if shape is None or (new.shape is not None and len(new.shape) != len(shape)):
        shape = shape if new.shape is None else new.shape
    elif new.shape is not None:
        shape = tuple(
            a if isinstance(a, int) else b if isinstance(b, int) else a or b
            for a, b in zip(shape, new.shape, strict=True)
        )
    return Known(
        old.dtype or new.dtype,
        shape,
        old.const or new.const,
        new.data if old.data is None else old.data,
        old.sequence or new.sequence,
        old.proto or new.proto,
    )
