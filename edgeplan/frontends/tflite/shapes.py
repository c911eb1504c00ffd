"""Output shapes of builtin ops from those of their inputs, as the kernels' Prepare functions compute them.

Source: google-ai-edge/LiteRT@f67457790, tflite/kernels. An op without a rule here keeps the shapes its file declares.
"""

from __future__ import annotations

from itertools import zip_longest

from edgeplan.frontends.tflite.call import Call, Rule, axis_of, divided, known, same
from edgeplan.frontends.tflite.layouts import LAYOUT_RULES
from edgeplan.frontends.tflite.windows import WINDOW_RULES
from edgeplan.graph import Dim, Shape

__all__ = ["RULES"]


def _like(slot: int) -> Rule:
    return lambda call: [call.shape(slot)] * call.outputs


def _broadcast(call: Call) -> list[Shape]:
    out: tuple[Dim, ...] = ()
    for shape in call.shapes:
        pairs = zip_longest(reversed(out), reversed(known(shape)), fillvalue=1)
        out = tuple(reversed([same(a, b) for a, b in pairs]))
    return [out]


def _fully_connected(call: Call) -> list[Shape]:
    x, w = known(call.shape(0)), known(call.shape(1))
    if call.attrs.get("keep_num_dims"):
        return [(*x[:-1], w[0])]
    return [(divided(x, (w[1],)), w[0])]


def _batch_matmul(call: Call) -> list[Shape]:
    x, y = known(call.shape(0)), known(call.shape(1))
    head = _broadcast(Call("", {}, (x[:-2], y[:-2]), (), 1))[0]
    return [(*known(head), x[-1 if call.attrs.get("adj_x") else -2], y[-2 if call.attrs.get("adj_y") else -1])]


def _to_shape(slot: int) -> Rule:
    def rule(call: Call) -> list[Shape]:
        wanted, length = call.data(slot), call.shape(slot)
        if wanted is not None:
            return [tuple(None if isinstance(d, float) else d for d in wanted)]
        rank = length[0] if length else None
        return [(None,) * rank if isinstance(rank, int) and rank < 64 else None]

    return rule


def _gather(call: Call) -> list[Shape]:
    x, i = known(call.shape(0)), known(call.shape(1))
    axis, batch = axis_of(call.number("axis"), len(x)), call.number("batch_dims")
    return [(*x[:axis], *i[batch % (len(i) or 1) :], *x[axis + 1 :])]


def _gather_nd(call: Call) -> list[Shape]:
    x, i = known(call.shape(0)), known(call.shape(1))
    return [(*i[:-1], *x[i[-1] :]) if isinstance(i[-1], int) else None]


def _embedding(call: Call) -> list[Shape]:
    return [(known(call.shape(0))[0], *known(call.shape(1))[1:])]


def _reduce(call: Call) -> list[Shape]:
    x, axes = known(call.shape(0)), call.ints(1)
    keep = bool(call.attrs.get("keep_dims"))
    if axes is None:
        return [(None,) * len(x) if keep else None]
    gone = {axis_of(a, len(x)) for a in axes}
    return [tuple(1 if i in gone else d for i, d in enumerate(x) if keep or i not in gone)]


def _arg(call: Call) -> list[Shape]:
    x, axis = known(call.shape(0)), call.ints(1)
    if axis is None:
        return [(None,) * (len(x) - 1)]
    at = axis_of(axis[0], len(x))
    return [(*x[:at], *x[at + 1 :])]


def _top_k(call: Call) -> list[Shape]:
    x, k = known(call.shape(0)), call.ints(1)
    return [(*x[:-1], k[0] if k else None)] * call.outputs


def _one_hot(call: Call) -> list[Shape]:
    x, depth = known(call.shape(0)), call.data(1)
    axis = call.number("axis")
    at = len(x) if axis == -1 else axis_of(axis, len(x) + 1)
    size = depth[0] if depth else None
    return [(*x[:at], None if isinstance(size, float) else size, *x[at:])]


def _range(call: Call) -> list[Shape]:
    bounds = [call.ints(i) for i in range(3)]
    if any(b is None for b in bounds):
        return [(None,)]
    start, limit, delta = (b[0] for b in bounds if b)
    return [(len(range(start, limit, delta)),)]


def _nms(call: Call) -> list[Shape]:
    """Indices (and scores) of at most so many boxes, then how many there are."""
    most = call.ints(2)
    return [*[(most[0] if most else None,)] * (call.outputs - 1), ()]


def _where(call: Call) -> list[Shape]:
    return [(None, len(known(call.shape(0))))]


def _diagonal(call: Call) -> list[Shape]:
    x = known(call.shape(0))
    return [(*x, x[-1])]


def _rfft(call: Call) -> list[Shape]:
    x, length = known(call.shape(0)), call.ints(1)
    return [(*x[:-2], length[0], length[1] // 2 + 1) if length else (*x[:-2], None, None)]


_SAME = (
    "ABS", "BUCKETIZE", "CAST", "CEIL", "COMPLEX_ABS", "COS", "CUMSUM", "DENSIFY", "DEQUANTIZE",
    "DYNAMIC_UPDATE_SLICE", "ELU", "EXP", "FAKE_QUANT", "FLOOR", "GELU", "HARD_SWISH", "IMAG", "L2_NORMALIZATION",
    "LEAKY_RELU", "LOCAL_RESPONSE_NORMALIZATION", "LOG", "LOGICAL_NOT", "LOGISTIC", "LOG_SOFTMAX",
    "MATRIX_SET_DIAG", "NEG", "PRELU", "QUANTIZE", "REAL", "RELU", "RELU6", "RELU_0_TO_1", "RELU_N1_TO_1",
    "REVERSE_SEQUENCE", "REVERSE_V2", "ROUND", "RSQRT", "SIGN", "SIN", "SOFTMAX", "SQRT", "SQUARE", "TANH",
    "ZEROS_LIKE",
)  # fmt: skip

_BROADCAST = (
    "ADD", "ADD_N", "ATAN2", "BITWISE_XOR", "DIV", "EQUAL", "FLOOR_DIV", "FLOOR_MOD", "GREATER", "GREATER_EQUAL",
    "LESS", "LESS_EQUAL", "LOGICAL_AND", "LOGICAL_OR", "MAXIMUM", "MINIMUM", "MUL", "NOT_EQUAL", "POW",
    "RIGHT_SHIFT", "SELECT", "SELECT_V2", "SQUARED_DIFFERENCE", "SUB",
)  # fmt: skip

_REDUCE = (
    "MEAN", "REDUCE_ALL", "REDUCE_ANY", "REDUCE_MAX", "REDUCE_MIN", "REDUCE_PROD", "SUM",
)  # fmt: skip

RULES: dict[str, Rule] = {
    **dict.fromkeys(_SAME, _like(0)),
    **dict.fromkeys(_BROADCAST, _broadcast),
    **dict.fromkeys(_REDUCE, _reduce),
    **dict.fromkeys(("ARG_MAX", "ARG_MIN"), _arg),
    **dict.fromkeys(("BROADCAST_TO", "SPARSE_TO_DENSE"), _to_shape(1)),
    **dict.fromkeys(("FILL", "RANDOM_STANDARD_NORMAL", "RANDOM_UNIFORM"), _to_shape(0)),
    **LAYOUT_RULES,
    **WINDOW_RULES,
    "BATCH_MATMUL": _batch_matmul,
    "EMBEDDING_LOOKUP": _embedding,
    "FULLY_CONNECTED": _fully_connected,
    "GATHER": _gather,
    "GATHER_ND": _gather_nd,
    "MATRIX_DIAG": _diagonal,
    "NON_MAX_SUPPRESSION_V4": _nms,
    "NON_MAX_SUPPRESSION_V5": _nms,
    "ONE_HOT": _one_hot,
    "RANGE": _range,
    "RANK": lambda call: [()],
    "RFFT2D": _rfft,
    "SCATTER_ND": _to_shape(2),
    "SHAPE": lambda call: [(len(known(call.shape(0))),)],
    "TOPK_V2": _top_k,
    "WHERE": _where,
}
