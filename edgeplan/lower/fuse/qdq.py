"""Ops between DequantizeLinear and QuantizeLinear as the one quantised op that a QNN runtime makes of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from edgeplan.graph import DType
from edgeplan.lower.fuse.pattern import Fused, Matcher

__all__ = ["QDQ_ENDS", "fuse_qdq"]


@dataclass(frozen=True, slots=True)
class _Group:
    """What stands around an op: its dequantised inputs by slot, its quantising readers, the types they carry."""

    slots: tuple[int, ...]
    arity: int
    inputs: tuple[DType | None, ...]
    outputs: tuple[DType | None, ...]
    quantised: bool
    """Every output goes into one QuantizeLinear and nowhere else."""
    scalars: int
    """How many inputs that no DequantizeLinear makes are constants of one float."""


_Selector = Callable[[_Group], bool]


def _alike(group: _Group) -> bool:
    return len({*group.inputs, *group.outputs}) == 1


def _one(group: _Group) -> bool:
    return len(group.slots) == 1 and group.quantised and _alike(group)


def _every(group: _Group) -> bool:
    return len(group.slots) == group.arity and group.quantised and _alike(group)


def _some(least: int, most: int) -> _Selector:
    return lambda g: least <= len(g.slots) <= most and g.quantised and g.inputs[0] is g.outputs[0]


def _data(group: _Group) -> bool:
    """Data and result of one type; int8 data with int8 weights only; a bias is int32."""
    first, second = group.inputs[0], group.inputs[1] if len(group.inputs) > 1 else None
    if first is DType.INT8 and second is not DType.INT8:
        return False
    bias = group.inputs[2] if len(group.inputs) > 2 else DType.INT32
    return bias is DType.INT32 and (not group.quantised or first is group.outputs[0])


def _weighted(group: _Group) -> bool:
    return len(group.slots) == group.arity and group.quantised and _data(group)


def _gemm(group: _Group) -> bool:
    return len(group.slots) == group.arity and _data(group)


def _normalised(group: _Group) -> bool:
    bias = group.inputs[2] if len(group.inputs) > 2 else DType.INT32
    whole = len(group.slots) == group.arity and group.quantised
    return whole and bias is DType.INT32 and group.inputs[0] is group.outputs[0]


def _scaled(group: _Group) -> bool:
    whole = len(group.slots) == group.arity and group.quantised
    return whole and group.inputs[0] is group.outputs[0]


def _batch_norm(group: _Group) -> bool:
    int8 = group.inputs[0] is DType.INT8
    return _some(3, 5)(group) and (not int8 or group.inputs[1] is DType.INT8)


def _compared(group: _Group) -> bool:
    return len(group.slots) == group.arity and group.inputs[0] is group.inputs[1]


def _searched(group: _Group) -> bool:
    return len(group.slots) == 1


_MOVERS = (
    "Gather", "GatherElements", "Reshape", "Expand", "Flatten", "Transpose", "MaxPool", "Resize", "Squeeze",
    "Unsqueeze", "Tile",
)  # fmt: skip
_UNARY = (
    "AveragePool", "GlobalAveragePool", "GlobalMaxPool", "LeakyRelu", "ReduceMean", "ReduceMin", "ReduceMax",
    "ReduceProd", "ReduceSum", "Relu", "Gelu", "com.microsoft.Gelu",
    "Elu", "HardSigmoid", "HardSwish", "Sigmoid", "Slice", "LogSoftmax",
    "Softmax", "Sqrt", "Atan", "Asin", "Sin", "Cos", "Sign", "Tanh", "Exp", "Log", "LRN", "Ceil", "Floor", "Round",
    "Abs", "Neg", "DepthToSpace", "SpaceToDepth", "LpNormalization", "Erf", "ReduceL2", "ReduceLogSumExp",
    "Softplus", "Swish", "CumSum", "Split", "Reciprocal",
)  # fmt: skip

_SELECTORS: Mapping[str, _Selector] = {
    **dict.fromkeys((*_MOVERS, *_UNARY), _one),
    **dict.fromkeys(("Add", "Div", "Mul", "Pow", "Sub", "PRelu", "GridSample", "Concat", "Max", "Min"), _every),
    **dict.fromkeys(("Conv", "ConvTranspose", "MatMul"), _weighted),
    **dict.fromkeys(("InstanceNormalization", "LayerNormalization"), _normalised),
    **dict.fromkeys(("RMSNormalization", "SimplifiedLayerNormalization", "Einsum"), _scaled),
    **dict.fromkeys(("Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual"), _compared),
    **dict.fromkeys(("ArgMax", "ArgMin", "NonZero"), _searched),
    "BatchNormalization": _batch_norm,
    "Clip": _some(1, 3),
    "Gemm": _gemm,
    "Pad": _some(1, 2),
    "ScatterElements": lambda g: len(g.slots) == 2 and g.quantised and _alike(g),
    "Where": lambda g: len(g.slots) == 2 - g.scalars and g.quantised and _alike(g),
}
"""The ops that QNN takes as quantised ones, each with the shape its group must have (onnxruntime-qnn,
`qdq_transformer/selectors_actions/shared/utils.cc` and `qdq_selectors.cc` at cee6c0d9; Erf, NonZero, ReduceL2,
ReduceLogSumExp, Softplus, Swish, SimplifiedLayerNormalization as release 2.7.0 grouped them when asked)."""

_SINCE = {"MaxPool": 12}
"""The opset before which an op has no group."""

QDQ_ENDS = frozenset(_SELECTORS)
"""The ops at which a group is recognised."""


def fuse_qdq(m: Matcher, index: int) -> Fused | None:
    """A dequantised op whose result is quantised again.

    Before: `a = DequantizeLinear(x, s, z); b = DequantizeLinear(w, t, u); c = Conv(a, b); y = QuantizeLinear(c, v, q)`
    After:  `y = Conv<quantized = 1>(x, w)`, x, w and y integers
    """
    op = m.op(index)
    if op.attrs.get("quantized") or op.version < _SINCE.get(op.type, 0):
        return None
    makers = {i: at for i, name in enumerate(op.inputs) if (at := _maker(m, name)) is not None}
    if not makers or any(m.op(at).outputs[0] in m.graph.outputs for at in makers.values()):
        return None
    last, readers = _readers(m, index)
    plain = [m.value(name) for i, name in enumerate(op.inputs) if i not in makers]
    group = _Group(
        tuple(makers),
        len(op.inputs),
        tuple(m.value(m.op(at).inputs[0]).dtype for at in makers.values()),
        tuple(m.value(m.op(at).outputs[0]).dtype for at in readers),
        bool(readers),
        sum(v.const and v.elements == 1 and v.dtype is DType.FLOAT32 for v in plain),
    )
    if not _SELECTORS[op.label](group):
        return None
    if op.type in _MOVERS and not _same_scale(m, next(iter(makers.values())), readers[0]):
        return None
    inputs = tuple(m.op(makers[i]).inputs[0] if i in makers else name for i, name in enumerate(op.inputs))
    outputs = tuple(m.op(at).outputs[0] for at in readers) or op.outputs
    private = tuple(at for at in dict.fromkeys(makers.values()) if m.private(m.op(at).outputs[0], 1))
    gone = (*private, index, *last, *readers)
    return Fused(op.type, inputs, op.ports, outputs, {**op.attrs, "quantized": 1}, gone)


def _maker(m: Matcher, name: str) -> int | None:
    """The DequantizeLinear that makes a value, whichever domain its 16-bit form stands in."""
    at = m.graph.producer.get(name)
    return at if at is not None and m.op(at).type == "DequantizeLinear" else None


def _readers(m: Matcher, index: int) -> tuple[Sequence[int], Sequence[int]]:
    """A Relu or Clip that the rounding does anyway, and the QuantizeLinear behind each output, all or none."""
    op = m.op(index)
    clip = m.sole(op.outputs[0]) if len(op.outputs) == 1 else None
    if clip is not None and m.op(clip).type in ("Relu", "Clip") and not m.op(clip).domain:
        quantiser = m.sole(m.op(clip).outputs[0])
        if quantiser is not None and m.op(quantiser).type == "QuantizeLinear" and _redundant(m, clip, quantiser):
            return (clip,), (quantiser,)
    found = [m.sole(name) for name in op.outputs]
    readers = [at for at in found if at is not None and m.op(at).type == "QuantizeLinear"]
    return (), readers if len(readers) == len(op.outputs) else ()


def _same_scale(m: Matcher, dequantiser: int, quantiser: int) -> bool:
    """Both sides have the same scale and zero point: the op only moves the integers. Unread constants pass."""
    one, other = m.op(dequantiser).inputs[1:], m.op(quantiser).inputs[1:]
    return all(a == b or m.value(a).data == m.value(b).data for a, b in zip(one, other, strict=False))


def _redundant(m: Matcher, clip: int, quantiser: int) -> bool:
    """The quantised range ends where the Relu or the Clip would cut."""
    op, q = m.op(clip), m.op(quantiser)
    kind, scale = m.value(q.outputs[0]).dtype, m.scalar(q.inputs[1])
    zero = m.scalar(q.inputs[2]) if len(q.inputs) > 2 else 0.0
    if kind is None or scale is None or zero is None or not scale:
        return False
    low = -(2 ** (kind.bits - 1)) if kind.label.startswith("int") else 0
    high = low + 2**kind.bits - 1
    if op.type == "Relu":
        return zero == low
    bounds = [_bound(m, clip, port) for port in ("min", "max")]
    least = low if bounds[0] is None else round(bounds[0] / scale + zero)
    most = high if bounds[1] is None else round(bounds[1] / scale + zero)
    return least <= low and most >= high


def _bound(m: Matcher, clip: int, port: str) -> float | None:
    name = m.op(clip).input(port)
    found = m.scalar(name) if name is not None else m.op(clip).attrs.get(port)
    return float(found) if isinstance(found, int | float) else None
