"""Conditions on what every builder asks first: a builder, types, ranks, sizes."""

from __future__ import annotations

from edgeplan.capability.predicates.onnxruntime_coreml.read import known
from edgeplan.graph import DType, Op, Value

__all__ = [
    "casts_otherwise_than_behind_argmax",
    "empty_input_axis",
    "first_input_not_float",
    "first_input_not_float32",
    "gives_more_than_one_output",
    "has_no_builder",
    "input_of_unknown_rank",
    "long_input_axis",
    "normalizes_mixed_types",
    "outside_runtime_domains",
    "raises_to_another_type",
]

BUILDERS = frozenset(
    {
        "Add", "And", "ArgMax", "AveragePool", "BatchNormalization", "Cast", "Ceil", "Clip", "Concat", "Conv",
        "ConvTranspose", "Cos", "DepthToSpace", "Div", "Elu", "Erf", "Exp", "Flatten", "Gather", "GatherND", "Gelu",
        "Gemm", "GlobalAveragePool", "GlobalMaxPool", "GridSample", "GroupNormalization", "HardSigmoid", "HardSwish",
        "Identity", "InstanceNormalization", "LRN", "LayerNormalization", "LeakyRelu", "MatMul", "Max", "MaxPool",
        "Mish", "Mul", "PRelu", "Pad", "Pow", "Reciprocal", "ReduceMax", "ReduceMean", "ReduceMin", "ReduceProd",
        "ReduceSum", "Relu", "Reshape", "Resize", "Round", "Shape", "Sigmoid", "Sin", "Slice", "Softmax", "Softplus",
        "Split", "Sqrt", "Squeeze", "Sub", "Swish", "Tanh", "Tile", "Transpose", "Unsqueeze", "Where",
        "com.microsoft.FusedConv", "com.microsoft.QuickGelu",
    }
)  # fmt: skip
"""Operators with a builder in some release and format; HardSwish, Mish and Swish are inlined into such."""

LONGEST = 16384
"""The longest axis the provider gives Core ML (helper.cc, which points to coremltools issue 1003)."""

DOMAINS = frozenset({"", "ai.onnx.ml", "com.microsoft"})
"""Operator domains that ONNX Runtime registers kernels for."""


def has_no_builder(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """The provider has no builder for the operator in any release."""
    return op.label not in BUILDERS


def first_input_not_float(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """The first input is neither float32 nor float16."""
    dtype = inputs[0].dtype
    return None if dtype is None else dtype not in (DType.FLOAT32, DType.FLOAT16)


def first_input_not_float32(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """The first input is not float32."""
    dtype = inputs[0].dtype
    return None if dtype is None else dtype is not DType.FLOAT32


def input_of_unknown_rank(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """Not even the number of axes of an input is known."""
    return any(v.shape is None for v in inputs)


def long_input_axis(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """An axis of an input or weight is longer than 16384."""
    return any(d > LONGEST for v in inputs for d in known(v.shape))


def casts_otherwise_than_behind_argmax(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """A Cast is not from int64 to int32, as behind an ArgMax."""
    types = (inputs[0].dtype, outputs[0].dtype)
    return None if None in types else types != (DType.INT64, DType.INT32)


def normalizes_mixed_types(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """Input, scale and bias are not of one type, or not of float32 or float16."""
    types = {v.dtype for v in inputs[:3]}
    if len(types) > 1 and None not in types:
        return True
    known = types - {None}
    if known and not known <= {DType.FLOAT32, DType.FLOAT16}:
        return True
    return None if None in types else False


def raises_to_another_type(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """Base and exponent differ in type."""
    one, other = inputs[0].dtype, inputs[1].dtype
    return None if one is None or other is None else one is not other


def gives_more_than_one_output(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """The op has a second output: statistics of a training step, or the indices of a maximum."""
    return len(outputs) > 1


def outside_runtime_domains(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """The operator is of none of the domains ai.onnx, ai.onnx.ml and com.microsoft."""
    return op.domain not in DOMAINS


def empty_input_axis(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """An input has an axis that is known to hold no elements."""
    return any(0 in v.shape for v in inputs if v.shape is not None)
