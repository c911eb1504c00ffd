"""The families of ops that take their time alike, whatever dialect they are written in."""

from __future__ import annotations

from collections.abc import Mapping

from edgeplan.graph import Graph, Op
from edgeplan.lower.views import is_view

__all__ = ["CONTRACTIONS", "FAMILIES", "PARENT", "family_of", "key_of"]

FAMILIES = (
    "conv", "pointwise", "depthwise", "grouped", "deconv", "linear", "matmul", "attention", "recurrent", "norm",
    "softmax", "activation", "arithmetic", "reduction", "pool", "resize", "transpose", "concat", "slice",
    "move", "gather", "cast", "sort", "other",
)  # fmt: skip
"""`linear` has constant weights, `matmul` multiplies two activations, `move` only copies, `other` is in no list."""

PARENT: Mapping[str, str] = {"transpose": "move", "concat": "move", "slice": "move"}
"""Families that are told apart where a unit's figures do, and else go with another one."""

CONTRACTIONS = frozenset(
    {"conv", "pointwise", "depthwise", "grouped", "deconv", "linear", "matmul", "attention", "recurrent"}
)
"""The families whose work is multiply-accumulates."""

_CONVOLUTIONS = (
    "com.microsoft.FusedConv com.microsoft.NhwcConv com.microsoft.QLinearConv Conv conv CONV_2D CONV_3D ConvInteger "
    "DeformConv DEPTHWISE_CONV_2D QLinearConv"
)
_PRODUCTS = (
    "BATCH_MATMUL com.microsoft.FusedGemm com.microsoft.FusedMatMul com.microsoft.QGemm Einsum einsum Gemm MatMul "
    "matmul MatMulInteger QLinearMatMul"
)

_LISTS: Mapping[str, str] = {
    "deconv": "CONV_3D_TRANSPOSE conv_transpose ConvTranspose TRANSPOSE_CONV",
    "linear": "com.microsoft.DynamicQuantizeMatMul com.microsoft.MatMulNBits FULLY_CONNECTED linear",
    "attention": (
        "Attention com.microsoft.Attention com.microsoft.GroupQueryAttention com.microsoft.MultiHeadAttention "
        "scaled_dot_product_attention"
    ),
    "recurrent": (
        "BIDIRECTIONAL_SEQUENCE_LSTM BIDIRECTIONAL_SEQUENCE_RNN GRU gru LSTM lstm RNN rnn SVDF "
        "UNIDIRECTIONAL_SEQUENCE_LSTM UNIDIRECTIONAL_SEQUENCE_RNN"
    ),
    "norm": (
        "batch_norm BatchNormalization com.microsoft.GroupNorm com.microsoft.SimplifiedLayerNormalization "
        "com.microsoft.SkipLayerNormalization GroupNormalization instance_norm InstanceNormalization l2_norm "
        "L2_NORMALIZATION layer_norm LayerNormalization local_response_norm LOCAL_RESPONSE_NORMALIZATION "
        "LpNormalization LRN MeanVarianceNormalization RMSNormalization"
    ),
    "softmax": "Hardmax LOG_SOFTMAX LogSoftmax SOFTMAX Softmax softmax",
    "activation": (
        "ABS Abs abs CEIL Ceil ceil Celu clamped_relu Clip clip com.microsoft.BiasGelu com.microsoft.FastGelu "
        "com.microsoft.Gelu com.microsoft.QuickGelu COS Cos cos ELU Elu elu Erf erf EXP Exp exp exp2 FLOOR Floor "
        "floor GELU Gelu gelu HARD_SWISH HardSigmoid HardSwish inverse LEAKY_RELU leaky_relu LeakyRelu "
        "linear_activation LOG Log log LOGICAL_NOT logical_not LOGISTIC Mish NEG Neg Not PRELU PRelu prelu Reciprocal "
        "RELU Relu relu RELU6 relu6 RELU_0_TO_1 RELU_N1_TO_1 ROUND Round round RSQRT rsqrt scaled_tanh Selu Sigmoid "
        "sigmoid sigmoid_hard SIGN Sign sign silu SIN Sin sin Softplus softplus softplus_parametric Softsign softsign "
        "SQRT Sqrt sqrt SQUARE square Swish Tan tan TANH Tanh tanh threshold thresholded_relu ThresholdedRelu"
    ),
    "arithmetic": (
        "ADD Add add ADD_N And BitShift com.microsoft.FusedElementwise DIV Div EQUAL Equal equal FLOOR_DIV floor_div "
        "FLOOR_MOD GREATER Greater greater GREATER_EQUAL greater_equal GreaterOrEqual LESS Less less LESS_EQUAL "
        "less_equal LessOrEqual LOGICAL_AND logical_and LOGICAL_OR logical_or logical_xor Max MAXIMUM maximum Mean "
        "Min MINIMUM minimum Mod mod MUL Mul mul NOT_EQUAL not_equal Or POW Pow pow real_div SELECT select SELECT_V2 "
        "SQUARED_DIFFERENCE SUB Sub sub Sum WHERE Where Xor"
    ),
    "reduction": (
        "GlobalAveragePool GlobalLpPool GlobalMaxPool "
        "ARG_MAX ARG_MIN ArgMax ArgMin CUMSUM CumSum cumsum MEAN REDUCE_ALL REDUCE_ANY reduce_argmax reduce_argmin "
        "reduce_l1_norm reduce_l2_norm reduce_log_sum reduce_log_sum_exp REDUCE_MAX reduce_max reduce_mean REDUCE_MIN "
        "reduce_min REDUCE_PROD reduce_prod reduce_sum reduce_sum_square ReduceL1 ReduceL2 ReduceLogSum "
        "ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare SUM"
    ),
    "pool": ("AVERAGE_POOL_2D AveragePool avg_pool l2_pool L2_POOL_2D LpPool max_pool MAX_POOL_2D MaxPool"),
    "resize": (
        "affine crop_resize GridSample resample Resize resize RESIZE_BILINEAR resize_bilinear RESIZE_NEAREST_NEIGHBOR "
        "resize_nearest_neighbor Upsample upsample_bilinear upsample_nearest_neighbor"
    ),
    "transpose": (
        "batch_to_space BATCH_TO_SPACE_ND DEPTH_TO_SPACE depth_to_space DepthToSpace pixel_shuffle pixel_unshuffle "
        "RESHAPE Reshape reshape space_to_batch SPACE_TO_BATCH_ND SPACE_TO_DEPTH space_to_depth SpaceToDepth "
        "TRANSPOSE Transpose transpose"
    ),
    "concat": "Concat concat CONCATENATION PACK stack",
    "slice": "SLICE Slice slice_by_index slice_by_size SPLIT Split split SPLIT_V STRIDED_SLICE UNPACK",
    "move": (
        "BROADCAST_TO Expand Flip MIRROR_PAD PAD Pad pad PADV2 reverse REVERSE_V2 ReverseSequence sliding_windows "
        "TILE Tile tile"
    ),
    "gather": (
        "DYNAMIC_UPDATE_SLICE EMBEDDING_LOOKUP EyeLike GATHER Gather gather gather_along_axis GATHER_ND gather_nd "
        "GatherElements GatherND MaxRoiPool ONE_HOT one_hot OneHot RoiAlign scatter scatter_along_axis SCATTER_ND "
        "scatter_nd ScatterElements ScatterND"
    ),
    "cast": "CAST Cast cast CastLike DEQUANTIZE dequantize DequantizeLinear QUANTIZE quantize QuantizeLinear",
    "sort": (
        "TRT.BatchedNMS_TRT TRT.BatchedNMSDynamic_TRT TRT.EfficientNMS_ONNX_TRT TRT.EfficientNMS_TRT TRT.NMS_TRT "
        "TRT.NMSDynamic_TRT argsort custom.TFLite_Detection_PostProcess NON_MAX_SUPPRESSION_V4 NON_MAX_SUPPRESSION_V5 "
        "non_maximum_suppression non_zero NonMaxSuppression NonZero TopK topk TOPK_V2 Unique"
    ),
}

_FAMILY: Mapping[str, str] = {label: family for family, labels in _LISTS.items() for label in labels.split()}
_CONV = frozenset(_CONVOLUTIONS.split())
_MATMUL = frozenset(_PRODUCTS.split())
_QUIET = frozenset(
    {"Shape", "shape", "SHAPE", "Size", "Constant", "ConstantOfShape", "Range", "range_1d", "RANGE", "FILL", "fill"}
)


def family_of(graph: Graph, op: Op) -> str:
    """The family of an op; empty for a view, and for what only makes small numbers out of shapes: it takes no time."""
    label = op.type if op.domain == "onnx" else op.label
    if label in _CONV:
        return _convolution(graph, op)
    if label in _MATMUL:
        weighted = any(graph.values[name].const for name in op.inputs[:2])
        return "linear" if weighted else "matmul"
    if label in _QUIET or is_view(graph, op):
        return ""
    return _FAMILY.get(label, "other")


def key_of(table: Mapping[str, float], family: str) -> str:
    """Under what a family's figure stands in a table: its own name, that of its parent, or `*`."""
    return family if family in table else parent if (parent := PARENT.get(family, "*")) in table else "*"


def _convolution(graph: Graph, op: Op) -> str:
    """By the filters: W is [C_out, C_in / groups, kernel...] in ONNX and MIL, [C_out, kernel..., C_in] in TFLite."""
    if op.type == "DEPTHWISE_CONV_2D":
        return "depthwise"
    port = next((p for p in ("W", "w", "weight", "filter", "input1") if op.input(p) is not None), "")
    shape = graph.values[op.input(port) or ""].sizes if port else None
    if shape is None or len(shape) < 3:
        return "conv"
    if graph.dialect == "tflite" and not op.domain:
        kernel, groups = shape[1:-1], 1
    else:
        kernel = shape[2:]
        given = op.attrs.get("group", op.attrs.get("groups", 1))
        groups = given if isinstance(given, int) else 1
        if groups > 1 and shape[1] == 1:
            return "depthwise"
    if groups > 1:
        return "grouped"
    return "pointwise" if all(k == 1 for k in kernel) else "conv"
