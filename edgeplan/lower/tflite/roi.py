"""Regions of an image brought to one size: RoiAlign."""

from __future__ import annotations

from itertools import product

from edgeplan.graph import Dim, DType, Op
from edgeplan.lower.attributes import integer, number, text
from edgeplan.lower.shapes import size
from edgeplan.lower.tflite.algebra import binary, int32, step, unary
from edgeplan.lower.tflite.builder import Builder
from edgeplan.lower.tflite.convert import cast
from edgeplan.lower.tflite.layout import Layout, channels_last
from edgeplan.lower.tflite.registry import lowers

__all__ = ["roi_align"]


@lowers("RoiAlign", layout=Layout.LAST)
def roi_align(op: Op, b: Builder) -> bool:
    """RoiAlign(X, rois, batch_indices) -> the samples' coordinates, their four neighbours, the pixels by GATHER from
    the flattened image, weighed by MUL, summed by ADD; AVERAGE_POOL_2D or MAX_POOL_2D over the samples.

    Before: `y = RoiAlign<output_height = 7, output_width = 7, sampling_ratio = 2>(x, rois, i)`
    After:  `p = RESHAPE(x [n,h,w,c], [n*h*w,c])`; four `MUL(GATHER(p, i * h*w + row * w + column), weight)`, ADD;
            `y = AVERAGE_POOL_2D<filter = 2x2>`

    A sampling_ratio of 0 counts as half of output_height + output_width. What lies outside the image weighs nothing:
    GREATER_EQUAL, LESS_EQUAL, LOGICAL_AND, CAST.
    Source: onnx2tf `tflite_builder/op_builders/index.py` build_roi_align_op (which takes all coordinates for those of
    half_pixel without the half), `roi_align_utils.py` add_masked_roi_align_neighbor.
    """
    x, rois, batches = (op.input(p) for p in ("X", "rois", "batch_indices"))
    shape = None if x is None else b.shape(x)
    high, wide = integer(op, "output_height", 1), integer(op, "output_width", 1)
    ratio, scale, mode = integer(op, "sampling_ratio", 0), number(op, "spatial_scale", 1.0), text(op, "mode", "avg")
    default = "half_pixel" if op.version >= 16 else "output_half_pixel"
    half = text(op, "coordinate_transformation_mode", default) == "half_pixel"
    channels, rows, columns = (size(shape, i) for i in (1, 2, 3))
    if x is None or rois is None or batches is None or not high or not wide or ratio is None or scale is None:
        return False
    if rows is None or columns is None or channels is None or mode not in ("avg", "max") or b.rank(rois) != 2:
        return False
    times = ratio if ratio > 0 else max((high + wide) // 2, 1)
    count: Dim = (b.shape(rois) or (None,))[0]
    corners = binary(b, "MUL", rois, scale) if scale != 1.0 else rois
    grid = (count, high * times, wide * times)
    places = [
        _samples(b, corners, i, n * times, half=half, grid=grid, axis=axis)
        for i, n, axis in ((1, high, 1), (0, wide, 2))
    ]
    flat = b.reshape(b.last(x), (None, channels))
    offsets = binary(b, "MUL", b.reshape(int32(b, batches), (count, 1, 1)), rows * columns)
    sides = [_neighbours(b, place, limit) for place, limit in zip(places, (rows, columns), strict=True)]
    terms: list[str] = []
    for top, left in product((0, 1), repeat=2):
        (row, share), (column, other) = sides[0][top], sides[1][left]
        inside = binary(b, "LOGICAL_AND", _within(b, column, columns), _within(b, row, rows))
        index = binary(b, "MUL", _clipped(b, row, rows), columns)
        index = binary(b, "ADD", binary(b, "ADD", index, _clipped(b, column, columns)), offsets)
        pixel = step(b, "GATHER", [flat, index], (*grid, channels), axis=0)
        weight = binary(b, "MUL", binary(b, "MUL", share, other), cast(b, inside, DType.FLOAT32))
        terms.append(binary(b, "MUL", pixel, b.reshape(weight, (*grid, 1))))
    total = binary(b, "ADD", binary(b, "ADD", terms[0], terms[1]), binary(b, "ADD", terms[2], terms[3]))
    out, order = op.outputs[0], channels_last(4)
    if times == 1:
        b.adopt(out, total, order)
        return True
    window = {"stride_h": times, "stride_w": times, "filter_height": times, "filter_width": times}
    kind = "AVERAGE_POOL_2D" if mode == "avg" else "MAX_POOL_2D"
    b.emit(kind, {"input": total}, to=out, attrs={"padding": "VALID", **window}, order=order)
    return True


def _samples(
    b: Builder, rois: str, first: int, count: int, *, half: bool, grid: tuple[Dim, int, int], axis: int
) -> str:
    """The coordinates of all samples along one axis: from the region's two ends [n,1] to [n, rows, columns] by TILE."""
    ends = [step(b, "GATHER", [rois, b.ints([i])], (grid[0], 1), axis=1) for i in (first, first + 2)]
    if half:
        ends = [binary(b, "SUB", e, 0.5) for e in ends]
    length = binary(b, "SUB", ends[1], ends[0])
    if not half:
        length = binary(b, "MAXIMUM", length, 1.0)
    each = binary(b, "MUL", length, 1.0 / count)
    start = binary(b, "ADD", ends[0], binary(b, "MUL", each, 0.5))
    along = binary(b, "ADD", binary(b, "MUL", each, b.weight(each, (1, count), "steps")), start)
    flat: tuple[Dim, ...] = (grid[0], count, 1) if axis == 1 else (grid[0], 1, count)
    return step(b, "TILE", [b.reshape(along, flat), b.ints([1, 1, grid[2]] if axis == 1 else [1, grid[1], 1])], grid)


def _neighbours(b: Builder, place: str, limit: int) -> list[tuple[str, str]]:
    """The pixel before and behind each coordinate, as int32 counted from one before the image, with its weight."""
    near = binary(b, "MINIMUM", binary(b, "MAXIMUM", place, -1.0), float(limit))
    moved = binary(b, "ADD", near, 1.0)
    low = unary(b, "FLOOR", moved)
    high = binary(b, "MINIMUM", binary(b, "ADD", low, 1.0), limit + 1.0)
    upper = binary(b, "SUB", moved, low)
    lower = step(b, "SUB", [b.like(upper, 1.0), upper], b.shape(upper))
    return [(cast(b, low, DType.INT32), lower), (cast(b, high, DType.INT32), upper)]


def _within(b: Builder, place: str, limit: int) -> str:
    """Whether a neighbour lies in the image."""
    return binary(b, "LOGICAL_AND", binary(b, "GREATER_EQUAL", place, 1), binary(b, "LESS_EQUAL", place, limit))


def _clipped(b: Builder, place: str, limit: int) -> str:
    """The row or column of a neighbour, that of the edge for one outside."""
    return binary(b, "MINIMUM", binary(b, "MAXIMUM", binary(b, "SUB", place, 1), 0), limit - 1)
