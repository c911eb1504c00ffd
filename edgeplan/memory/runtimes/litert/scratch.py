"""The temporary tensors that LiteRT's builtin kernels ask for while they run."""

from __future__ import annotations

from collections.abc import Iterator

from edgeplan.graph import Graph, Op

__all__ = ["scratch"]


def scratch(graph: Graph, op: Op) -> Iterator[int]:
    """The bytes of each temporary of an op on its builtin kernel."""
    if op.label == "CONV_2D":
        yield _im2col(graph, op)


def _im2col(graph: Graph, op: Op) -> int:
    """The rows a convolution is unrolled to: for each output position all that its filter looks at.

    Source: google-ai-edge/LiteRT@f67457790, tflite/kernels/conv.cc, IsIm2ColRequired and Prepare.
    """
    x, w, y = (graph.values[n] for n in (op.inputs[0], op.inputs[1], op.outputs[0]))
    if x.dtype is None or w.elements is None or y.elements is None or not w.shape or not isinstance(w.shape[0], int):
        return 0
    plain = w.shape[1:3] == (1, 1) and all(op.attrs.get(n, 1) == 1 for n in _STEPS)
    size = y.elements * w.elements // (w.shape[0] ** 2 or 1) * x.dtype.bits // 8
    return 0 if plain or size >= _LARGEST_IM2COL else size


_STEPS = ("stride_h", "stride_w", "dilation_h_factor", "dilation_w_factor")

_LARGEST_IM2COL = 2**30
"""From here on the kernel does without, on phones (`kMaxIm2colBufferSizeMobile`)."""
