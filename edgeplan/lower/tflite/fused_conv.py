"""Convolutions with an activation inside, as ONNX Runtime's optimiser writes them."""

from __future__ import annotations

from dataclasses import replace

from edgeplan.graph import Op
from edgeplan.lower.attributes import port, text
from edgeplan.lower.tflite.builder import Builder
from edgeplan.lower.tflite.conv import conv
from edgeplan.lower.tflite.layout import Layout
from edgeplan.lower.tflite.registry import lowers

__all__ = ["fused_conv"]

_CLIPS = {(0.0, 6.0): "RELU6", (-1.0, 1.0): "RELU_N1_TO_1"}
_KINDS = frozenset({"CONV_2D", "DEPTHWISE_CONV_2D", "CONV_3D"})


@lowers("com.microsoft.FusedConv", layout=Layout.LAST)
def fused_conv(op: Op, b: Builder) -> bool:
    """FusedConv(X, W, B) of Relu, or of a Clip that is RELU6 -> as Conv, fused_activation_function set.

    Other activations, and the tensor Z that is added before it, have no lowering.
    Source: onnx2tf `tflite_builder/op_builders/conv.py` build_fused_conv_op.
    """
    kind, bounds = text(op, "activation", ""), op.attrs.get("activation_params", ())
    function = "RELU" if kind == "Relu" else None
    if kind == "Clip" and isinstance(bounds, tuple):
        function = _CLIPS.get(bounds)  # type: ignore[arg-type]
    names = [port(op, name, slot) for slot, name in enumerate(("X", "W", "B"))]
    if function is None or len(op.inputs) > 3 or names[0] is None or names[1] is None:
        return False
    given = {p: n for p, n in zip(("X", "W", "B"), names, strict=True) if n is not None}
    if not conv(replace(op, inputs=tuple(given.values()), ports=tuple(given)), b):
        return False
    at = next(i for i in reversed(range(len(b.ops))) if b.ops[i].type in _KINDS)
    b.ops[at] = replace(b.ops[at], attrs={**b.ops[at].attrs, "fused_activation_function": function})
    return True
