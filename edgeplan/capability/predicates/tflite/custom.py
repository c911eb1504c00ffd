"""Ops that the TFLite schema does not name."""

from __future__ import annotations

from edgeplan.graph import Op, Value

__all__ = [
    "custom_op",
    "custom_outside_gpu",
    "custom_outside_mediapipe",
    "custom_without_kernel",
    "operator_without_builtin",
]

_MEDIAPIPE = frozenset({"Convolution2DTransposeBias", "MaxPoolingWithArgmax2D", "MaxUnpooling2D"})

_KERNELS = frozenset(
    {"AudioSpectrogram", "Mfcc", "NumericVerify", "TFLite_Detection_PostProcess", "aeq.hadamard_rotation"}
)
"""Custom ops that LiteRT brings a kernel for."""


def custom_op(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """A custom op."""
    return op.domain == "custom"


def custom_without_kernel(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """A custom op that LiteRT brings no kernel for."""
    return op.domain == "custom" and op.type not in _KERNELS


def custom_outside_mediapipe(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """A custom op that is none of MediaPipe's."""
    return op.domain == "custom" and op.type not in _MEDIAPIPE


def custom_outside_gpu(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """A custom op that is neither Resampler nor one of MediaPipe's."""
    return op.domain == "custom" and op.type not in _MEDIAPIPE and op.type != "Resampler"


def operator_without_builtin(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """An operator of ONNX or of another format that was not lowered to TFLite ops."""
    return op.domain not in ("", "custom", "tflite")
