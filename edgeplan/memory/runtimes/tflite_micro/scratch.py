"""The memory that the reference kernels ask for while an op runs (RequestScratchBufferInArena in their Prepare).

Source: tensorflow/tflite-micro@90b983c2, tensorflow/lite/micro/kernels: reduce_common.cc, mirror_pad.cc, add_n.cc,
transpose_conv.cc, svdf_common.cc, unidirectional_sequence_lstm.cc, detection_postprocess.cc, and for weights of four
bits conv_common.cc, depthwise_conv_common.cc and fully_connected.cc.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from edgeplan.graph import DType, Graph, Op, Value

__all__ = ["scratch"]

_INT, _LONG = 4, 8
_QUANTIZED = (DType.INT8, DType.INT16)


def scratch(graph: Graph, op: Op, pointer: int = 4) -> Iterator[int | None]:
    """The bytes of each scratch buffer of an op, in the order of the requests; None where a size is not known.

    `pointer` is the size of an address.
    """
    if op.label == "ADD_N":
        yield len(op.inputs) * pointer
    elif op.label in _ASKS:
        yield from _ASKS[op.label](graph, op)


def _mean(graph: Graph, op: Op) -> Iterator[int | None]:
    x, y = graph.values[op.inputs[0]], graph.values[op.outputs[0]]
    if x.dtype in _QUANTIZED:
        yield _times(y.elements, _INT)
    yield from _axes(graph, op)


def _axes(graph: Graph, op: Op) -> Iterator[int | None]:
    """An index along each axis of the input, and the axes that are reduced."""
    yield _times(_rank(graph.values[op.inputs[0]]), _INT)
    yield _times(graph.values[op.inputs[1]].elements, _INT)


def _mirror_pad(graph: Graph, op: Op) -> Iterator[int | None]:
    rank = _rank(graph.values[op.inputs[0]])
    yield _times(rank, _INT)
    yield _times(rank, _INT)


def _transpose_conv(graph: Graph, op: Op) -> Iterator[int | None]:
    """A sum for each output element, wider than the result."""
    x, y = graph.values[op.inputs[2]], graph.values[op.outputs[0]]
    if x.dtype in _QUANTIZED:
        yield _times(y.elements, _INT if x.dtype is DType.INT8 else _LONG)
    bias = op.input("bias")
    if bias is not None and x.dtype is DType.INT16 and graph.values[bias].dtype is DType.INT16:
        yield _times(graph.values[bias].elements, _LONG)


def _svdf(graph: Graph, op: Op) -> Iterator[int | None]:
    x, feature, y = (graph.values[n] for n in (op.inputs[0], op.inputs[1], op.outputs[0]))
    batch = x.shape[0] if x.shape else None
    filters = feature.shape[0] if feature.shape else None
    yield batch * filters * _INT if isinstance(batch, int) and isinstance(filters, int) else None
    if x.dtype is DType.INT8:
        yield _times(y.elements, _INT)


def _lstm(graph: Graph, op: Op) -> Iterator[int | None]:
    """Four gates of the size of the cell's state."""
    state = op.input("input_cell_state")
    size = graph.values[state].bytes if state else None
    yield from (size,) * 4


def _unpacked(graph: Graph, op: Op) -> Iterator[int | None]:
    """Weights of four bits, one to a byte."""
    weights = graph.values[op.inputs[1]]
    if weights.dtype is DType.INT4:
        yield weights.elements


def _detections(graph: Graph, op: Op) -> Iterator[int | None]:
    """Boxes, scores and candidates; as many detections as boxes are assumed where the file does not say how many."""
    boxes, scores = graph.values[op.inputs[0]], graph.values[op.inputs[1]]
    count = boxes.shape[1] if boxes.shape and len(boxes.shape) > 1 else None
    number = count if isinstance(count, int) else None
    most = op.attrs.get("max_detections")
    wanted = most if isinstance(most, int) else number
    many = None if number is None or wanted is None else wanted * number * _INT
    yield number
    yield _times(number, 4 * _INT)
    yield _times(scores.elements, _INT)
    yield from (_times(number, _INT), _times(number, _INT), many, many, _times(number, _INT), many, many, many)


def _rank(value: Value) -> int | None:
    return None if value.shape is None else len(value.shape)


def _times(count: int | None, size: int) -> int | None:
    return None if count is None else count * size


_ASKS: Mapping[str, Callable[[Graph, Op], Iterator[int | None]]] = {
    "CONV_2D": _unpacked,
    "DEPTHWISE_CONV_2D": _unpacked,
    "FULLY_CONNECTED": _unpacked,
    "MEAN": _mean,
    "MIRROR_PAD": _mirror_pad,
    "REDUCE_ALL": _axes,
    "REDUCE_MAX": _axes,
    "REDUCE_MIN": _axes,
    "SUM": _mean,
    "SVDF": _svdf,
    "TRANSPOSE_CONV": _transpose_conv,
    "UNIDIRECTIONAL_SEQUENCE_LSTM": _lstm,
    "custom.TFLite_Detection_PostProcess": _detections,
}
