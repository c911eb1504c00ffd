"""Multiply-accumulates of TFLite's contractions; pictures are [N, H, W, C].

Layouts of weights: google-ai-edge/LiteRT, tflite/kernels (conv.cc, depthwise_conv.cc, conv3d.cc and so on).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from edgeplan.cost.macs.ports import Ports, per, product

__all__ = ["NO_MACS", "TFLITE_MACS"]


def _conv(s: Ports) -> int | None:
    """Output elements times the weights behind each output channel: the filter is [C_out, H, W, C_in / groups]."""
    return product(s.out, per(s.elements("filter"), s.axis(0, "filter")))


def _depthwise(s: Ports) -> int | None:
    """Output elements times the window: the filter is [1, H, W, C_out]."""
    return product(s.out, s.axis(1, "filter"), s.axis(2, "filter"))


def _conv_3d(s: Ports) -> int | None:
    """As for pictures: the filter is [D, H, W, C_in / groups, C_out]."""
    return product(s.out, per(s.elements("filter"), s.axis(4, "filter")))


def _conv_transpose(s: Ports) -> int | None:
    """Input elements times the weights each meets: weights are [C_out, H, W, C_in], in 3-D [D, H, W, C_out, C_in]."""
    ports = ("weights", "filter", "input1")
    return product(s.elements("input", "input0"), per(s.elements(*ports), s.axis(-1, *ports)))


def _fully_connected(s: Ports) -> int | None:
    return product(s.out, s.axis(1, "filter"))


def _batch_matmul(s: Ports) -> int | None:
    return product(s.out, s.axis(-2 if s.op.attrs.get("adj_x") else -1, "x"))


def _sequence(s: Ports) -> int | None:
    """Every time step and batch row meets every weight matrix once: the input is [T, B, I] or [B, T, I]."""
    return product(s.axis(0, "input"), s.axis(1, "input"), _matrices(s))


def _cell(s: Ports) -> int | None:
    """One step: every batch row meets every weight matrix once."""
    return product(s.axis(0, "input", "data_input"), _matrices(s))


def _matrices(s: Ports) -> int | None:
    """Elements of the weights that are matrices: what has one axis is multiplied element by element."""
    total = 0
    for port, name in zip(s.op.ports, s.op.inputs, strict=True):
        value = s.graph.values[name]
        if "weights" not in port or (value.shape is not None and len(value.shape) < 2):
            continue
        if value.elements is None:
            return None
        total += value.elements
    return total


def _dot_general(s: Ports) -> int | None:
    axes = s.op.attrs.get("lhs_contracting_dimensions", ())
    contracted = axes if isinstance(axes, tuple) else ()
    return product(s.out, *(s.axis(a, "lhs") for a in contracted if isinstance(a, int)))


def _convolution(s: Ports) -> int | None:
    channels = s.op.attrs.get("kernel_output_feature_dimension")
    return product(s.out, per(s.elements("rhs"), s.axis(channels, "rhs"))) if isinstance(channels, int) else None


TFLITE_MACS: Mapping[str, Callable[[Ports], int | None]] = {
    **dict.fromkeys(("TRANSPOSE_CONV", "CONV_3D_TRANSPOSE", "custom.Convolution2DTransposeBias"), _conv_transpose),
    **dict.fromkeys(("LSTM", "RNN", "SVDF"), _cell),
    **dict.fromkeys(("UNIDIRECTIONAL_SEQUENCE_LSTM", "UNIDIRECTIONAL_SEQUENCE_RNN"), _sequence),
    **dict.fromkeys(("BIDIRECTIONAL_SEQUENCE_LSTM", "BIDIRECTIONAL_SEQUENCE_RNN"), _sequence),
    "BATCH_MATMUL": _batch_matmul,
    "CONV_2D": _conv,
    "CONV_3D": _conv_3d,
    "DEPTHWISE_CONV_2D": _depthwise,
    "FULLY_CONNECTED": _fully_connected,
    "STABLEHLO_CONVOLUTION": _convolution,
    "STABLEHLO_DOT_GENERAL": _dot_general,
}
"""Contractions by op label. A custom op's ports have numbers; this one is MediaPipe's (`transpose_conv_bias.cc`)."""

NO_MACS = frozenset(
    {
        "custom.AudioSpectrogram", "custom.Landmarks2TransformMatrix", "custom.MaxPoolingWithArgmax2D",
        "custom.MaxUnpooling2D", "custom.Mfcc", "custom.NumericVerify", "custom.TFLite_Detection_PostProcess",
        "custom.TransformLandmarks", "custom.TransformTensorBilinear",
    }
)  # fmt: skip
"""Custom ops known to contract nothing. Source: LiteRT tflite/kernels, mediapipe util/tflite/operations."""
