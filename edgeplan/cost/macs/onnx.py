"""Multiply-accumulates of ONNX's and MIL's contractions."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from edgeplan.cost.macs.ports import Ports, per, product

__all__ = ["ONNX_MACS", "UNCOUNTED"]


def _conv(s: Ports) -> int | None:
    """Output elements times the weights behind each output channel: W is [C_out, C_in / groups, kernel...]."""
    ports = ("W", "w", "weight", "input1")
    return product(s.out, per(s.elements(*ports), s.axis(0, *ports)))


def _conv_transpose(s: Ports) -> int | None:
    """Input elements times the weights each of them meets: W is [C_in, C_out / groups, kernel...]."""
    ports = ("W", "weight")
    return product(s.elements("X", "x"), per(s.elements(*ports), s.axis(0, *ports)))


def _gemm(s: Ports) -> int | None:
    return product(s.out, s.axis(0 if s.op.attrs.get("transA") else 1, "A", "input0"))


def _matmul(s: Ports) -> int | None:
    """Output elements times the contracted axis: the left operand's last, or last but one when it is transposed."""
    flipped = s.op.attrs.get("transpose_x") or s.op.attrs.get("transA")
    return product(s.out, s.axis(-2 if flipped else -1, "A", "a", "x", "input0"))


def _linear(s: Ports) -> int | None:
    return product(s.out, s.axis(-1, "weight"))


def _recurrent(s: Ports) -> int | None:
    """Every time step and batch row meets all input and recurrent weights once: X is [T, B, I]."""
    x = ("X", "x")
    steps = product(s.axis(0, *x), s.axis(1, *x))
    ports = (("W", "weight_ih"), ("R", "weight_hh"), ("weight_ih_back",), ("weight_hh_back",))
    weights = [s.elements(*p) for p in ports]
    known = [w for w in weights if w is not None]
    return product(steps, sum(known)) if len(known) == len(weights) else None


def _einsum(s: Ports) -> int | None:
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
    return product(*sizes.values()) if len(terms) > 1 and set(sizes) - kept else 0


def _attention(s: Ports) -> int | None:
    """Scores, then their product with the values: query length x key length x head size each, for every head."""
    keys = s.axis(-2, "key", "K", "input1")
    past = s.value("past_key", "input6")
    if past is not None:
        earlier = s.axis(-2, "past_key", "input6")
        keys = None if keys is None or earlier is None else keys + earlier
    scores, mixed = product(s.elements("query", "Q", "input0"), keys), product(s.out, keys)
    return None if scores is None or mixed is None else scores + mixed


def _packed_attention(s: Ports) -> int | None:
    """The projection to queries, keys and values, then attention: x is [B, S, C], the weight [C, 3 H]."""
    if s.op.input("input4") is not None:  # the past
        return None
    projected = product(s.elements("input0"), s.axis(1, "input1"))
    attended = product(2, s.out, s.axis(1, "input0"))
    return None if projected is None or attended is None else projected + attended


def _quantised_matmul(s: Ports) -> int | None:
    k = s.op.attrs.get("K")
    return product(s.out, k if isinstance(k, int) else None)


ONNX_MACS: Mapping[str, Callable[[Ports], int | None]] = {
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

UNCOUNTED = frozenset(
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
