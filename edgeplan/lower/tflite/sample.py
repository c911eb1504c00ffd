"""Images sampled at computed places: GridSample and AffineGrid, by GATHER from flattened pixels."""

from __future__ import annotations

from itertools import product
from math import prod

from edgeplan.graph import Dim, DType, Op, Shape
from edgeplan.lower.attributes import flag, text, vector
from edgeplan.lower.shapes import reshape_target, static
from edgeplan.lower.tflite.algebra import binary, matmul, padded, squeezed, step, unary
from edgeplan.lower.tflite.builder import Builder
from edgeplan.lower.tflite.convert import cast
from edgeplan.lower.tflite.registry import lowers

__all__ = ["affine_grid", "grid_sample"]


@lowers("GridSample")
def grid_sample(op: Op, b: Builder) -> bool:
    """GridSample(X, grid) -> the coordinates by GATHER, ADD, MUL, SUB, clipped by MAXIMUM and MINIMUM; their neighbours
    by FLOOR, ADD, CAST; the pixels by GATHER from the flattened image, weighed by MUL and summed by ADD.

    Before: `y = GridSample<mode = "linear", padding_mode = "zeros">(x [n,c,h,w], g [n,i,j,2])`
    After:  `p = RESHAPE(PAD(x), [n,c,(h+2)*(w+2)])`, then for each of the four neighbours `GATHER(p, y * (w+2) + x)`

    Nearest rounds instead; padding border needs no PAD. Cubic sampling, padding by reflection, nearest in volumes and
    images of unknown size have no lowering.
    Source: onnx2tf `tflite_builder/op_builders/shape.py` build_grid_sample_op, `op_registry.py` _validate_grid_sample.
    """
    mode, padding = text(op, "mode", "linear"), text(op, "padding_mode", "zeros")
    corners = flag(op, "align_corners", False)
    if len(op.inputs) != 2 or mode not in ("linear", "bilinear", "nearest") or padding not in ("zeros", "border"):
        return False
    x, grid = op.inputs
    shape, places = b.shape(x), b.shape(grid)
    if shape is None or places is None or len(shape) not in (4, 5) or len(places) != len(shape) or corners is None:
        return False
    sizes = static(shape[1:])
    depth = len(shape) - 2
    if sizes is None or (mode == "nearest" and depth == 3):
        return False
    if reshape_target((shape[0], sizes[0], 1)) is None or sum(not isinstance(d, int) for d in places[:-1]) > 1:
        return False
    border = padding == "border"
    spatial = sizes[1:]
    image = b.native(x) if border else padded(b, b.native(x), ((0, 0), (0, 0), *((1, 1),) * depth))
    whole = tuple(s if border else s + 2 for s in spatial)
    flat = b.reshape(image, (shape[0], sizes[0], prod(whole)))
    where: Shape = places[:-1]
    source = _without_nan(b, grid)
    centres = [
        _coordinate(b, source, depth - 1 - i, size, where, corners=corners, border=border, shifted=mode != "nearest")
        for i, size in enumerate(spatial)
    ]
    out = op.outputs[0]
    if mode == "nearest":
        rounded = [cast(b, unary(b, "ROUND", c), DType.INT32) for c in centres]
        near = rounded if border else [binary(b, "ADD", r, 1) for r in rounded]
        _picked(b, flat, near, whole, where, out)
        return True
    lows = [unary(b, "FLOOR", c) for c in centres]
    ends = [(low, binary(b, "ADD", low, 1)) for low in lows]
    clipped = [
        [binary(b, "MINIMUM", binary(b, "MAXIMUM", e, 0), w - 1) for e in pair]
        for pair, w in zip(ends, whole, strict=True)
    ]
    parts = [binary(b, "SUB", c, pair[0]) for c, pair in zip(centres, clipped, strict=True)]
    fine = [b.reshape(p, (places[0], 1, *places[1:-1])) for p in parts]
    shares = [[step(b, "SUB", [b.like(f, 1.0), f], b.shape(f)), f] for f in fine]
    indices = [[cast(b, e, DType.INT32) for e in pair] for pair in clipped]
    terms: list[str] = []
    for corner in product((0, 1), repeat=depth):
        pixel = _picked(b, flat, [indices[a][side] for a, side in enumerate(corner)], whole, where, None)
        weight = shares[0][corner[0]]
        for a, side in enumerate(corner[1:], 1):
            weight = binary(b, "MUL", weight, shares[a][side])
        terms.append(binary(b, "MUL", pixel, weight))
    while len(terms) > 2:
        terms = [binary(b, "ADD", *pair) for pair in zip(terms[::2], terms[1::2], strict=True)]
    binary(b, "ADD", terms[0], terms[1], to=out)
    return True


def _without_nan(b: Builder, grid: str) -> str:
    """NOT_EQUAL(g, g), SELECT_V2: what is no number samples at -1, as ONNX Runtime has it."""
    wrong = step(b, "NOT_EQUAL", [grid, grid], b.shape(grid), dtype=DType.BOOL)
    low = b.scalar(-1.0, b.value(grid).dtype)
    return step(b, "SELECT_V2", [wrong, low, grid], b.shape(grid), dtype=b.value(grid).dtype)


def _coordinate(
    b: Builder, grid: str, index: int, size: int, where: Shape, *, corners: bool, border: bool, shifted: bool
) -> str:
    """The pixel coordinate along one axis, clipped to the image and its padding; `shifted` counts from the padding."""
    axis = len(where or ())
    picked = step(b, "GATHER", [grid, b.ints([index])], (*(where or ()), 1), axis=axis)
    one = squeezed(b, picked, where, (axis,))
    z = binary(b, "MUL", binary(b, "ADD", one, 1.0), (size - 1) * 0.5 if corners else size * 0.5)
    if not corners:
        z = binary(b, "SUB", z, 0.5)
    low, high = (0.0, size - 1.0) if border else (-1.0, float(size))
    z = binary(b, "MINIMUM", binary(b, "MAXIMUM", z, low), high)
    return z if border or not shifted else binary(b, "ADD", z, 1.0)


def _picked(b: Builder, flat: str, places: list[str], whole: tuple[int, ...], where: Shape, to: str | None) -> str:
    """GATHER from [n, channels, pixels] at the rows and columns."""
    index = places[0]
    for place, size in zip(places[1:], whole[1:], strict=True):
        index = binary(b, "ADD", binary(b, "MUL", index, size), place)
    shape = b.shape(flat) or (None, None)
    found: tuple[Dim, ...] = (shape[0], shape[1], *(where or ())[1:])
    return step(b, "GATHER", [flat, index], found, to=to, axis=2, batch_dims=1)


@lowers("AffineGrid")
def affine_grid(op: Op, b: Builder) -> bool:
    """AffineGrid(theta, const size) -> BATCH_MATMUL of the constant coordinates with theta's transpose, RESHAPE.

    Source: onnx2tf `tflite_builder/op_builders/shape.py` build_affine_grid_op.
    """
    theta, sizes = op.input("theta"), vector(op, b, "size")
    if theta is None or sizes is None or len(sizes) not in (4, 5) or flag(op, "align_corners", False) is None:
        return False
    spatial = sizes[2:]
    wide = len(spatial)
    points = b.weight(theta, (1, prod(spatial), wide + 1), "coordinates")
    made = matmul(b, points, b.transpose(b.native(theta), (0, 2, 1)))
    b.reshape(made, (sizes[0], *spatial, wide), to=op.outputs[0])
    return True
