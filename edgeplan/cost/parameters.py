"""How many parameters a model has learned."""

from __future__ import annotations

from edgeplan.graph import Graph, Op, Value
from edgeplan.lower.fold import drop_dead

__all__ = ["parameters"]

_NOT_LEARNED = frozenset({"roi", "scales", "sizes", "min", "max", "input_mean", "input_var", "mean", "var"})
"""Ports whose constants are settings or running statistics, not learned parameters."""

_WEIGHED = frozenset({
    "Add", "BatchNormalization", "Conv", "ConvTranspose", "GRU", "Gather", "Gemm", "GroupNormalization",
    "InstanceNormalization", "LSTM", "LayerNormalization", "MatMul", "Mul", "PRelu", "RNN",
})  # fmt: skip
"""Ops for which a tensor that ConstantOfShape makes stands for a weight, as in the light models of ONNX's own tests."""

_PASSED_ON = frozenset({"Cast", "Identity", "Reshape", "Squeeze", "Transpose", "Unsqueeze"})


def parameters(graph: Graph) -> int | None:
    """Learned parameters of an ONNX graph: elements of the float or quantised tensors it stores, scalars left out.

    Tensors that no output depends on do not count, and one that several ops read counts once. None when the shape of
    one is unknown.
    """
    seen: dict[str, Value] = {}
    for owner, op in drop_dead(graph).walk():
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
    if not (value.dtype.is_float or value.dtype.bits <= 8 or (op.type == "DequantizeLinear" and port == "x")):
        return False
    maker = owner.producer.get(name)
    if maker is None:
        return True
    if op.type not in _WEIGHED or all(owner.values[o].const for o in op.outputs):
        return False
    while maker is not None and owner.ops[maker].type in _PASSED_ON:
        maker = owner.producer.get(owner.ops[maker].inputs[0])
    return maker is not None and owner.ops[maker].type == "ConstantOfShape"
