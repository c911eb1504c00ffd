"""The scratch memory of ESP-NN's kernels, which run 8-bit integers on Espressif's chips.

Source: espressif/esp-nn@d45b843c, src/convolution/esp_nn_conv_esp32s3.c (esp_nn_get_conv_scratch_size_esp32s3),
esp_nn_depthwise_conv_s8_esp32s3.c, src/softmax/esp_nn_softmax_opt.c; espressif/esp-tflite-micro@99f49e14,
tensorflow/lite/micro/kernels/esp_nn. Only the ESP32-S3's convolutions ask for any: they pad and turn input and weights.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from edgeplan.graph import DType, Graph, Op
from edgeplan.memory.runtimes.tflite_micro.esp_nn_2023 import convolve, depthwise
from edgeplan.memory.runtimes.tflite_micro.geometry import Geometry, geometry
from edgeplan.units import round_up

__all__ = ["OPS", "Chip", "esp_nn"]

OPS = frozenset({"CONV_2D", "DEPTHWISE_CONV_2D", "SOFTMAX"})
"""The ops whose 8-bit kernels ask for other memory than the reference kernels do."""

_MARGIN = 64
_WHOLE_PADDED, _WHOLE_WIDENED = 40 * 1024, 48 * 1024
"""Bytes up to which a depthwise convolution pads, or widens to 16 bits, its input as a whole."""


Chip = Literal["plain", "s3", "s3-2023"]
"""A chip without vector instructions, an ESP32-S3, and one whose kernels are older than March 2026."""


def esp_nn(graph: Graph, op: Op, chip: Chip) -> Iterator[int | None]:
    """The bytes of each scratch buffer of an op of 8-bit integers."""
    if op.label == "SOFTMAX":
        shape = graph.values[op.inputs[0]].shape
        if graph.values[op.outputs[0]].dtype is DType.INT8 and shape is not None and len(shape) > 1:
            yield shape[1] * 4 if isinstance(shape[1], int) else None
        return
    found = geometry(graph, op)
    if found is None:
        yield None
    elif chip == "s3":
        yield _convolve(found) if op.label == "CONV_2D" else _depthwise(found)
    elif chip == "s3-2023":
        yield convolve(found) if op.label == "CONV_2D" else depthwise(found)


def _convolve(g: Geometry) -> int:
    (height, width), (kernel_h, kernel_w) = g.size, g.kernel
    if g.kernel == (1, 1) and g.pad == (0, 0) and g.stride == (1, 1):
        widened = round_up(g.channels, 8)
        turned = 0 if width * height < 8 else 2 * 8 * widened  # eight positions at once
        padded = width * height * widened if g.channels % 8 else 0
        return padded + widened * g.made_channels + turned + _MARGIN
    row = kernel_w * g.channels
    if row < 16 <= g.window:  # a vector of 16 bytes
        window = round_up(g.window, 16)
        return g.made_channels * 4 + 16 + g.made_channels * window + 16 + window + _MARGIN
    padded = (width + 2 * g.pad[1]) * (height + 2 * g.pad[0]) * g.channels if any(g.pad) else 0
    weights = kernel_w * kernel_h * round_up(g.channels, 16) * g.made_channels
    rows = round_up(row, 16) * kernel_h * g.made_channels
    right, below = max(0, g.beyond(1)), max(0, g.beyond(0))
    edge = (width + right) * (height + below) * g.channels if right or below else 0
    return padded + weights + rows + edge + _MARGIN + g.made_channels * 4


def _depthwise(g: Geometry) -> int:
    (height, width), channels = g.size, g.channels
    weights = g.window * g.multiplier
    if g.multiplier == 1 and channels % 8 == 0:
        return _by_eight(g, weights)
    if g.multiplier == 1 and channels > 3:
        padded = round_up(channels, 8)
        size = round_up(g.kernel[0] * g.kernel[1] * padded * 2, 16)
        size = round_up(size + width * height * padded * 2, 16)
        size = round_up(size + g.made[0] * g.made[1] * padded, 16)
        return size + 3 * padded * 4 + 16
    return 2 * (weights + width * height * channels) + 32 if g.multiplier % 4 == 0 else 32


def _by_eight(g: Geometry, weights: int) -> int:
    """A depthwise convolution of channels that fill vectors of eight."""
    (height, width), channels = g.size, g.channels
    if g.kernel != (3, 3):
        whole = 2 * (weights + width * height * channels)
        return (whole if whole <= _WHOLE_WIDENED else 2 * weights + 2 * width * g.kernel[0] * channels) + 32
    if channels % 16 == 0:
        pads = (g.pad[0] * 2, g.pad[1] * 2) if any(g.pad) else (g.beyond(0), g.beyond(1))
        if not any(pads):
            return weights + 16
        whole = (width + pads[1]) * (height + pads[0]) * channels
        return weights + 16 + (whole if whole <= _WHOLE_PADDED else (width + pads[1]) * g.kernel[0] * channels)
    if channels < 12:
        return 2 * (weights + width * height * channels) + 32
    padded = round_up(channels, 16)
    across, down = (g.pad[axis] * 2 + max(0, g.beyond(axis)) for axis in (1, 0))
    return 9 * padded + (width + across) * (height + down) * padded + g.made[0] * g.made[1] * padded + _MARGIN
