"""How coremltools writes constants into a Core ML package: as which arrays, and how large the file of them is.

`weight.bin` begins with a header of 64 bytes. Each array has 64 bytes that describe it, then its elements, packed where
they are narrower than a byte; both begin at a multiple of 64. Read off the files of coremltools 9.0, to the byte.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import floor, prod

from edgeplan.compression.layers import Layer
from edgeplan.graph import DType, Graph, Value
from edgeplan.lower.scheme import Scheme
from edgeplan.units import round_up

__all__ = ["Array", "Stored", "file_size", "needs_ios_18", "stored_constants"]

_ALIGNED = 64
_LEAST = 10
"""Elements from which on an array goes to the file, not into the program (`should_use_weight_file`)."""

_SHARED = 100
"""Elements from which on equal arrays are written once (`const_deduplication`)."""

_FILED = frozenset({"float16", "float32", "int8", "uint8"})
_FILED_SINCE_IOS_18 = _FILED | {"int16", "int32", "uint16", "uint32"}
_RECURRENT = frozenset({"gru", "lstm", "rnn"})


@dataclass(frozen=True, slots=True)
class Array:
    """An array of elements of some width in bits. `port` is what it is to the op that expands it, empty if none does.

    `filed` says whether it lies in `weight.bin`; else it stands in the program.
    """

    port: str
    shape: tuple[int, ...]
    bits: int
    filed: bool

    @property
    def elements(self) -> int:
        """How many elements it has."""
        return prod(self.shape)

    @property
    def bytes(self) -> int:
        """Bytes of the elements, packed."""
        return (self.elements * self.bits + 7) // 8


@dataclass(frozen=True, slots=True)
class Stored:
    """A constant and the arrays it is stored as; `op` expands them, empty where it is stored as it is."""

    value: Value
    arrays: tuple[Array, ...]
    op: str = ""


def needs_ios_18(scheme: Scheme) -> bool:
    """Whether only packages for iOS 18 and later can hold weights in that form."""
    if scheme.sparsity and scheme.form != "float":
        return True
    narrow = scheme.form == "linear" and scheme.bits < 8
    return narrow or scheme.per in ("block", "group") or (scheme.form == "palette" and scheme.bits == 3)


def _constants(graph: Graph) -> Mapping[str, Value]:
    """The constants of a package, each once: what is computed from constants alone stands there as its result."""
    found: dict[str, Value] = {}
    for owner, op in graph.walk():
        if op.outputs and all(owner.values[n].const for n in op.outputs):
            continue
        for name in op.inputs:
            if owner.values[name].const:
                found[name] = owner.values[name]
    return found


def stored_constants(graph: Graph, scheme: Scheme, taken: Iterable[Layer], ios: int) -> Iterator[Stored]:
    """The constants of a MIL graph as a package for an `ios` release holds them; what `taken` does not name stays.

    From 18 on other ops expand weights; before 17 recurrent ops take no float16. Constants of unknown size are left
    out. Zero points are all zero, so those of as many channels are written once.
    """
    layers = {layer.weight: layer for layer in taken}
    compresses = scheme.form != "float" or scheme.sparsity > 0
    wide = _recurrent(graph) if ios < 17 else frozenset()
    zeros: set[int] = set()
    for name, value in _constants(graph).items():
        if value.sizes is None or value.dtype is None:
            continue
        bits = _bits(value.dtype, scheme, name in wide)
        if not compresses or name not in layers:
            kept = value.dtype.label in (_FILED if ios < 18 else _FILED_SINCE_IOS_18) and prod(value.sizes) >= _LEAST
            yield Stored(value, (Array("", value.sizes, bits, kept),))
            continue
        op, arrays = (_before_ios_18 if ios < 18 else _since_ios_18)(layers[name], scheme, bits)
        again = {a for a in arrays if a.port == "zero_point" and a.elements in zeros}
        zeros |= {a.elements for a in arrays if a.port == "zero_point" and a.elements >= _SHARED}
        yield Stored(value, tuple(a for a in arrays if a not in again), op)


def _recurrent(graph: Graph) -> frozenset[str]:
    """The constants that recurrent ops read."""
    return frozenset(name for _, op in graph.walk() if op.type in _RECURRENT for name in op.inputs)


def _bits(dtype: DType, scheme: Scheme, wide: bool) -> int:
    """The width that an element of a constant has, or that a scale or a palette of it is computed in."""
    if not dtype.is_float:
        return dtype.bits
    return 32 if wide else scheme.bits if scheme.form == "float" and scheme.bits else dtype.bits


def _before_ios_18(layer: Layer, scheme: Scheme, bits: int) -> tuple[str, tuple[Array, ...]]:
    """The op of iOS 16 and 17 that expands a weight whose floats have so many `bits`, and its arrays."""
    n, shape = layer.elements, _array("shape", (len(layer.shape),), 32)
    if scheme.form == "float":
        packed = _array("mask", ((n + 7) // 8,), 8)
        return "constexpr_sparse_to_dense", (_array("nonzero_data", (_kept(n, scheme),), bits), packed, shape)
    if scheme.form == "palette":
        packed = _array("indices", ((n * scheme.bits + 7) // 8,), 8)
        return "constexpr_lut_to_dense", (packed, _array("lut", (1 << scheme.bits,), bits), shape)
    channels = () if scheme.per == "tensor" else (layer.shape[layer.channel_axis or 0],)
    data, axis = _array("quantized_data", layer.shape, scheme.bits), _array("axis", (), 32)
    zero, scale = _array("zero_point", channels, scheme.bits), _array("scale", channels, bits)
    return "constexpr_affine_dequantize", (data, zero, scale, axis)


def _since_ios_18(layer: Layer, scheme: Scheme, bits: int) -> tuple[str, tuple[Array, ...]]:
    """The same from iOS 18 on: arrays have the weight's own rank, and what is left of a sparse weight may be packed."""
    kept = (_kept(layer.elements, scheme),)
    if scheme.form == "float":
        arrays = _array("nonzero_data", kept, bits), _array("mask", layer.shape, 1)
        return "constexpr_sparse_to_dense", arrays
    if scheme.form == "palette":
        table = _array("lut", (*_groups(layer, scheme), 1 << scheme.bits, 1), bits)
        if scheme.sparsity:
            mask = _array("indices_mask", layer.shape, 1)
            return "constexpr_lut_to_sparse", (_array("indices_nonzero_data", kept, scheme.bits), mask, table)
        return "constexpr_lut_to_dense", (_array("indices", layer.shape, scheme.bits), table)
    scale = _array("scale", _groups(layer, scheme), bits)
    if scheme.sparsity:
        mask = _array("data_mask", layer.shape, 1)
        return "constexpr_sparse_blockwise_shift_scale", (_array("nonzero_data", kept, scheme.bits), mask, scale)
    return "constexpr_blockwise_shift_scale", (_array("data", layer.shape, scheme.bits), scale)


def _array(port: str, shape: tuple[int, ...], bits: int) -> Array:
    return Array(port, shape, bits, prod(shape) >= _LEAST)


def _kept(elements: int, scheme: Scheme) -> int:
    """How many weights pruning by magnitude leaves: those above the percentile of the sparsity.

    Of as many equal ones as float16 makes it leaves some fewer: up to 0.4 % of a weight.
    """
    return elements - 1 - floor(round(scheme.sparsity * (elements - 1), 6)) if scheme.sparsity else elements


def _groups(layer: Layer, scheme: Scheme) -> tuple[int, ...]:
    """How many scales or palettes a weight has along each axis."""
    along = [1] * len(layer.shape)
    if scheme.per == "tensor":
        return tuple(along)
    out, inner = layer.channel_axis or 0, layer.input_axis or 0
    along[out] = layer.shape[out] // (scheme.size if scheme.per == "group" else 1)
    if scheme.per == "block":
        along[inner] = layer.shape[inner] // scheme.size
    return tuple(along)


def file_size(arrays: Iterable[Array]) -> int:
    """Bytes of a `weight.bin` with these arrays in it, those that stand in the program left out; 0 where none is."""
    sizes = [array.bytes for array in arrays if array.filed]
    if not sizes:
        return 0
    whole = _ALIGNED + sum(_ALIGNED + round_up(size, _ALIGNED) for size in sizes)
    return whole - (round_up(sizes[-1], _ALIGNED) - sizes[-1])  # nothing is written behind the last one
