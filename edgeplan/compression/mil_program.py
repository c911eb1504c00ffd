"""How large coremltools writes the program of a Core ML package: its ops, their types and names, as protobuf.

Every op, every constant and every parameter of an op is an `Operation` of `MIL.proto`, with its name in it twice and
its type in full: a network of small layers has a program of hundreds of bytes for each. What converters name things
is theirs: `Names` says how long that gets.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from edgeplan.compression.mil_storage import Array, Stored
from edgeplan.compression.protobuf import field_size, varint_size
from edgeplan.graph import Attr, DType, Graph, Op, Shape

__all__ = ["Names", "program_size"]

_FRAME = 560
"""Bytes of a model's description and metadata and of its function's header, with an input and an output or two."""

_FILE = len("@model_path/weights/weight.bin")
_OFFSET = 5
_TYPED, _CAST = len("_to_fp16"), len("_cast_fp16")
"""What the names of constants and of ops end with that were float32 and are computed in float16."""

_TAILS = {
    "constexpr_lut_to_dense": "_palettized",
    "constexpr_sparse_to_dense": "_sparsified",
    "constexpr_lut_to_sparse": "_sparsified_nonzero_data_0_palettized_0",
    "constexpr_sparse_blockwise_shift_scale": "_sparsified_nonzero_data_0_quantized_0",
}  # fmt: skip
"""What the names of expanded weights end with; of others with `_quantized`."""

_DENSE = "constexpr_sparse_to_dense"
_KEPT = ("mask", "nonzero_data")
_SPARSE = frozenset({"constexpr_lut_to_sparse", "constexpr_sparse_blockwise_shift_scale"})
_UNSAID: Mapping[str, Sequence[tuple[str, Attr]]] = {
    "concat": (("interleave", False),),
    "gather": (("batch_dims", 0), ("validate_indices", False)),
    "relu6": (("alpha", 0.0), ("beta", 6.0)),  # written as a clip
}
"""Parameters that converters write and a lowered graph does not spell."""


@dataclass(frozen=True, slots=True)
class Names:
    """Characters of the plain names that a converter gives to what an op makes and to a constant, from the graph's."""

    made: Callable[[str], int]
    constant: Callable[[str], int]


def program_size(graph: Graph, constants: Iterable[Stored], names: Names, ios: int) -> int:
    """Bytes of `model.mlmodel`: the `constants` of the package and every op, those of bodies included."""
    total = _FRAME
    lengths: dict[str, int] = {}
    for stored in constants:
        value, length = stored.value, names.constant(stored.value.name)
        length += _TYPED if value.dtype is DType.FLOAT16 else 0
        total += _expanded(stored, length, ios) if stored.op else _constant(stored.arrays[0], length)
        lengths[value.name] = length + (len(_tail(stored.op)) if stored.op else 0)
    for owner, op in graph.walk():
        if not op.outputs or not all(owner.values[n].const for n in op.outputs):
            total += _op(owner, op, names, lengths)
    return total


def _tail(op: str) -> str:
    return "_sparsified" if op in _SPARSE else _TAILS.get(op, "_quantized")


def _op(graph: Graph, op: Op, names: Names, lengths: Mapping[str, int]) -> int:
    """An op and its parameters, each of which is a constant of its own. `lengths` are those of the constants' names."""

    def length(name: str) -> int:
        return lengths.get(name) or names.made(name) + (_CAST if graph.values[name].dtype is DType.FLOAT16 else 0)

    size = field_size(len(op.type)) + _name(length(op.outputs[0]) if op.outputs else 0)
    for port, name in zip(op.ports, op.inputs, strict=True):
        size += _entry(len(port), field_size(field_size(field_size(length(name)))))
    plain, total = names.made(op.outputs[0]) if op.outputs else 0, 0
    for port, attr in {**dict(_UNSAID.get(op.type, ())), **op.attrs}.items():
        told = plain + len(f"_{port}_0") + (_TYPED if isinstance(attr, float) else 0)
        size += _entry(len(port), field_size(field_size(field_size(told))))
        total += _parameter(attr, told)
    size += sum(_output(length(name), graph.values[name].shape) for name in op.outputs)
    return total + field_size(size)


def _parameter(attr: Attr, length: int) -> int:
    """The constant of a parameter, which is one element or a row of them."""
    if isinstance(attr, tuple):
        return _spelled((len(attr),), sum(map(_element, attr)), length)
    return _spelled((), _element(attr), length)


@lru_cache(maxsize=4096)  # a network has few of them, each hundreds of times
def _spelled(shape: Shape, payload: int, length: int) -> int:
    return _const(shape, _literal(shape, payload), length)


def _element(attr: Attr) -> int:
    if isinstance(attr, str):
        return field_size(len(attr))
    if isinstance(attr, int):
        return varint_size(attr)
    return 2  # of a float16; a parameter that is a row itself does not occur


def _constant(array: Array, length: int) -> int:
    """A constant that is stored as it is."""
    return _const(array.shape, _array(array), length)


def _expanded(stored: Stored, length: int, ios: int) -> int:
    """The op that expands a weight, with its arrays inside; two ops where what is expanded is still sparse."""
    shape, dense = stored.value.shape, length + len(_tail(stored.op))
    size = field_size(len(stored.op))
    for array in stored.arrays:
        size += _entry(len(array.port), _array(array) if ios < 18 else field_size(field_size(_array(array))))
    if stored.op not in _SPARSE:
        return field_size(size + _name(dense) + _output(dense, shape))
    inner = length + len(_TAILS[stored.op])
    size += _name(inner - 2) + _output(inner, shape) + _output(inner, (1,))
    second = field_size(len(_DENSE)) + _name(dense) + _output(dense, shape)
    second += sum(_entry(len(port), field_size(field_size(field_size(inner)))) for port in _KEPT)
    return field_size(size) + field_size(second)


def _const(shape: Shape, value: int, length: int) -> int:
    return field_size(field_size(len("const")) + _output(length, shape) + _name(length) + _entry(len("val"), value))


def _array(array: Array) -> int:
    """A `Value`: by its place in the file, or spelled out."""
    if array.filed:
        return field_size(_type(array.shape)) + field_size(field_size(_FILE) + _OFFSET)
    return _literal(array.shape, array.bytes)


def _literal(shape: Shape, payload: int) -> int:
    """A `Value` that is spelled out: immediate, a tensor, of some type, its elements packed."""
    return field_size(_type(shape)) + field_size(field_size(field_size(field_size(payload))))


@lru_cache(maxsize=4096)  # as above
def _name(length: int) -> int:
    """The attribute that names an op: a `Value` that holds a string."""
    return _entry(len("name"), _literal((), length))


@lru_cache(maxsize=4096)  # as above
def _output(length: int, shape: Shape) -> int:
    """A `NamedValueType`."""
    return field_size(field_size(length) + field_size(_type(shape)))


def _type(shape: Shape) -> int:
    """A `ValueType` of a tensor: its element type, its rank and each dimension, known or not."""
    size = 2
    if shape:
        size += 2
    for dim in shape or ():
        size += field_size(field_size(1 + varint_size(dim))) if isinstance(dim, int) else field_size(2)
    return field_size(size)


def _entry(key: int, value: int) -> int:
    """An entry of a map whose key is a string."""
    return field_size(field_size(key) + field_size(value))
