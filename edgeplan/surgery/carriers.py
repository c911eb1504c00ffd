"""Ops that can run with the axes of their tensors in another order: which they are, and those that compute."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import onnx_ir as ir

from edgeplan.surgery.carrying import Carried, Carrier, Inputs, again, has_rank, own_axis, with_constant, with_turned
from edgeplan.surgery.data_carriers import MOVING
from edgeplan.surgery.elementwise import BROADCASTING, UNARY
from edgeplan.surgery.looking import attribute, attributes, dims, integers, ints, is_constant, sizes
from edgeplan.surgery.rewrite import Edit
from edgeplan.surgery.transposing import Order, inverse

__all__ = ["carrier"]

_REDUCING = frozenset((
    "ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceMax", "ReduceMean", "ReduceMin", "ReduceProd",
    "ReduceSum", "ReduceSumSquare",
))  # fmt: skip
_CHANNELED = frozenset((
    "BatchNormalization", "GlobalAveragePool", "GlobalMaxPool", "GroupNormalization", "InstanceNormalization", "LRN",
))  # fmt: skip


def carrier(node: ir.Node, order: Order, opset: int) -> Carried:
    """How an op carries `order`; None where it is tied to the order it has, or why it is though its kind is not."""
    kind, rank = node.op_type, len(order)
    if kind not in _KINDS or node.domain != "" or opset < 7:
        return None
    if any(o.uses() and dims(o) is None for o in node.outputs):
        return f"the rank of what the {kind} gives is not known"
    return _KINDS[kind](node, order, rank, opset)


def _unary(node: ir.Node, order: Order, rank: int, opset: int) -> Carried:
    return again(node, 0) if has_rank(node.inputs[0], rank) else None


def _broadcasting(node: ir.Node, order: Order, rank: int, opset: int) -> Carried:
    """Operands of all axes are tied; constants are turned; of computed ones with fewer axes only single numbers go."""
    if not has_rank(node.outputs[0], rank):
        return None
    tied, turned = [], []
    for at, value in enumerate(node.inputs):
        shape = dims(value)
        if value is None or shape is None:
            return None
        if all(d == 1 for d in shape) and len(shape) < rank:
            continue
        if is_constant(value) and sizes(value) is not None:
            turned.append(at)
        elif len(shape) == rank:
            tied.append(at)
        else:
            return f"an operand of the {node.op_type} is computed and has fewer axes"

    def build(edit: Edit, inputs: Inputs) -> Sequence[ir.Value]:
        given = with_turned(edit, inputs, turned, order)
        return edit.op_multi_out(node.op_type, given, attributes(node), num_outputs=1)

    return Carrier(tuple(tied), build) if tied else None


def _softmax(node: ir.Node, order: Order, rank: int, opset: int) -> Carried:
    if not has_rank(node.inputs[0], rank) or rank == 0:
        return None
    axis = own_axis(node, rank, -1 if opset >= 13 else 1)
    to = inverse(order)[axis]
    if opset < 13 and not axis == to == rank - 1:
        return f"before opset 13 a {node.op_type} takes all axes from its axis on as one"
    return again(node, 0, axis=to)


def _quantized(node: ir.Node, order: Order, rank: int, opset: int) -> Carried:
    scale = dims(node.inputs[1])
    if not has_rank(node.inputs[0], rank) or scale is None or len(scale) > 1:
        return None
    if all(d == 1 for d in scale):
        return again(node, 0)
    return again(node, 0, axis=inverse(order)[own_axis(node, rank, 1)])


def _reducing(node: ir.Node, order: Order, rank: int, opset: int) -> Carried:
    if not has_rank(node.inputs[0], rank) or attribute(node, "noop_with_empty_axes", 0):
        return None
    back, given = inverse(order), len(node.inputs) > 1 and node.inputs[1] is not None
    axes = integers(node.inputs[1]) if given else ints(node, "axes", tuple(range(rank)))
    if axes is None:
        return f"the axes of the {node.op_type} are not known"
    axes = tuple(a % rank for a in axes)
    kept = [a for a in order if a not in axes]
    settled = not attribute(node, "keepdims", 1)
    if settled and kept != sorted(kept):
        return None
    new = sorted(back[a] for a in axes)
    if not given:
        whole = "axes" not in node.attributes
        return again(node, 0, settled=settled) if whole else again(node, 0, settled=settled, axes=new)
    put = with_constant(node, 1, new)
    return Carrier((0,), put.build, settled)


def _arg(node: ir.Node, order: Order, rank: int, opset: int) -> Carried:
    if not has_rank(node.inputs[0], rank) or rank == 0:
        return None
    axis = own_axis(node, rank, 0)
    kept = [a for a in order if a != axis]
    settled = not attribute(node, "keepdims", 1)
    if settled and kept != sorted(kept):
        return None
    return again(node, 0, settled=settled, axis=inverse(order)[axis])


def _channeled(node: ir.Node, order: Order, rank: int, opset: int) -> Carried:
    if not has_rank(node.inputs[0], rank) or len(node.outputs) > 1 or attribute(node, "training_mode", 0):
        return None
    return again(node, 0) if order[:2] == (0, 1) else None


def _normalized(node: ir.Node, order: Order, rank: int, opset: int) -> Carried:
    """A norm over the last axes, where these stay the last ones."""
    if not has_rank(node.inputs[0], rank) or any(o.uses() for o in node.outputs[1:]):
        return None
    axis = own_axis(node, rank, -1)
    scales = [len(d) for v in node.inputs[1:] if v is not None and (d := dims(v)) is not None]
    if order[axis:] != tuple(range(axis, rank)) or len(scales) + 1 != len(node.inputs):
        return None
    return again(node, 0, axis=axis) if all(n <= rank - axis for n in scales) else None


def _lp_normalized(node: ir.Node, order: Order, rank: int, opset: int) -> Carried:
    return again(node, 0, axis=inverse(order)[own_axis(node, rank, -1)]) if has_rank(node.inputs[0], rank) else None


def _matmul(node: ir.Node, order: Order, rank: int, opset: int) -> Carried:
    """A linear layer, where the axis it contracts stays the last."""
    linear = has_rank(node.inputs[0], rank) and has_rank(node.inputs[1], 2) and rank > 2
    return again(node, 0) if linear and order[-1] == rank - 1 else None


_KINDS: dict[str, Callable[[ir.Node, Order, int, int], Carried]] = {
    **MOVING,
    **dict.fromkeys(UNARY, _unary),
    **dict.fromkeys(BROADCASTING, _broadcasting),
    **dict.fromkeys(_REDUCING, _reducing),
    **dict.fromkeys(_CHANNELED, _channeled),
    **dict.fromkeys(("Softmax", "LogSoftmax", "Hardmax"), _softmax),
    **dict.fromkeys(("QuantizeLinear", "DequantizeLinear"), _quantized),
    **dict.fromkeys(("ArgMax", "ArgMin"), _arg),
    **dict.fromkeys(("LayerNormalization", "RMSNormalization"), _normalized),
    "LpNormalization": _lp_normalized,
    "MatMul": _matmul,
}
