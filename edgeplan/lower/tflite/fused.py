"""Activations that an op does itself: RELU, RELU6 and RELU_N1_TO_1, as `fused_activation_function` of the op before."""

from __future__ import annotations

from edgeplan.graph import Op
from edgeplan.lower.attributes import number, one_number
from edgeplan.lower.tflite.builder import Builder

__all__ = ["EXTREME", "bounds", "clamp", "only_reader", "with_activation"]

EXTREME = 3.4028234663852886e38
"""The largest float32; a bound as far out is none."""

_CLAMPS = {(0.0, None): "RELU", (0.0, 6.0): "RELU6", (-1.0, 1.0): "RELU_N1_TO_1", (0.0, 1.0): "RELU_0_TO_1"}


def with_activation(op: Op, b: Builder) -> tuple[str, str]:
    """The source value that the last op of a lowering of `op` should make, and the activation it fuses into that op.

    Before: `t = Conv(x, w); y = Relu(t)`, nothing else reads t
    After:  `y = CONV_2D(x, w, fused_activation_function = RELU)`

    Such ops are convolutions, pools, fully connected layers and ADD, SUB, MUL, DIV; RELU_0_TO_1 is never fused.
    Source: LiteRT `tflite/converter/transforms/optimize_patterns.td` FuseActFnIntoConvOpPat, FuseActFnIntoPoolOpPat,
    FusedBinaryActivationFuncOpPat, `optimize_pass.cc` FuseFullyConnectedAndReluX; onnx2tf
    `tflite_builder/passes/activation_fusion.py` (convolutions and binary ops).
    """
    out = op.outputs[0]
    after = only_reader(b, out)
    kind = None if after is None else clamp(after, b)
    if after is None or kind in (None, "RELU_0_TO_1"):
        return out, "NONE"
    b.absorb(after.outputs[0], after)
    return after.outputs[0], kind or "NONE"


def clamp(op: Op, b: Builder) -> str | None:
    """RELU, RELU6, RELU_N1_TO_1 or RELU_0_TO_1 for a Relu or a Clip of floats that is one; None for anything else."""
    if op.type not in ("Relu", "Clip") or not op.inputs or not op.outputs or op.domain:
        return None
    dtype = b.value(op.inputs[0]).dtype
    if dtype is None or not dtype.is_float:
        return None
    if op.type == "Relu":
        return "RELU" if len(op.inputs) == 1 else None
    low, high = bounds(op, b)
    return None if low is None else _CLAMPS.get((low, None if high is not None and high >= EXTREME else high))


def bounds(op: Op, b: Builder) -> tuple[float | None, float | None]:
    """The ends of a Clip: float32's extremes where it has none, None where one is computed."""
    ends: list[float | None] = []
    for name, extreme in (("min", -EXTREME), ("max", EXTREME)):
        given = op.input(name)
        ends.append(number(op, name, extreme) if given is None else one_number(b, given))
    return ends[0], ends[1]


def only_reader(b: Builder, name: str) -> Op | None:
    """The one source op that reads a value, once and not in a body, when the graph does not return the value."""
    found = b.source.consumers.get(name, ())
    if len(found) != 1 or name in b.returned:
        return None
    op = b.source.ops[found[0]]
    return op if op.inputs.count(name) == 1 and op.outputs and not op.bodies else None
