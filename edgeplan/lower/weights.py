"""What a constant is to the op that reads it, and along which axes of it channels run: compression goes by both."""

from __future__ import annotations

from typing import Literal

from edgeplan.graph import DType, Graph, Op, Value

__all__ = ["Role", "channel_axes", "is_stored", "role_of", "widens"]

Role = Literal["weight", "table", "bias", "scale", "value"]
"""A kernel or matrix of a contraction, a table that rows are gathered from, a bias, a norm's scale, any other."""

_CONTRACTIONS = frozenset({
    "BATCH_MATMUL", "BIDIRECTIONAL_SEQUENCE_LSTM", "CONV_2D", "CONV_3D", "CONV_3D_TRANSPOSE", "Conv", "ConvTranspose",
    "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "GRU", "Gemm", "LSTM", "MatMul", "RNN", "TRANSPOSE_CONV",
    "UNIDIRECTIONAL_SEQUENCE_LSTM", "conv", "conv_transpose", "gru", "linear", "lstm", "matmul", "rnn",
})  # fmt: skip
_TABLES = {
    "EMBEDDING_LOOKUP": "value", "GATHER": "params", "Gather": "data", "gather": "x", "gather_along_axis": "x",
    "gather_nd": "x",
}  # fmt: skip
_NORMS = frozenset({"GroupNormalization", "InstanceNormalization", "LayerNormalization", "RMSNormalization"})
_RECURRENT = frozenset({"GRU", "LSTM", "RNN"})
_STATES = frozenset({"initial_c", "initial_h"})

_AXES = {
    "BATCH_MATMUL": (-1, -2),
    "CONV_2D": (0, -1),
    "CONV_3D": (-1, -2),
    "CONV_3D_TRANSPOSE": (-2, -1),
    "ConvTranspose": (1, 0),
    "DEPTHWISE_CONV_2D": (-1, 0),
    "GRU": (1, 2),
    "Gemm": (1, 0),
    "LSTM": (1, 2),
    "MatMul": (-1, -2),
    "RNN": (1, 2),
    "TRANSPOSE_CONV": (0, -1),
    "conv_transpose": (1, 0),
    "matmul": (-1, -2),
}
"""The axes of a weight that count output and input channels, where they are not the first and the second."""

_LEFT = frozenset({"A", "x"})
"""Ports of the left factor of a matrix product, whose output channels are rows."""

_PRODUCTS = {"BATCH_MATMUL": "adj_", "Gemm": "trans", "MatMul": "trans", "matmul": "transpose_"}
"""Products of two matrices, and how the attributes begin that say of a factor that it is stored the other way round."""


def role_of(op: Op, port: str, value: Value) -> Role:
    """What a constant is to its reader."""
    if op.type in _NORMS and port.lower() == "scale":
        return "scale"
    if port in ("C", "bias") or (port == "B" and (op.type.startswith("Conv") or op.type in _NORMS | _RECURRENT)):
        return "bias"
    if len(value.shape or ()) > 1:
        if op.type in _CONTRACTIONS and port not in _STATES:
            return "weight"
        if _TABLES.get(op.type) == port:
            return "table"
    return "value"


def channel_axes(op: Op, port: str, rank: int) -> tuple[int, int]:
    """The axes of a weight, table or other constant along which output and input channels run.

    Of a constant that no contraction reads they are the first two, as coremltools takes them
    (`optimize/_utils.py`, select_input_output_channel_axis).
    """
    out, inner = _AXES.get(op.type, (0, 1))
    if op.type in _PRODUCTS:
        turned = bool(op.attrs.get(_PRODUCTS[op.type] + port))
        if turned is not (port in _LEFT):
            out, inner = inner, out
    return out % rank, inner % rank


def is_stored(graph: Graph, name: str) -> bool:
    """Whether a constant float lies in the file as it is: no op of the graph makes it.

    A converter to MIL computes what depends on constants alone; only what expands a compressed weight stays an op. In
    LiteRT a weight in float16 stands behind a DEQUANTIZE: what that makes is the weight.
    """
    value, at = graph.values[name], graph.producer.get(name)
    if not value.const or value.dtype is None or not value.dtype.is_float:
        return False
    if at is None:
        return True
    maker = graph.ops[at]
    return widens(graph, maker) or (graph.dialect == "mil" and not maker.type.startswith("constexpr_"))


def widens(graph: Graph, op: Op) -> bool:
    """Whether an op does nothing but to make a float32 weight of one in float16."""
    stored = graph.values[op.inputs[0]] if op.type == "DEQUANTIZE" and len(op.inputs) == 1 else None
    return stored is not None and stored.const and stored.dtype is DType.FLOAT16
