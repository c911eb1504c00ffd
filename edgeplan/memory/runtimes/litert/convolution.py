"""What the builtin kernels of convolutions ask for: unrolled windows, and quantised copies of float inputs.

Source: google-ai-edge/LiteRT@f67457790, Prepare in tflite/kernels/conv.cc, depthwise_conv.cc, transpose_conv.cc,
conv3d.cc and conv3d_transpose.cc, on one thread, as the interpreter runs unless it is told otherwise. On several it
keeps the filters of float convolutions transposed instead of unrolling their input.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

from edgeplan.graph import DType
from edgeplan.memory.runtimes.litert.call import Call, Temporary

__all__ = ["conv_2d", "conv_3d", "conv_3d_transpose", "depthwise_conv_2d", "transpose_conv"]

_LARGEST_IM2COL = 2**30
"""From here on the kernel does without, on phones (`kMaxIm2colBufferSizeMobile`)."""


def conv_2d(call: Call) -> Iterator[Temporary]:
    """For each output position all that its filter looks at (im2col); a hybrid kernel quantises its input beside it."""
    x, w, y = call.dims("input"), call.dims("filter"), call.result
    hybrid = call.hybrid("input", "filter", DType.UINT8, DType.INT8, DType.INT4)
    per_channel = hybrid and call.value("filter").quantization == "per-channel"
    plain = w[1:3] == (1, 1) and all(call.number(n) == 1 for n in (*_strides("hw"), *_dilations("hw")))
    windows = prod(y[:3]) * prod(w[1:])
    if not plain and (windows * call.width("input") < _LARGEST_IM2COL or (hybrid and not per_channel)):
        yield Temporary(windows * (1 if hybrid else call.width("input")))
    if not hybrid:
        return
    rows = prod(x[:3]) * (x[3] // w[3])
    yield Temporary(prod(x))
    yield Temporary(4 * rows)  # scales
    yield Temporary(4 * prod(y))  # sums
    if per_channel:
        yield Temporary(4 * rows)  # zero points
        yield Temporary(4 * w[0], "persistent")  # sums of the filters


def depthwise_conv_2d(call: Call) -> Iterator[Temporary]:
    """A hybrid kernel's quantised input, with a scale and a zero point for each image."""
    if call.hybrid("input", "filter", DType.INT8):
        x = call.dims("input")
        yield from (Temporary(prod(x)), Temporary(4 * x[0]), Temporary(4 * x[0]))


def transpose_conv(call: Call) -> Iterator[Temporary]:
    """Products of input and filter before they are summed (col2im) and the filter transposed, all on the heap."""
    x, w = call.dims("input"), call.dims("weights")
    yield Temporary(4 * prod(x[1:3]) * prod(w[:3]), "heap")
    yield Temporary(prod(w) * call.width("weights"), "heap")
    if call.value("input").dtype in (DType.UINT8, DType.INT8, DType.INT16):
        wide = call.value("input").dtype is DType.INT16 and call.op.attrs.get("quantized_bias_type") != "INT32"
        yield Temporary((8 if wide else 4) * prod(call.result), "heap")
    if call.hybrid("input", "weights", DType.INT8):
        rows = prod(x) // (w[3] or 1)
        yield from (Temporary(prod(x)), Temporary(4 * rows), Temporary(4 * rows))


def conv_3d(call: Call) -> Iterator[Temporary]:
    """For each output position all that its filter looks at."""
    w = call.dims("filter")
    plain = w[:3] == (1, 1, 1) and all(call.number(n) == 1 for n in (*_strides("dhw"), *_dilations("dhw")))
    size = prod(call.result[:4]) * prod(w[:4]) * call.width("input")
    if not plain and size < _LARGEST_IM2COL:
        yield Temporary(size)


def conv_3d_transpose(call: Call) -> Iterator[Temporary]:
    """Products of input and filter before they are summed, on the heap; a dilated kernel does without."""
    if all(call.number(n) == 1 for n in _dilations("dhw")):
        yield Temporary(4 * prod(call.dims("input")[1:4]) * prod(call.dims("filter")[:4]), "heap")


def _strides(axes: str) -> tuple[str, ...]:
    return tuple(f"stride_{a}" for a in axes)


def _dilations(axes: str) -> tuple[str, ...]:
    return tuple(f"dilation_{a}_factor" for a in axes)
