"""The temporary tensors that LiteRT's builtin kernels ask for.

Source: google-ai-edge/LiteRT@f67457790, the kernels of tflite/kernels that fill `node->temporaries`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from math import isqrt, prod
from typing import Literal

from edgeplan.graph import DType, Op
from edgeplan.memory.runtimes.litert import convolution, matrix, recurrent
from edgeplan.memory.runtimes.litert.call import Call, Temporary, UnknownSizeError

__all__ = ["added", "scratch"]


def scratch(call: Call) -> tuple[Temporary, ...]:
    """The temporaries of an op on its builtin kernel, in the kernel's order; some may take no memory.

    None while it hangs on sizes that the model leaves open.
    """
    kernel = _KERNELS.get(call.op.label)
    try:
        return () if kernel is None else tuple(kernel(call))
    except UnknownSizeError:
        return ()


def added(op: Op, temporaries: int) -> int:
    """How many tensors the kernel adds to the graph for its temporaries: some kernels add more than they use."""
    return _ADDED.get(op.label, temporaries)


_ADDED: Mapping[str, int] = {"BATCH_MATMUL": 7, "FULLY_CONNECTED": 6}


def _add_n(call: Call) -> Iterator[Temporary]:
    """One sum for each thread; one is what the interpreter takes unless it is told otherwise."""
    yield Temporary(call.values[call.op.inputs[0]].bytes or 0)


def _reduction(call: Call, accumulator: int = 0) -> Iterator[Temporary]:
    """An index into the input, the axes resolved, an accumulator, and a constant input's sizes.

    Those of another input take a few bytes on the heap when the op runs; they are left out.
    """
    rank, axes = len(call.dims("input")), call.op.ports[1]
    home: Literal["arena", "heap"] = "arena" if call.ready(axes) else "heap"
    yield Temporary(4 * rank)
    yield Temporary(4 * prod(call.dims(axes)), home)
    yield Temporary(accumulator, home)
    yield Temporary(4 * rank if call.ready("input") else 0)


def _accumulation(call: Call) -> Iterator[Temporary]:
    """The same; the accumulator has an element for each of the result, wider than it where they are small integers."""
    kind = call.value("input").dtype
    width = 1 if kind is DType.BOOL else 8 if kind in (DType.INT32, DType.INT64) else 4
    yield from _reduction(call, width * prod(call.result))


def _product(call: Call) -> Iterator[Temporary]:
    """As a sum; one of constants is taken while the model is prepared and works on the heap."""
    computed = call.homes[call.op.outputs[0]] == "ready"
    yield from (Temporary(t.size, "heap") if computed else t for t in _accumulation(call))


def _rfft2d(call: Call) -> Iterator[Temporary]:
    """Working memory of the library fft2d: a bit reversal table, cosines, row pointers and the rows, as doubles."""
    *_, height, half = call.result
    width = 2 * (half - 1)
    longest = max(height, width // 2)
    table, cosines = 4 * (2 + isqrt(longest)), 8 * (longest // 2 + width // 4)
    for size in (table, cosines, 8 * height, 8 * height * (width + 2)):
        yield Temporary(size, "arena" if call.ready("fft_length") else "heap")


def _reduce_window(call: Call) -> Iterator[Temporary]:
    """The input dilated, and that padded, whether it is or not."""
    x = call.dims(call.op.ports[0])
    ones, zeros = (1,) * len(x), (0,) * (2 * len(x))
    pads = call.numbers("padding") or zeros
    dilated = [(n - 1) * by + 1 for n, by in zip(x, call.numbers("base_dilations") or ones, strict=True)]
    padded = [n + pads[2 * i] + pads[2 * i + 1] for i, n in enumerate(dilated)]
    width = call.width(call.op.ports[0])
    yield from (Temporary(width * prod(dilated)), Temporary(width * prod(padded)))


def _detections(call: Call) -> Iterator[Temporary]:
    """All boxes decoded, and the scores as floats."""
    boxes, scores = (call.dims(port) for port in call.op.ports[:2])
    yield from (Temporary(4 * 4 * boxes[1]), Temporary(4 * scores[1] * scores[2]))


_KERNELS: Mapping[str, Callable[[Call], Iterator[Temporary]]] = {
    "ADD_N": _add_n,
    "BATCH_MATMUL": matrix.batch_matmul,
    "BIDIRECTIONAL_SEQUENCE_LSTM": recurrent.bidirectional_lstm,
    "BIDIRECTIONAL_SEQUENCE_RNN": recurrent.bidirectional_rnn,
    "CONV_2D": convolution.conv_2d,
    "CONV_3D": convolution.conv_3d,
    "CONV_3D_TRANSPOSE": convolution.conv_3d_transpose,
    "DEPTHWISE_CONV_2D": convolution.depthwise_conv_2d,
    "FULLY_CONNECTED": matrix.fully_connected,
    "LSTM": recurrent.lstm,
    "MEAN": _accumulation,
    "REDUCE_ALL": _reduction,
    "REDUCE_ANY": _reduction,
    "REDUCE_MAX": _reduction,
    "REDUCE_MIN": _reduction,
    "REDUCE_PROD": _product,
    "RFFT2D": _rfft2d,
    "RNN": recurrent.rnn,
    "STABLEHLO_REDUCE_WINDOW": _reduce_window,
    "SUM": _accumulation,
    "SVDF": recurrent.svdf,
    "TRANSPOSE_CONV": convolution.transpose_conv,
    "UNIDIRECTIONAL_SEQUENCE_LSTM": recurrent.sequence_lstm,
    "UNIDIRECTIONAL_SEQUENCE_RNN": recurrent.sequence_rnn,
    "custom.TFLite_Detection_PostProcess": _detections,
}
