"""What each kernel keeps in the tail for its op: its own data and the op's options, as structures.

Source: tensorflow/tflite-micro@90b983c2, the OpData of tensorflow/lite/micro/kernels and the parameters of
tensorflow/lite/core/c/builtin_op_data.h; those of the host as the recording allocator of tflite-micro
0.dev20261023182759 reports them, which is built with compression and keeps its indices too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["KEPT", "Kept"]


@dataclass(frozen=True, slots=True)
class Kept:
    """Bytes: the options, and the kernel's data with pointers of 32 and of 64 bits."""

    options: int = 0
    mcu: int = 0
    host: int = 0


KEPT: Mapping[str, Kept] = {
    "ABS": Kept(0, 40, 40),
    "ADD": Kept(8, 60, 60),
    "ARG_MAX": Kept(4),
    "ARG_MIN": Kept(4),
    "ASSIGN_VARIABLE": Kept(0, 4, 4),
    "AVERAGE_POOL_2D": Kept(40, 32, 32),
    "BATCH_MATMUL": Kept(3, 16, 32),
    "CALL_ONCE": Kept(4, 8, 8),
    "CAST": Kept(8),
    "CONCATENATION": Kept(8, 24, 80),
    "CONV_2D": Kept(28, 56, 80),
    "CUMSUM": Kept(2),
    "DEPTHWISE_CONV_2D": Kept(28, 56, 80),
    "DEPTH_TO_SPACE": Kept(4, 24, 24),
    "DEQUANTIZE": Kept(0, 32, 32),
    "DIV": Kept(4, 28, 28),
    "ELU": Kept(0, 256, 256),
    "EMBEDDING_LOOKUP": Kept(0, 8, 16),
    "EQUAL": Kept(0, 32, 32),
    "FULLY_CONNECTED": Kept(32, 48, 72),
    "GATHER": Kept(8, 16, 24),
    "GREATER": Kept(0, 32, 32),
    "GREATER_EQUAL": Kept(0, 32, 32),
    "HARD_SWISH": Kept(0, 20, 20),
    "IF": Kept(8, 8, 8),
    "L2_NORMALIZATION": Kept(4, 4, 4),
    "LEAKY_RELU": Kept(4, 24, 24),
    "LESS": Kept(0, 32, 32),
    "LESS_EQUAL": Kept(0, 32, 32),
    "LOGISTIC": Kept(0, 16, 16),
    "MAX_POOL_2D": Kept(40, 32, 32),
    "MEAN": Kept(1, 44, 44),
    "MIRROR_PAD": Kept(4, 24, 24),
    "MUL": Kept(4, 36, 36),
    "NOT_EQUAL": Kept(0, 32, 32),
    "PACK": Kept(8),
    "PAD": Kept(0, 56, 56),
    "PADV2": Kept(0, 56, 56),
    "PRELU": Kept(0, 28, 28),
    "QUANTIZE": Kept(0, 32, 32),
    "REDUCE_ALL": Kept(1, 44, 44),
    "REDUCE_MAX": Kept(1, 44, 44),
    "REDUCE_MIN": Kept(1, 44, 44),
    "RELU": Kept(0, 28, 28),
    "RELU6": Kept(0, 8, 8),
    "RESHAPE": Kept(36),
    "RESIZE_BILINEAR": Kept(2),
    "RESIZE_NEAREST_NEIGHBOR": Kept(2),
    "RSQRT": Kept(0, 40, 40),
    "SELECT_V2": Kept(0, 1, 1),
    "SHAPE": Kept(4),
    "SOFTMAX": Kept(4, 56, 80),
    "SPACE_TO_BATCH_ND": Kept(0, 4, 4),
    "SPACE_TO_DEPTH": Kept(4, 24, 24),
    "SPLIT": Kept(4),
    "SPLIT_V": Kept(4),
    "SQUARED_DIFFERENCE": Kept(0, 112, 112),
    "SQUEEZE": Kept(36),
    "STRIDED_SLICE": Kept(24, 84, 84),
    "SUB": Kept(8, 52, 52),
    "SUM": Kept(1, 44, 44),
    "SVDF": Kept(12, 36, 36),
    "TANH": Kept(0, 16, 16),
    "TRANSPOSE_CONV": Kept(20, 72, 88),
    "UNIDIRECTIONAL_SEQUENCE_LSTM": Kept(20, 760, 760),
    "UNPACK": Kept(8),
    "VAR_HANDLE": Kept(8, 4, 4),
    "WHILE": Kept(8, 12, 12),
}
"""Ops that are not listed keep nothing."""
