"""Conditions of the SNPE rows that a table cannot say."""

from __future__ import annotations

from math import ceil

from edgeplan.graph import Op, Value

__all__ = [
    "activates_otherwise",
    "deconvolves_too_much_for_image",
    "expands_by_computed_shape",
    "fills_gpu_image",
    "groups_off_packed_channels",
    "has_second_output",
    "kernel_too_large_for_image",
    "kernel_unlike_weight",
    "not_converted",
    "strides_past_kernel",
]

MOST = 16384
"""MaxPerGPUSize: pixels that an image of the Adreno driver is wide or high (A430 and A530; 8192 on A330)."""

CONVERTED = frozenset(
    {
        "Abs", "Add", "And", "ArgMax", "ArgMin", "Asin", "Atan", "AveragePool", "BatchNormalization", "Cast", "Ceil",
        "Clip", "Concat", "Constant", "ConstantOfShape", "Conv", "ConvTranspose", "Cos", "CumSum", "DepthToSpace",
        "DequantizeLinear", "Div", "Dropout", "Einsum", "Elu", "Equal", "Exp", "Expand", "Flatten", "Floor", "GRU",
        "Gather", "GatherElements", "GatherND", "Gelu", "Gemm", "GlobalAveragePool", "GlobalMaxPool", "Greater",
        "GreaterOrEqual", "GridSample", "GroupNormalization", "HardSigmoid", "HardSwish", "Identity", "If",
        "InstanceNormalization", "IsInf", "IsNaN", "LRN", "LSTM", "LayerNormalization", "LeakyRelu", "Less",
        "LessOrEqual", "Log", "LogSoftmax", "LpNormalization", "LpPool", "MatMul", "Max", "MaxPool", "MaxRoiPool",
        "Min", "Mod", "Mul", "Neg", "NonMaxSuppression", "NonZero", "Not", "OneHot", "Or", "PRelu", "Pad", "Pow",
        "QLinearConv", "QLinearMatMul", "QuantizeLinear", "RNN", "Range", "Reciprocal", "ReduceL2", "ReduceLogSumExp",
        "ReduceMax", "ReduceMean", "ReduceMin", "ReduceProd", "ReduceSum", "ReduceSumSquare", "Relu", "Reshape",
        "Resize", "RoiAlign", "Round", "ScaledTanh", "Scatter", "ScatterElements", "ScatterND", "Shape", "Sigmoid",
        "Sign", "Sin", "Slice", "Softmax", "Softplus", "SpaceToDepth", "Split", "Sqrt", "Squeeze", "Sub", "Sum", "Tanh",
        "ThresholdedRelu", "Tile", "TopK", "Transpose", "Unsqueeze", "Upsample", "Where", "Xor",
    }
)  # fmt: skip
"""ONNX operators that the converter translates (source: the guide's table of ONNX operators)."""

_ACTIVATIONS = {"GRU": ("Sigmoid", "Tanh"), "LSTM": ("Sigmoid", "Tanh", "Tanh"), "RNN": ("Tanh",)}


def not_converted(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """The converter's table of ONNX operators does not name the operator; Erf is named for GELU patterns only."""
    return op.label not in CONVERTED


def activates_otherwise(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """A recurrent op has other activations than the usual ones."""
    given, usual = op.attrs.get("activations"), _ACTIVATIONS.get(op.type, ())
    return isinstance(given, tuple) and given not in (usual, usual * 2)


def has_second_output(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """The op has more than one output."""
    return len(outputs) > 1


def expands_by_computed_shape(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """The shape to expand to is computed when the model runs, not from sizes that are still open."""
    if inputs[1].const:
        return False
    data = inputs[0].shape
    return True if data is not None and all(isinstance(d, int) for d in data) else None


def kernel_unlike_weight(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """The attribute kernel_shape is not the spatial shape of the weight."""
    given, weight = op.attrs.get("kernel_shape"), inputs[1].shape
    if not isinstance(given, tuple):
        return False
    if weight is None or any(not isinstance(d, int) for d in weight[2:]):
        return None
    return given != tuple(weight[2:])


def fills_gpu_image(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """A computed tensor of four axes is wider than 16384 packed pixels: a quarter of its channels times its width."""
    unknown = False
    for value in (*inputs, *outputs):
        if value.const or value.shape is None or len(value.shape) != 4:
            continue
        channels, width = value.shape[1], value.shape[3]
        if not isinstance(channels, int) or not isinstance(width, int):
            unknown = True
        elif ceil(channels / 4) * width > MOST:
            return True
    return None if unknown else False


def kernel_too_large_for_image(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """Four times the area of the kernel, or a quarter of the output channels, is more than 16384."""
    weight = inputs[1].shape
    if weight is None or len(weight) != 4:
        return None if weight is None else False
    out, _, high, wide = weight
    if not isinstance(out, int) or not isinstance(high, int) or not isinstance(wide, int):
        return None
    return high * wide * 4 > MOST or out / 4 > MOST


def groups_off_packed_channels(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """A grouped convolution, not a depthwise one, has output channels that are no multiple of four times the groups."""
    groups, weight = op.attrs.get("group", 1), inputs[1].shape
    if not isinstance(groups, int) or groups == 1:
        return False
    if weight is None or not isinstance(weight[0], int):
        return None
    return weight[1] != 1 and weight[0] % (4 * groups) != 0


def deconvolves_too_much_for_image(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """A quarter of the input channels times the output channels, or the area of the kernel, is more than 16384."""
    weight = inputs[1].shape
    if weight is None or len(weight) != 4:
        return None if weight is None else False
    taken, out, high, wide = weight
    if not isinstance(taken, int) or not isinstance(out, int) or not isinstance(high, int) or not isinstance(wide, int):
        return None
    return ceil(taken / 4) * out > MOST or high * wide > MOST


def strides_past_kernel(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """A stride of a transposed convolution is longer than its kernel."""
    strides, weight = op.attrs.get("strides"), inputs[1].shape
    if not isinstance(strides, tuple):
        return False
    if weight is None:
        return None
    pairs = zip(strides, weight[2:], strict=False)
    return any(isinstance(s, int) and isinstance(k, int) and s > k for s, k in pairs)
