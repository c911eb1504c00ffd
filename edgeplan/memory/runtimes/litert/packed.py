"""The copies of the weights that XNNPACK packs for its kernels when a model is loaded.

Source: google/XNNPACK@75db3c0, src/operators: create_igemm and create_dwconv_path in convolution-nhwc.c,
create_fully_connected_nc in fully-connected-nc.c, create_deconvolution2d_nhwc in deconvolution-nhwc.c and
create_batch_matrix_multiply_nc_const_weights in batch-matrix-multiply-nc.c. Each operator packs its own copy, even of
weights that others read as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from edgeplan.graph import Graph, Op, Value
from edgeplan.units import round_up

__all__ = ["Tiles", "packed", "repacked"]


@dataclass(frozen=True, slots=True)
class Tiles:
    """How a processor's kernels cut up weights: `floats` and `integers` are the output channels a matrix kernel makes
    at once, to which packed weights are rounded up, `channels` those of a depthwise kernel, `depth` the input channels
    an integer kernel reads at once.
    """

    floats: int
    integers: int
    channels: int
    depth: int


def packed(graph: Graph, op: Op, tiles: Tiles) -> int:
    """Bytes of an op's packed weights; 0 where it has none, or computes them while it runs."""
    weights = _weights(graph, op)
    return _size(graph, op, weights, tiles) if weights is not None and weights.const else 0


def repacked(graph: Graph, op: Op, tiles: Tiles) -> int:
    """Bytes of the second operand of a matrix product that another op makes, which is packed anew in every run."""
    weights = _weights(graph, op)
    return _size(graph, op, weights, tiles) if weights is not None and not weights.const else 0


_FILTER = {
    "BATCH_MATMUL": 1,
    "CONV_2D": 1,
    "DEPTHWISE_CONV_2D": 1,
    "FULLY_CONNECTED": 1,
    "TRANSPOSE_CONV": 1,
    "custom.Convolution2DTransposeBias": 1,
}
"""Which input of an op is packed."""

_PRODUCTS = ("BATCH_MATMUL", "FULLY_CONNECTED")

_BIAS = 4
_SCALE = 4

_DEPTHWISE_KERNELS = (3, 4, 9, 25)
"""The elements of the filters that depthwise kernels are made for (src/configs/dwconv-config.c)."""


def _weights(graph: Graph, op: Op) -> Value | None:
    at = _FILTER.get(op.label)
    return graph.values[op.inputs[at]] if at is not None and at < len(op.inputs) else None


def _size(graph: Graph, op: Op, weights: Value, tiles: Tiles) -> int:
    shape = weights.shape
    if shape is None or weights.dtype is None or not all(isinstance(n, int) for n in shape) or len(shape) < 2:
        return 0
    sizes = [n for n in shape if isinstance(n, int)]
    if len(sizes) != 4 and op.label not in _PRODUCTS:
        return 0  # no filter that XNNPACK takes
    read = graph.values[op.inputs[2 if op.type == "TRANSPOSE_CONV" and len(op.inputs) > 2 else 0]]
    integer = not weights.dtype.is_float
    extra = _BIAS + (_SCALE if integer else 0) * (2 if integer and read.dtype and read.dtype.is_float else 1)
    if op.type == "DEPTHWISE_CONV_2D":
        return _depthwise(prod(sizes[1:3]), sizes[3], weights, extra, tiles)
    tile = tiles.integers if integer else tiles.floats

    def matrix(outputs: int, kernel: int, inputs: int) -> int:
        row = kernel * (round_up(inputs, tiles.depth) if integer else inputs) * _bits(weights) // 8
        return (row + extra) * round_up(outputs, tile)

    if op.type == "CONV_2D":
        return _groups(read, sizes) * matrix(sizes[0] // _groups(read, sizes), prod(sizes[1:3]), sizes[3])
    if op.type == "FULLY_CONNECTED":
        return matrix(sizes[0], 1, prod(sizes[1:]))
    if op.type == "BATCH_MATMUL":
        inner, outer = (sizes[-1], sizes[-2]) if op.attrs.get("adj_y") else (sizes[-2], sizes[-1])
        return prod(sizes[:-2]) * matrix(outer, 1, inner)
    return matrix(sizes[0], prod(sizes[1:3]), sizes[3])


def _bits(weights: Value) -> int:
    """Bits of an element in the packed copy: those of the value that the op reads."""
    return weights.dtype.bits if weights.dtype else 0


def _groups(read: Value, filter_shape: list[int]) -> int:
    channels = read.shape[-1] if read.shape else None
    return max(channels // filter_shape[3], 1) if isinstance(channels, int) and filter_shape[3] else 1


def _depthwise(kernel: int, channels: int, weights: Value, extra: int, tiles: Tiles) -> int:
    """A filter that no depthwise kernel is made for is packed as a matrix of one output channel for every channel."""
    element = _bits(weights) // 8
    fit = next((n for n in _DEPTHWISE_KERNELS if n >= kernel), None)
    if fit is not None:
        return (fit * element + extra) * round_up(channels, tiles.channels)
    tile, depth = (tiles.floats, 1) if element > 1 else (tiles.integers, tiles.depth)
    return channels * (kernel * depth * element + extra) * tile
