"""The read-only graph every stage reads: ops, values and data types, whatever file they came from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import networkx

__all__ = ["Attr", "Body", "DType", "Dim", "Graph", "Op", "Scalar", "Shape", "Value"]

Dim = int | str | None
"""One axis: a size, the name of a free dimension, or None where nothing is known."""

Shape = tuple[Dim, ...] | None
"""The axes of a tensor; None when even the rank is unknown."""

Scalar = int | float | bool | str
Attr = Scalar | tuple["Attr", ...]
"""An attribute as rules see it. Tensors and graphs are not attributes: they are values and bodies."""


class DType(Enum):
    """An element type, with its width in bits."""

    FLOAT64 = ("float64", 64)
    FLOAT32 = ("float32", 32)
    FLOAT16 = ("float16", 16)
    BFLOAT16 = ("bfloat16", 16)
    FLOAT8 = ("float8", 8)
    FLOAT4 = ("float4", 4)
    INT64 = ("int64", 64)
    INT32 = ("int32", 32)
    INT16 = ("int16", 16)
    INT8 = ("int8", 8)
    INT4 = ("int4", 4)
    INT2 = ("int2", 2)
    UINT64 = ("uint64", 64)
    UINT32 = ("uint32", 32)
    UINT16 = ("uint16", 16)
    UINT8 = ("uint8", 8)
    UINT6 = ("uint6", 6)
    UINT4 = ("uint4", 4)
    UINT3 = ("uint3", 3)
    UINT2 = ("uint2", 2)
    UINT1 = ("uint1", 1)
    BOOL = ("bool", 8)
    COMPLEX64 = ("complex64", 64)
    COMPLEX128 = ("complex128", 128)
    STRING = ("string", 0)
    RESOURCE = ("resource", 0)

    __hash__ = object.__hash__  # members are single: Enum's own hash is a Python call, and types are keys everywhere

    def __init__(self, label: str, bits: int) -> None:
        self.label = label
        self.bits = bits
        self.is_float = label.startswith(("float", "bfloat"))
        """True for every floating-point type of 4 to 64 bits."""

    def __str__(self) -> str:
        return self.label


@dataclass(frozen=True, slots=True)
class Value:
    """A tensor edge.

    `const` says that the value is known before the model runs: a weight, or computed from weights alone.
    `data` holds its elements, flat and row-major, when they are few and were read; weights are never read.
    `quantization` is how the file quantises it: `per-tensor`, `per-channel`, `per-block`, or empty.
    """

    name: str
    dtype: DType | None = None
    shape: Shape = None
    const: bool = False
    data: tuple[Scalar, ...] | None = None
    quantization: str = ""
    elements: int | None = field(init=False, repr=False, compare=False)
    """The number of elements, or None while an axis is unknown."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "elements", _elements(self.shape))

    @property
    def is_float(self) -> bool:
        """Whether its elements are known to be of a floating-point type."""
        return self.dtype is not None and self.dtype.is_float

    @property
    def sizes(self) -> tuple[int, ...] | None:
        """The shape where every axis of it has a size, else None."""
        sizes = tuple(d for d in self.shape or () if isinstance(d, int))
        return None if self.shape is None or len(sizes) < len(self.shape) else sizes

    @property
    def bytes(self) -> int | None:
        """Bytes in memory with sub-byte types packed, or None while shape or type is unknown."""
        n = self.elements
        return None if n is None or self.dtype is None else (n * self.dtype.bits + 7) // 8


@lru_cache(maxsize=4096)  # a network has few shapes, each on hundreds of values
def _elements(shape: Shape) -> int | None:
    if shape is None:
        return None
    total = 1
    for size in shape:
        if not isinstance(size, int):
            return 0 if 0 in shape else None
        total *= size
    return total


@dataclass(frozen=True, slots=True)
class Body:
    """A graph inside an op: a branch of If (`trips` 1) or the body of a Loop or Scan.

    `trips` is how often it runs, None when only the data decide. Branches of one op exclude each other.
    """

    name: str
    graph: Graph
    trips: int | None = 1


@dataclass(frozen=True, slots=True)
class Op:
    """A node. `ports[i]` is the schema's name for `inputs[i]`; an absent optional input is in neither."""

    name: str
    type: str
    inputs: tuple[str, ...]
    ports: tuple[str, ...]
    outputs: tuple[str, ...]
    attrs: Mapping[str, Attr] = field(default_factory=dict)
    domain: str = ""
    version: int = 0
    bodies: tuple[Body, ...] = ()
    sources: tuple[str, ...] = ()

    def input(self, port: str) -> str | None:
        """The value at `port`, or None when the op has no such input."""
        for p, v in zip(self.ports, self.inputs, strict=True):
            if p == port:
                return v
        return None

    @property
    def label(self) -> str:
        """The type with its domain, as a reader of the source model knows it."""
        return f"{self.domain}.{self.type}" if self.domain else self.type


@dataclass(frozen=True)
class Graph:
    """A model in one dialect, its ops in an order in which they can run.

    `values` holds every tensor the ops name, those captured from an outer graph included.
    """

    name: str
    dialect: str
    ops: tuple[Op, ...]
    values: Mapping[str, Value]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    opset: int = 0

    @cached_property
    def producer(self) -> Mapping[str, int]:
        """Value name to the index of the op that makes it; graph inputs and weights have none."""
        return {out: i for i, op in enumerate(self.ops) for out in op.outputs}

    @cached_property
    def by_label(self) -> Mapping[str, tuple[int, ...]]:
        """The indices of the ops of each label, in order."""
        found: dict[str, list[int]] = {}
        for i, op in enumerate(self.ops):
            found.setdefault(op.label, []).append(i)
        return {label: tuple(at) for label, at in found.items()}

    @cached_property
    def consumers(self) -> Mapping[str, tuple[int, ...]]:
        """Value name to the indices of the ops that read it, captures of their bodies included."""
        found: dict[str, list[int]] = {}
        for i, op in enumerate(self.ops):
            for name in dict.fromkeys(self.reads(op)):
                found.setdefault(name, []).append(i)
        return {k: tuple(v) for k, v in found.items()}

    def reads(self, op: Op) -> tuple[str, ...]:
        """The values an op needs: its inputs, then what its bodies capture from this graph."""
        if not op.bodies:
            return op.inputs
        return (*op.inputs, *(n for body in op.bodies for n in body.graph.captured if n in self.values))

    @cached_property
    def captured(self) -> tuple[str, ...]:
        """The values a body takes from the graphs around it, in the order of their first use."""
        own = set(self.inputs)
        own.update(out for op in self.ops for out in op.outputs)
        seen: dict[str, None] = {}
        for op in self.ops:
            for name in (*op.inputs, *(n for b in op.bodies for n in b.graph.captured)):
                if name not in own:
                    seen.setdefault(name)
        for name in self.outputs:
            if name not in own:
                seen.setdefault(name)
        return tuple(seen)

    @cached_property
    def nx(self) -> networkx.MultiDiGraph:
        """The same graph for networkx: nodes are op indices (attribute `op`), edges values (key: value, slot)."""
        import networkx

        g = networkx.MultiDiGraph(name=self.name, dialect=self.dialect)
        g.add_nodes_from((i, {"op": op}) for i, op in enumerate(self.ops))
        producer = self.producer
        g.add_edges_from(
            (producer[name], i, (name, slot), {"value": self.values[name]})
            for i, op in enumerate(self.ops)
            for slot, name in enumerate(self.reads(op))
            if name in producer
        )
        return g

    def walk(self) -> Iterator[tuple[Graph, Op]]:
        """Every op with the graph it stands in, bodies included, outer ops first."""
        for op in self.ops:
            yield self, op
            for body in op.bodies:
                yield from body.graph.walk()
