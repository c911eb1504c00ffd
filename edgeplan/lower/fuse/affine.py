"""Batch norms and constant scales and shifts folded into the convolution or matrix product before them."""

from __future__ import annotations

from dataclasses import replace

from edgeplan.graph import Value
from edgeplan.lower.fuse.pattern import Fused, Matcher

__all__ = ["fuse_affine"]

_CONTRACTIONS = ("Conv", "ConvTranspose", "Gemm")


def fuse_affine(m: Matcher, index: int) -> Fused | None:
    """Conv(x, W, b) -> BatchNormalization, and Conv -> Mul(c) or Add(c) with c a constant per channel.

    Before: `t = Conv(x, W, b); y = BatchNormalization(t, gamma, beta, mean, var)`
    After:  `y = Conv(x, W', b')`, W' = W * s, b' = (b - mean) * s + beta, s = gamma / sqrt(var + epsilon)
    """
    op = m.op(index)
    if not op.outputs:
        return None
    if op.type == "BatchNormalization":
        data = op.inputs[0]
        if op.attrs.get("training_mode") or not all(m.value(n).const for n in op.inputs[1:]):
            return None
    else:
        found = next(((a, b) for a, b in m.operands(index) if m.value(b).const and not m.value(a).const), None)
        if found is None or (op.type == "Sub" and found[0] != op.inputs[0]):
            return None
        data, constant = found
        if not m.per_channel(constant, data):
            return None
    at = m.producer(data, *_CONTRACTIONS)
    if at is None or m.sole(data) != index or len(op.outputs) > 1:
        return None
    conv = m.op(at)
    if conv.type == "Gemm" and (op.type == "BatchNormalization" or conv.input("C") is not None):
        return None
    weight = conv.input("B" if conv.type == "Gemm" else "W")
    if weight is None or not m.value(weight).const:
        return None
    port = "C" if conv.type == "Gemm" else "B"
    bias = conv.input(port)
    inputs, ports, made = list(conv.inputs), list(conv.ports), []
    if bias is None:
        out = m.value(op.outputs[0])
        channels = out.shape[1] if out.shape is not None and len(out.shape) > 1 else None
        made.append(Value(f"{op.outputs[0]}/bias", out.dtype, (channels,), True))
        inputs.append(made[0].name)
        ports.append(port)
    elif not m.value(bias).const:
        return None
    else:
        made.append(replace(m.value(bias), name=f"{op.outputs[0]}/bias", data=None))
        inputs[ports.index(port)] = made[0].name
    return Fused(conv.type, tuple(inputs), tuple(ports), op.outputs, dict(conv.attrs), (at, index), tuple(made))
