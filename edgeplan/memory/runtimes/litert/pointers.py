"""The tables of pointers by which XNNPACK's kernels find the pixels under a window.

A convolution, pooling or bilinear resize keeps, for every output position, the address of each input pixel it reads,
whatever the number of channels.
Source: google/XNNPACK@75db3c0, src/operators: reshape_igemm and reshape_dwconv in convolution-nhwc.c,
max-pooling-nhwc.c, average-pooling-nhwc.c, deconvolution-nhwc.c and resize-bilinear-nhwc.c.
"""

from __future__ import annotations

from edgeplan.graph import Graph, Op

__all__ = ["pointers"]


def pointers(graph: Graph, op: Op) -> int:
    """Pointers in an op's table; 0 for an op without one, or of unknown sizes."""
    window = _window(graph, op)
    shape = graph.values[op.outputs[0]].shape if op.outputs else None
    if window is None or shape is None or len(shape) != 4:
        return 0
    height, width = shape[1:3]
    if not isinstance(height, int) or not isinstance(width, int):
        return 0
    high, wide = window
    if op.label == "RESIZE_BILINEAR":
        return height * width * (high * wide + _RESIZE_WEIGHTS)
    if op.label == "AVERAGE_POOL_2D":  # its windows inside are all found from those of one row
        edges = 2 * -(-(high - 1) // (2 * _attr(op, "stride_h"))) if op.attrs.get("padding") == "SAME" else 0
        height = min(height, edges + 1)
    if op.label in _SLIDING and (op.label != "DEPTHWISE_CONV_2D" or high * wide <= _LARGEST_DEPTHWISE):
        step = _attr(op, "stride_w") if _attr(op, "dilation_w_factor") == 1 else wide
        return height * (high * wide + (width - 1) * min(step, wide) * high)
    if op.label == "CONV_2D" and high * wide == _attr(op, "stride_h") * _attr(op, "stride_w") == 1:
        return 0  # a matrix product reads its input where it lies
    if op.label in _UPSAMPLING:  # an output pixel is reached by one in so many elements of the filter
        return -(-high * wide // _positions(graph, op, height * width)) * height * width
    return high * wide * height * width


_RESIZE_WEIGHTS = 1
"""A resize keeps two float32 weights for each output position beside, as large as a pointer."""

_LARGEST_DEPTHWISE = 25
"""Elements of a filter up to which there is a depthwise kernel."""

_SLIDING = ("AVERAGE_POOL_2D", "DEPTHWISE_CONV_2D", "MAX_POOL_2D")
"""Ops whose neighbouring windows share the columns in which they overlap."""

_UPSAMPLING = ("TRANSPOSE_CONV", "custom.Convolution2DTransposeBias")

_FILTERED = ("CONV_2D", "DEPTHWISE_CONV_2D", *_UPSAMPLING)


def _window(graph: Graph, op: Op) -> tuple[int, int] | None:
    if op.label == "RESIZE_BILINEAR":
        return 2, 2
    if op.label in ("AVERAGE_POOL_2D", "MAX_POOL_2D"):
        return _attr(op, "filter_height"), _attr(op, "filter_width")
    if op.label not in _FILTERED or len(op.inputs) < 2:
        return None
    shape = graph.values[op.inputs[1]].shape
    if shape is None or len(shape) != 4:
        return None
    high, wide = shape[1:3]
    return (high, wide) if isinstance(high, int) and isinstance(wide, int) else None


def _positions(graph: Graph, op: Op, made: int) -> int:
    """Output pixels for each input pixel: the product of the strides, which a custom op keeps to itself."""
    if "stride_h" in op.attrs:
        return _attr(op, "stride_h") * _attr(op, "stride_w")
    shape = graph.values[op.inputs[0]].shape or ()
    read = [n for n in shape[1:3] if isinstance(n, int)]
    return max(made // max(read[0] * read[1], 1), 1) if len(read) == 2 else 1


def _attr(op: Op, name: str) -> int:
    found = op.attrs.get(name, 1)
    return found if isinstance(found, int) else 1
