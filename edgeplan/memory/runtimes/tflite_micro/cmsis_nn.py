"""The scratch memory of CMSIS-NN's kernels, which run integers on Cortex-M.

Source: ARM-software/CMSIS-NN@99f736a6, Source/ConvolutionFunctions/arm_convolve_get_buffer_sizes_s8.c, _s16.c,
arm_depthwise_conv_get_buffer_sizes_s8.c, arm_transpose_conv_get_buffer_sizes_s8.c,
PoolingFunctions/arm_avgpool_get_buffer_sizes_s8.c; tensorflow/tflite-micro@90b983c2, kernels/cmsis_nn. Built with gcc
or clang for a core without MVE; `dsp` says whether it has the DSP instructions (Cortex-M4, M7, M33).
"""

from __future__ import annotations

from collections.abc import Iterator

from edgeplan.graph import DType, Graph, Op, Value
from edgeplan.memory.runtimes.tflite_micro.geometry import Geometry, geometry
from edgeplan.units import round_up

__all__ = ["OPS", "cmsis_nn"]

OPS = frozenset(
    {
        "AVERAGE_POOL_2D",
        "CONV_2D",
        "DEPTHWISE_CONV_2D",
        "FULLY_CONNECTED",
        "TRANSPOSE_CONV",
        "UNIDIRECTIONAL_SEQUENCE_LSTM",
    }
)
"""The ops whose integer kernels ask for other memory than the reference kernels do."""

_INT, _LONG = 4, 8
_WORTH_TURNING = 16
"""Input channels above which a transposed convolution is one of a turned kernel: REVERSE_TCOL_EFFICIENT_THRESHOLD."""


def cmsis_nn(graph: Graph, op: Op, *, dsp: bool) -> Iterator[int | None]:
    """The bytes of each scratch buffer of an op of integers, in the order of the requests."""
    x, y = graph.values[op.inputs[0]], graph.values[op.outputs[0]]
    if op.label == "CONV_2D":
        found = geometry(graph, op)
        yield None if found is None else _convolve(found, x.dtype)
    elif op.label == "DEPTHWISE_CONV_2D":
        found = geometry(graph, op)
        yield None if found is None else _depthwise(found, x.dtype, dsp=dsp)
    elif op.label == "AVERAGE_POOL_2D":
        channels = x.shape[-1] if x.shape else None
        yield (channels * _INT if dsp else 0) if isinstance(channels, int) else None
    elif op.label == "FULLY_CONNECTED":
        yield _fully_connected(x, graph.values[op.inputs[1]], y)
    elif op.label == "TRANSPOSE_CONV":
        yield from _transpose(graph, op)
    else:
        state = op.input("input_cell_state")
        yield from (graph.values[state].bytes if state else None,) * 3


def _convolve(g: Geometry, dtype: DType | None) -> int:
    """Two rows of 16 bits, each all that the kernel looks at for a position."""
    if dtype is DType.INT16:
        return 2 * g.window * 2
    return 0 if g.pointwise else 2 * round_up(g.window, 4) * 2


def _depthwise(g: Geometry, dtype: DType | None, *, dsp: bool) -> int:
    """A row of 16 bits, but for 3 x 3 kernels, which have a loop of their own."""
    plain = g.channels == g.made_channels and g.dilation == (1, 1)
    own = g.kernel == (3, 3) and max(g.pad) <= 1
    return g.window * 2 if dsp and plain and not own and dtype is DType.INT8 else 0


def _fully_connected(x: Value, w: Value, y: Value) -> int | None:
    """Multiplier and shift of every channel, where the product is done as a convolution of one position."""
    if x.dtype is not DType.INT8 or w.quantization == "per-channel" or y.shape is None or w.shape is None:
        return 0
    depth, channels = w.shape[-1], y.shape[-1]
    if not isinstance(depth, int) or not isinstance(channels, int):
        return None
    matrix = 2
    return channels * _INT * 2 if len(y.shape) > matrix and depth % 4 == 0 else 0


def _transpose(graph: Graph, op: Op) -> Iterator[int | None]:
    """What the sums or the turned kernel take, and the turned kernel itself."""
    w, x, y = (graph.values[n] for n in (op.inputs[1], op.inputs[2], op.outputs[0]))
    if x.dtype is DType.INT16:
        yield None if y.elements is None else y.elements * _LONG
        return
    stride = [op.attrs.get(name) for name in ("stride_h", "stride_w")]
    sizes = [*(w.shape or ()), *(x.shape or ()), *stride]
    whole = [n for n in sizes if isinstance(n, int)]
    if len(whole) < len(sizes) or len(whole) != 10:  # two shapes of four axes, and two strides
        yield from (None, None)
        return
    made, kernel_h, kernel_w, channels, _, _, width, _, stride_h, stride_w = whole
    if max(stride_h, stride_w) <= 2 and channels > _WORTH_TURNING:
        window = kernel_h * kernel_w * channels
        yield 2 * round_up(window, 4) * 2
        yield window * made
    else:
        across = ((width - 1) * stride_w + max(kernel_w, stride_h)) * made
        yield across * max(kernel_h, stride_h) * _INT
        yield 0
