"""The scratch memory of ESP-NN's kernels for the ESP32-S3 until March 2026, when they began to unroll windows.

Source: espressif/esp-nn@e04f1b8, src/convolution/esp_nn_conv_esp32s3.c (esp_nn_get_conv_scratch_size_esp32s3),
esp_nn_depthwise_conv_s8_esp32s3.c.
"""

from __future__ import annotations

from edgeplan.memory.runtimes.tflite_micro.geometry import Geometry
from edgeplan.units import round_up

__all__ = ["convolve", "depthwise"]

_MARGIN = 32


def convolve(g: Geometry) -> int:
    """Bytes for an ordinary convolution: input and weights, padded to whole vectors."""
    (height, width), (kernel_h, kernel_w) = g.size, g.kernel
    if g.kernel == (1, 1) and g.pad == (0, 0) and g.stride == (1, 1):
        widened = round_up(g.channels, 8)
        turned = 0 if width * height < 8 else 2 * 8 * widened
        padded = width * height * widened if g.channels % 8 else 0
        return padded + widened * g.made_channels + turned + _MARGIN
    padded = (width + 2 * g.pad[1]) * (height + 2 * g.pad[0]) * g.channels if any(g.pad) else 0
    weights = kernel_w * kernel_h * round_up(g.channels, 16) * g.made_channels
    return padded + weights + _MARGIN + g.made_channels * 4


def depthwise(g: Geometry) -> int:
    """Bytes for a convolution of each channel: weights and input, in 16 bits unless channels fill vectors of 16."""
    (height, width), channels = g.size, g.channels
    weights = g.window * g.multiplier
    if g.multiplier == 1 and channels % 8 == 0 and g.kernel == (3, 3):
        if channels % 16:
            return 2 * (weights + width * height * channels) + 16
        down, across = (g.pad[0] * 2, g.pad[1] * 2) if any(g.pad) else (g.beyond(0), g.beyond(1))
        return weights + 16 + ((width + across) * (height + down) * channels if down or across else 0)
    return 2 * (weights + width * height * channels) + 16 if g.multiplier % 4 == 0 else 32
