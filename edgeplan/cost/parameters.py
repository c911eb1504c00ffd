"""How many parameters a model has learned."""

from __future__ import annotations

from edgeplan.graph import Graph, Op, Value
from edgeplan.lower.fold import drop_dead

__all__ = ["parameters"]

_NOT_LEARNED = frozenset({
    "constant_values", "input_mean", "input_var", "iou_threshold", "max", "mean", "min", "off_value", "on_value",
    "padding_value", "roi", "scales", "score_threshold", "sizes", "soft_nms_sigma", "var",
})  # fmt: skip
"""Ports whose constants are settings or running statistics, not learned parameters."""

_WEIGHED = frozenset({
    "Add", "BatchNormalization", "Conv", "ConvTranspose", "GRU", "Gather", "Gemm", "GroupNormalization",
    "InstanceNormalization", "LSTM", "LayerNormalization", "MatMul", "Mul", "PRelu", "RNN",
})  # fmt: skip
"""Ops for which a tensor that ConstantOfShape makes stands for a weight, as in the light models of ONNX's own tests."""

_BIASED = frozenset({
    "CONV_2D", "CONV_3D", "CONV_3D_TRANSPOSE", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "LSTM", "RNN", "SVDF",
    "TRANSPOSE_CONV", "UNIDIRECTIONAL_SEQUENCE_LSTM", "UNIDIRECTIONAL_SEQUENCE_RNN", "BIDIRECTIONAL_SEQUENCE_LSTM",
    "BIDIRECTIONAL_SEQUENCE_RNN",
})  # fmt: skip
"""TFLite ops with a bias, which a quantised model holds in 16, 32 or 64 bits."""

_PASSED_ON = frozenset({"Cast", "Identity", "Reshape", "Squeeze", "Transpose", "Unsqueeze"})


def parameters(graph: Graph) -> int | None:
    """Learned parameters of a model: elements of the float or quantised tensors its graph stores, scalars left out.

    Tensors that no output depends on do not count (a TFLite file holds none), and one that several ops read counts
    once. None when the shape of one is unknown.
    """
    seen: dict[str, Value] = {}
    for owner, op in (graph if graph.dialect == "tflite" else drop_dead(graph)).walk():
        for port, name in zip(op.ports, op.inputs, strict=True):
            if port not in _NOT_LEARNED and _learned(owner, op, port, name):
                seen[name] = owner.values[name]
    sizes = [v.elements for v in seen.values()]
    known = [n for n in sizes if n is not None]
    return sum(known) if len(known) == len(sizes) else None


def _learned(owner: Graph, op: Op, port: str, name: str) -> bool:
    value = owner.values[name]
    if not value.const or value.shape == () or value.dtype is None:
        return False
    if not (value.dtype.is_float or value.dtype.bits <= 8 or _quantised_bias(op, port)):
        return False
    maker = owner.producer.get(name)
    if maker is None:
        return True
    if op.type not in _WEIGHED or all(owner.values[o].const for o in op.outputs):
        return False
    while maker is not None and owner.ops[maker].type in _PASSED_ON:
        maker = owner.producer.get(owner.ops[maker].inputs[0])
    return maker is not None and owner.ops[maker].type == "ConstantOfShape"


def _quantised_bias(op: Op, port: str) -> bool:
    """Where whole numbers of more than 8 bits are learned: the biases of quantised models."""
    return (op.type == "DequantizeLinear" and port == "x") or (op.type in _BIASED and "bias" in port)
