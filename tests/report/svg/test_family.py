from __future__ import annotations

import pytest

from edgeplan.report.svg.family import FAMILIES, family_of


@pytest.mark.parametrize(
    ("family", "labels"),
    [
        ("conv", ["Conv", "ConvTranspose", "conv_transpose", "DEPTHWISE_CONV_2D", "QLinearConv"]),
        ("matrix", ["MatMul", "Gemm", "linear", "FULLY_CONNECTED", "scaled_dot_product_attention", "GRU", "lstm",
                    "UNIDIRECTIONAL_SEQUENCE_LSTM", "com.microsoft.Attention", "BATCH_MATMUL"]),
        ("reduce", ["MaxPool", "GlobalAveragePool", "AVERAGE_POOL_2D", "layer_norm", "LayerNormalization", "SOFTMAX",
                    "reduce_mean", "MEAN", "TOPK_V2"]),
        ("layout", ["Reshape", "Transpose", "CONCATENATION", "PADV2", "upsample_nearest_neighbor", "RESIZE_BILINEAR",
                    "slice_by_index", "STRIDED_SLICE", "gather_nd", "DepthToSpace", "expand_dims"]),
        ("elementwise", ["Relu", "relu6", "PRelu", "ADD", "real_div", "LOGISTIC", "com.microsoft.Gelu", "HARD_SWISH",
                         "batch_norm", "BatchNormalization", "Clip", "Erf", "QUANTIZE", "sigmoid_hard", "Softplus"]),
        ("other", ["NonMaxSuppression", "while_loop", "custom.Thing", ""]),
    ],
)  # fmt: skip
def test_ops_of_all_dialects_find_their_family(family: str, labels: list[str]) -> None:
    assert {label: family_of(label) for label in labels} == dict.fromkeys(labels, family)
    assert family in FAMILIES
