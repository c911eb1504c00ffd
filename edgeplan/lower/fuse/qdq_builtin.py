"""Ops between DequantizeLinear and QuantizeLinear as the one op of integers that LiteRT's quantiser makes of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from edgeplan.graph import Attr, DType, Value
from edgeplan.lower.fuse.pattern import Fused, Matcher

__all__ = ["QDQ_BUILTINS", "fuse_qdq_builtin"]

_WEIGHTED = frozenset({"Conv", "ConvTranspose", "Gemm", "MatMul"})
_BINARY = frozenset({"Add", "Mul", "Sub"})
_JOINING = frozenset({"Concat", "Max", "Min", "PRelu"})
_MOVING = frozenset(
    {
        "DepthToSpace", "Expand", "Flatten", "Gather", "MaxPool", "Pad", "Reshape", "Resize", "Slice", "SpaceToDepth",
        "Split", "Squeeze", "Tile", "Transpose", "Unsqueeze",
    }
)  # fmt: skip
_ONE = frozenset(
    {
        "Abs", "AveragePool", "Clip", "Elu", "Exp", "Gelu", "GlobalAveragePool", "GlobalMaxPool", "HardSwish",
        "LeakyRelu", "LogSoftmax", "ReduceMax", "ReduceMean", "ReduceMin", "ReduceSum", "Relu", "Sigmoid", "Softmax",
        "Tanh",
    }
)  # fmt: skip
_CLIPPED = _WEIGHTED | _BINARY | {"AveragePool", "MaxPool"}
"""Ops that do a Relu or a Clip behind them themselves, before they are quantised."""

QDQ_BUILTINS = _WEIGHTED | _BINARY | _JOINING | _MOVING | _ONE
"""The ops that have one builtin with integer kernels, whose scales LiteRT's specification fixes.

Source: `tflite/g3doc/performance/quantization_spec.md`; LiteRT `tflite/converter/transforms/quantize_pass.cc`.
"""

_ACTIVATIONS = frozenset({DType.INT8, DType.INT16})


def fuse_qdq_builtin(m: Matcher, index: int) -> Fused | None:
    """A dequantised op whose result is quantised again, with the Relu or Clip between them.

    Before: `a = DequantizeLinear(x, sx, zx); b = DequantizeLinear(w, sw, zw); t = Relu(Conv(a, b));
            y = QuantizeLinear(t, s, z)`
    After:  `y = QuantizedConv<activation = "RELU">(x, w)`, x, w and y integers

    Unsigned 8-bit tensors inside the graph become signed ones, their zero points moved by 128.
    onnx2tf itself leaves convolutions and matrices of such a graph in reals, between DEQUANTIZE and QUANTIZE.
    Source: LiteRT `tflite/converter/transforms/quantize_pass.cc`; onnx2tf
    `tflite_builder/op_builders/quantized_common.py` _promote_internal_uint8_tensor_to_int8.
    """
    op = m.op(index)
    slots = _data_slots(op.type, len(op.inputs))
    makers = {i: at for i in slots if (at := _maker(m, op.inputs[i])) is not None}
    if len(makers) != len(slots) or not makers:
        return None
    bias = _maker(m, op.inputs[2]) if op.type in _WEIGHTED and len(op.inputs) > 2 else None
    if op.type in _WEIGHTED and len(op.inputs) > 2 and bias is None and not m.value(op.inputs[2]).const:
        return None
    clip, function = _activation(m, index) if op.type in _CLIPPED else (None, "NONE")
    ends = [m.sole(name) for name in (op.outputs if clip is None else m.op(clip).outputs)]
    readers = [at for at in ends if at is not None and m.op(at).type == "QuantizeLinear"]
    if len(readers) != len(ends):
        return None
    if bias is not None:
        makers[2] = bias
    if not _fits(m, op.type, makers, readers):
        return None
    inputs = tuple(m.op(makers[i]).inputs[0] if i in makers else name for i, name in enumerate(op.inputs))
    outputs = tuple(m.op(at).outputs[0] for at in readers)
    attrs: dict[str, Attr] = {**op.attrs, "activation": function, "opset": op.version}
    private = tuple(at for at in dict.fromkeys(makers.values()) if m.private(m.op(at).outputs[0], 1))
    gone = (*private, index, *(() if clip is None else (clip,)), *readers)
    values = _signed(m, (*(n for i, n in enumerate(inputs) if i in makers), *outputs))
    return Fused(f"Quantized{op.type}", inputs, op.ports, outputs, attrs, gone, values)


def _data_slots(type: str, count: int) -> range:
    """The inputs that hold data or weights, whose scales have to be known."""
    if type in _WEIGHTED:
        return range(min(count, 2))
    return range(count) if type in _BINARY | _JOINING else range(1)


def _maker(m: Matcher, name: str) -> int | None:
    at = m.graph.producer.get(name)
    return at if at is not None and m.op(at).type == "DequantizeLinear" and len(m.op(at).inputs) > 1 else None


def _activation(m: Matcher, index: int) -> tuple[int | None, str]:
    """The Relu or Clip behind an op with a builtin's name for it."""
    at = m.sole(m.op(index).outputs[0]) if len(m.op(index).outputs) == 1 else None
    if at is None or m.op(at).domain:
        return None, "NONE"
    op = m.op(at)
    if op.type == "Relu":
        return at, "RELU"
    if op.type != "Clip":
        return None, "NONE"
    low, high = (_bound(m, at, port) for port in ("min", "max"))
    name = {(0.0, 6.0): "RELU6", (-1.0, 1.0): "RELU_N1_TO_1", (0.0, None): "RELU"}.get((low or 0.0, high))
    return (None, "NONE") if low is None or name is None else (at, name)


def _bound(m: Matcher, clip: int, port: str) -> float | None:
    name = m.op(clip).input(port)
    found = m.scalar(name) if name is not None else m.op(clip).attrs.get(port)
    return float(found) if isinstance(found, int | float) else None


def _fits(m: Matcher, type: str, makers: dict[int, int], readers: Sequence[int]) -> bool:
    """One type of 8 or 16 bits throughout, weights of 8; the same scale on both sides of an op that only moves."""
    kinds = {i: _kind(m, m.op(at).inputs[0]) for i, at in makers.items()}
    results = {_kind(m, m.op(at).outputs[0]) for at in readers}
    data = {kinds[0], *results} if type in _WEIGHTED else {*kinds.values(), *results}
    if len(data) != 1 or not data <= _ACTIVATIONS:
        return False
    if type in _WEIGHTED and kinds[1] not in (DType.INT8, DType.INT4):
        return False
    if not all(m.value(n).const for at in (*makers.values(), *readers) for n in m.op(at).inputs[1:]):
        return False
    return type not in _MOVING or all(_same_scale(m, makers[0], at) for at in readers)


def _kind(m: Matcher, name: str) -> DType | None:
    """The type of an integer tensor, unsigned 8-bit ones as the signed ones they become."""
    dtype = m.value(name).dtype
    return DType.INT8 if dtype is DType.UINT8 else dtype


def _same_scale(m: Matcher, dequantiser: int, quantiser: int) -> bool:
    one, other = m.op(dequantiser).inputs[1:], m.op(quantiser).inputs[1:]
    return len(one) == len(other) and all(
        a == b or m.value(a).data is not None and m.value(a).data == m.value(b).data
        for a, b in zip(one, other, strict=True)
    )


def _signed(m: Matcher, names: Sequence[str]) -> tuple[Value, ...]:
    """The unsigned 8-bit tensors among these as signed ones, those at the graph's ends as they are."""
    fixed = {*m.graph.inputs, *m.graph.outputs}
    found = (m.value(n) for n in names if n not in fixed)
    return tuple(replace(v, dtype=DType.INT8) for v in found if v.dtype is DType.UINT8)
