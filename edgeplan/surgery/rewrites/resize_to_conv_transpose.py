"""A resize of pictures by whole numbers becomes a transposed convolution of each channel with fixed weights.

Before:
    y = Resize(x, scales=[1, 1, k, k], mode="nearest")
After:
    y = ConvTranspose(x, ones[C, 1, k, k], strides=[k, k], group=C)

Nearest writes every element k times in each direction, 8 times in two turns of 4 and of 2. Linear with half_pixel
coordinates spreads it over a triangle of width 2k, after one row is repeated at each edge: that is where the resize
holds positions outside to the edge. Not done for other coordinates of the linear mode, whose positions lie elsewhere;
for factors that are no whole numbers or above 8; for tensors whose batch or channels are resized; or where the
channels are not known.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from edgeplan.surgery.claim import EQUAL, Claim
from edgeplan.surgery.looking import FLOATS, attribute, dims
from edgeplan.surgery.resizing import factors, mode_of, repeats
from edgeplan.surgery.rewrite import Context, Edit, NearMiss, Replacement, Rewrite, Stage

__all__ = ["ResizeToConvTranspose"]

_MOST = 8


class ResizeToConvTranspose(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "resize-to-conv-transpose"
    claim: ClassVar[Claim] = EQUAL
    stage: ClassVar[Stage] = Stage.FORM
    roots: ClassVar[frozenset[str]] = frozenset({"Resize", "Upsample"})

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on a nearest or linear resize of signals, pictures or volumes."""
        data, shape, mode = node.inputs[0], dims(node.inputs[0]), mode_of(node)
        if data is None or shape is None or mode == "cubic" or data.dtype not in FLOATS or not 3 <= len(shape) <= 5:
            return None
        by = factors(node, context.opset)
        if isinstance(by, str):
            return NearMiss(by)
        channels, outer, inner = shape[1], by[:2], by[2:]
        if outer != (1, 1) or not isinstance(channels, int):
            return NearMiss("the channels are resized, or not known")
        if max(inner) > _MOST or max(inner) == 1:
            return NearMiss(f"the factor is not 2 to {_MOST}")
        edit, dtype = Edit(), data.dtype
        if mode == "nearest":
            if not repeats(node, context.opset, by):
                return NearMiss("some positions are nearer to another element than the one that is repeated there")
            here = data
            for step in _steps(inner):
                here = _spread(edit, here, dtype, channels, [np.ones(k) for k in step], step, [0] * len(step))
        else:
            if attribute(node, "coordinate_transformation_mode", "half_pixel") != "half_pixel" or context.opset < 11:
                return NearMiss("a linear resize of other coordinates than half_pixel")
            if attribute(node, "exclude_outside", 0):
                return NearMiss("positions outside are left out")
            filters = [_triangle(k) for k in inner]
            pads = [(3 * k - k % 2) // 2 if k > 1 else 0 for k in inner]
            rows = [0, 0, *(int(k > 1) for k in inner)] * 2
            wide = edit.op("Pad", [data, edit.constant(rows, ir.DataType.INT64)], {"mode": "edge"})
            here = _spread(edit, edit.typed(wide, like=data), dtype, channels, filters, inner, pads)
        return edit.replaces([node], {node.outputs[0]: here})


def _steps(factors: tuple[int, ...]) -> list[tuple[int, ...]]:
    """The factors of one transposed convolution, or of two where one would have a kernel of more than 7."""
    if max(factors) < _MOST:
        return [factors]
    return [tuple(4 if k == _MOST else k for k in factors), tuple(2 if k == _MOST else 1 for k in factors)]


def _spread(
    edit: Edit,
    data: ir.Value,
    dtype: ir.DataType,
    channels: int,
    filters: list[NDArray[np.float64]],
    strides: tuple[int, ...],
    pads: list[int],
) -> ir.Value:
    """A transposed convolution of each channel with the product of one filter for each axis."""
    whole = filters[0]
    for one in filters[1:]:
        whole = np.multiply.outer(whole, one)
    weight = np.broadcast_to(whole, (channels, 1, *whole.shape))
    made = edit.op(
        "ConvTranspose",
        [data, edit.constant(weight, dtype, name="spread")],
        {"kernel_shape": list(whole.shape), "strides": list(strides), "pads": pads * 2, "group": channels},
    )
    return edit.typed(made, like=data)


def _triangle(factor: int) -> NDArray[np.float64]:
    """How much of an element falls to each of the positions around it."""
    if factor == 1:
        return np.ones(1)
    width = 2 * factor - factor % 2
    middle = (width - 1) / 2
    weights: NDArray[np.float64] = 1 - np.abs(np.arange(width) - middle) / factor
    return weights
