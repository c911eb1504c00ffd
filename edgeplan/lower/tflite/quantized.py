"""Ops of integers, as the fusion `qdq-builtin` leaves them: lowered like those of reals, the activation inside."""

from __future__ import annotations

from dataclasses import replace

from edgeplan.graph import DType, Op
from edgeplan.lower.fuse.qdq_builtin import QDQ_BUILTINS
from edgeplan.lower.tflite.builder import Builder
from edgeplan.lower.tflite.layout import Layout
from edgeplan.lower.tflite.registry import LOWERINGS, lowers

__all__ = ["lowered_as", "quantized"]

_LAST = frozenset({"AveragePool", "Conv", "ConvTranspose", "DepthToSpace", "MaxPool", "Resize", "SpaceToDepth"})
_NATIVE = frozenset({"Flatten", "Gather", "Gemm", "MatMul", "Reshape", "Squeeze", "Unsqueeze"})
_ANY = QDQ_BUILTINS - _LAST - _NATIVE


def _named(types: frozenset[str]) -> list[str]:
    return [f"Quantized{t}" for t in sorted(types)]


@lowers(*_named(_ANY), layout=Layout.ANY)
@lowers(*_named(_LAST), layout=Layout.LAST)
@lowers(*_named(_NATIVE))
def quantized(op: Op, b: Builder) -> bool:
    """QuantizedConv(x, W, B) -> as Conv, of integers: the bias of int32, int64 for 16-bit data, the activation fused.

    Before: `y = QuantizedConv<activation = "RELU">(x int8, w int8)`
    After:  `y = CONV_2D(input int8, filter int8, bias int32, fused_activation_function = RELU)`

    An op whose lowering refuses stays the ONNX op it was.
    Source: `tflite/g3doc/performance/quantization_spec.md`.
    """
    given = {name: value for name, value in op.attrs.items() if name not in ("activation", "opset")}
    version = op.attrs.get("opset", 0)
    first = len(b.ops)
    inner = replace(
        op,
        type=op.type.removeprefix("Quantized"),
        attrs=given,
        version=version if isinstance(version, int) else 0,
    )
    if not lowered_as(inner, b):
        b.leave(inner)
        return True
    function = op.attrs.get("activation", "NONE")
    fusing = [i for i, made in enumerate(b.ops[first:], first) if "fused_activation_function" in made.attrs]
    if function != "NONE" and fusing:
        last = b.ops[fusing[-1]]
        b.ops[fusing[-1]] = replace(last, attrs={**last.attrs, "fused_activation_function": function})
    return True


def lowered_as(op: Op, b: Builder) -> bool:
    """Lower an op of integers like one of reals; False when its lowering refuses."""
    first, lowering = len(b.ops), LOWERINGS.get(op.type)
    if lowering is None or not lowering(op, b):
        return False
    for i in range(first, len(b.ops)):
        b.ops[i] = _with_bias(b, b.ops[i])
    return True


def _with_bias(b: Builder, op: Op) -> Op:
    """The op with its bias in the type that integer kernels sum in."""
    bias = op.input("bias")
    if bias is None or not b.value(bias).const:
        return op
    data = b.value(op.inputs[op.ports.index("input")]).dtype
    kind = DType.INT64 if data is DType.INT16 else DType.INT32
    if b.value(bias).dtype is kind:
        return op
    whole = b.weight(b.scalar(0, kind), b.shape(bias), "bias")
    return replace(op, inputs=tuple(whole if p == "bias" else n for p, n in zip(op.ports, op.inputs, strict=True)))
