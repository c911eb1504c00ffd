"""How much each op does: multiply-accumulates of contractions, and the bytes it reads and writes.

MACs count contractions only (convolutions, matrix products, recurrences, attention); everything else is told by the
bytes it moves. Views (reshape and its kin) move nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from math import prod

from edgeplan.graph import Body, Graph, Op, Value
from edgeplan.lower.views import is_view

__all__ = ["Work", "work_of"]


@dataclass(frozen=True, slots=True)
class Work:
    """`macs` multiply-accumulates, `read` and `written` bytes; None while a shape or a trip count is unknown."""

    macs: int | None
    read: int | None
    written: int | None

    @property
    def moved(self) -> int | None:
        """Bytes read and written together."""
        return None if self.read is None or self.written is None else self.read + self.written


def work_of(graph: Graph, op: Op) -> Work:
    """The work of one op, its bodies included: a loop's as often as it runs, an If's larger branch."""
    if op.bodies:
        return _bodies(op)
    count = _MACS.get(op.label)
    macs = count(_Shapes(graph, op)) if count is not None else None if _opaque(op) else 0
    if is_view(graph, op):
        return Work(macs, 0, 0)
    read = _total(graph.values[n] for n in op.inputs)
    return Work(macs, read, _total(graph.values[n] for n in op.outputs))


def _opaque(op: Op) -> bool:
    """Whether nobody knows what the op computes, or it is a contraction without a formula here."""
    return op.domain not in _KNOWN_DOMAINS or op.label in _UNCOUNTED


def _total(values: Iterable[Value]) -> int | None:
    total = 0
    for value in values:
        if value.bytes is None:
            return None
        total += value.bytes
    return total


def _bodies(op: Op) -> Work:
    each = [_body(b) for b in op.bodies]
    if len(each) == 1:
        return each[0]
    return max(each, key=lambda w: (w.macs is None, w.macs or 0, w.moved or 0))


def _body(body: Body) -> Work:
    ops = [work_of(body.graph, op) for op in body.graph.ops]

    def times(parts: list[int | None]) -> int | None:
        known = [p for p in parts if p is not None]
        if len(known) < len(parts):
            return None
        return 0 if not any(known) else None if body.trips is None else sum(known) * body.trips

    return Work(times([w.macs for w in ops]), times([w.read for w in ops]), times([w.written for w in ops]))


class _Shapes:
    """Element counts and axes of one op's ports, with None for what is unknown."""

    def __init__(self, graph: Graph, op: Op) -> None:
        self.graph = graph
        self.op = op

    def value(self, *ports: str) -> Value | None:
        """The value at the first of these ports that the op has."""
        name = next((n for n in map(self.op.input, ports) if n is not None), None)
        return None if name is None else self.graph.values[name]

    def elements(self, *ports: str) -> int | None:
        """Elements at a port; 0 when the op has no such input."""
        found = self.value(*ports)
        return 0 if found is None else found.elements

    def axis(self, axis: int, *ports: str) -> int | None:
        """One axis of a port, None when unknown."""
        found = self.value(*ports)
        if found is None or found.shape is None or not -len(found.shape) <= axis < len(found.shape):
            return None
        size = found.shape[axis]
        return size if isinstance(size, int) else None

    @property
    def out(self) -> int | None:
        """Elements of the first output."""
        return self.graph.values[self.op.outputs[0]].elements if self.op.outputs else None


def _product(*factors: int | None) -> int | None:
    known = [f for f in factors if f is not None]
    return 0 if 0 in known else prod(known) if len(known) == len(factors) else None


def _per(total: int | None, parts: int | None) -> int | None:
    return None if total is None or not parts else total // parts


def _conv(s: _Shapes) -> int | None:
    """Output elements times the weights behind each output channel: W is [C_out, C_in / groups, kernel...]."""
    ports = ("W", "w", "weight", "input1")
    return _product(s.out, _per(s.elements(*ports), s.axis(0, *ports)))


def _conv_transpose(s: _Shapes) -> int | None:
    """Input elements times the weights each of them meets: W is [C_in, C_out / groups, kernel...]."""
    ports = ("W", "weight")
    return _product(s.elements("X", "x"), _per(s.elements(*ports), s.axis(0, *ports)))


def _gemm(s: _Shapes) -> int | None:
    return _product(s.out, s.axis(0 if s.op.attrs.get("transA") else 1, "A", "input0"))


def _matmul(s: _Shapes) -> int | None:
    """Output elements times the contracted axis: the left operand's last, or last but one when it is transposed."""
    flipped = s.op.attrs.get("transpose_x") or s.op.attrs.get("transA")
    return _product(s.out, s.axis(-2 if flipped else -1, "A", "a", "x", "input0"))


def _linear(s: _Shapes) -> int | None:
    return _product(s.out, s.axis(-1, "weight"))


def _recurrent(s: _Shapes) -> int | None:
    """Every time step and batch row meets all input and recurrent weights once: X is [T, B, I]."""
    x = ("X", "x")
    steps = _product(s.axis(0, *x), s.axis(1, *x))
    ports = (("W", "weight_ih"), ("R", "weight_hh"), ("weight_ih_back",), ("weight_hh_back",))
    weights = [s.elements(*p) for p in ports]
    known = [w for w in weights if w is not None]
    return _product(steps, sum(known)) if len(known) == len(weights) else None


def _einsum(s: _Shapes) -> int | None:
    """The product of all index sizes when an index is summed over; 0 for a mere reordering or elementwise product."""
    equation = s.op.attrs.get("equation")
    operands = [s.graph.values[n] for n in s.op.inputs]
    if not isinstance(equation, str) or "." in equation or any(v.shape is None for v in operands):
        return None
    left, arrow, right = equation.replace(" ", "").partition("->")
    terms = left.split(",")
    sizes: dict[str, int | None] = {}
    for term, value in zip(terms, operands, strict=False):
        for letter, size in zip(term, value.shape or (), strict=False):
            sizes[letter] = size if isinstance(size, int) else sizes.get(letter)
    kept = set(right) if arrow else {c for c in sizes if left.count(c) == 1}
    return _product(*sizes.values()) if len(terms) > 1 and set(sizes) - kept else 0


def _attention(s: _Shapes) -> int | None:
    """Scores, then their product with the values: query length x key length x head size each, for every head."""
    keys = s.axis(-2, "key", "K", "input1")
    past = s.value("past_key", "input6")
    if past is not None:
        earlier = s.axis(-2, "past_key", "input6")
        keys = None if keys is None or earlier is None else keys + earlier
    scores, mixed = _product(s.elements("query", "Q", "input0"), keys), _product(s.out, keys)
    return None if scores is None or mixed is None else scores + mixed


def _packed_attention(s: _Shapes) -> int | None:
    """The projection to queries, keys and values, then attention: x is [B, S, C], the weight [C, 3 H]."""
    if s.op.input("input4") is not None:  # the past
        return None
    projected = _product(s.elements("input0"), s.axis(1, "input1"))
    attended = _product(2, s.out, s.axis(1, "input0"))
    return None if projected is None or attended is None else projected + attended


def _quantised_matmul(s: _Shapes) -> int | None:
    k = s.op.attrs.get("K")
    return _product(s.out, k if isinstance(k, int) else None)


_MACS: Mapping[str, Callable[[_Shapes], int | None]] = {
    **dict.fromkeys(("Conv", "ConvInteger", "QLinearConv", "DeformConv", "conv"), _conv),
    **dict.fromkeys(("com.microsoft.FusedConv", "com.microsoft.NhwcConv", "com.microsoft.NhwcFusedConv"), _conv),
    **dict.fromkeys(("onnx.ConvInteger", "onnx.QLinearConv", "onnx.DeformConv", "onnx.Conv"), _conv),
    **dict.fromkeys(("ConvTranspose", "conv_transpose", "onnx.ConvTranspose"), _conv_transpose),
    **dict.fromkeys(("Gemm", "onnx.Gemm", "com.microsoft.FusedGemm"), _gemm),
    **dict.fromkeys(("MatMul", "MatMulInteger", "QLinearMatMul", "matmul", "com.microsoft.FusedMatMul"), _matmul),
    **dict.fromkeys(("onnx.MatMul", "onnx.MatMulInteger", "onnx.QLinearMatMul"), _matmul),
    **dict.fromkeys(("LSTM", "GRU", "RNN", "lstm", "gru", "rnn", "onnx.LSTM", "onnx.GRU", "onnx.RNN"), _recurrent),
    **dict.fromkeys(("Einsum", "einsum", "onnx.Einsum"), _einsum),
    **dict.fromkeys(("Attention", "scaled_dot_product_attention", "onnx.Attention"), _attention),
    "linear": _linear,
    "com.microsoft.Attention": _packed_attention,
    "com.microsoft.MultiHeadAttention": _attention,
    "com.microsoft.MatMulNBits": _quantised_matmul,
}
"""Contractions by op label. ONNX has no schemas for `com.microsoft`, so its ports have numbers."""

_KNOWN_DOMAINS = frozenset({"", "onnx", "ai.onnx.ml", "com.microsoft"})

_UNCOUNTED = frozenset(
    f"com.microsoft.{op}"
    for op in (
        "AttnLSTM", "BeamSearch", "CDist", "ConvTransposeWithDynamicPads", "DecoderAttention",
        "DecoderMaskedMultiHeadAttention", "DecoderMaskedSelfAttention", "DynamicQuantizeLSTM", "DynamicQuantizeMatMul",
        "FusedMatMulActivation", "GemmFastGelu", "GemmFloat8", "GreedySearch", "GroupQueryAttention",
        "LongformerAttention", "MatMulBnb4", "MatMulFpQ4", "MatMulInteger16", "MatMulIntegerToFloat", "MoE",
        "PackedAttention", "PackedMultiHeadAttention", "PagedAttention", "QAttention", "QGemm", "QLinearConv", "QMoE",
        "QOrderedAttention", "QOrderedLongformerAttention", "QOrderedMatMul", "Sampling", "SparseAttention",
        "SparseToDenseMatMul", "TransposeMatMul", "WhisperBeamSearch", "WordConvEmbedding",
    )
)  # fmt: skip
"""Contractions that no formula here counts. Source: onnxruntime `docs/ContribOperators.md`."""
