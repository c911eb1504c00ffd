"""Attention, standard and contributed, as scores over heads."""

from __future__ import annotations

from math import sqrt

from edgeplan.graph import Op
from edgeplan.lower.attributes import flag, integer, number, port
from edgeplan.lower.shapes import size
from edgeplan.lower.tflite.algebra import binary, sliced
from edgeplan.lower.tflite.builder import Builder
from edgeplan.lower.tflite.registry import lowers
from edgeplan.lower.tflite.scores import (
    Scores,
    attend,
    by_head,
    caches_fit,
    join_heads,
    padding_mask,
    repeated,
    split_heads,
    with_past,
)

__all__ = ["attention", "group_query_attention", "multi_head_attention", "packed_attention"]


@lowers("Attention")
def attention(op: Op, b: Builder) -> bool:
    """Attention(Q, K, V, attn_mask, past_key, past_value) -> BATCH_MATMUL, MUL, ADD, SOFTMAX, BATCH_MATMUL.

    Operands of rank 3 have their heads split and joined by RESHAPE and TRANSPOSE, grouped ones repeated by RESHAPE and
    BROADCAST_TO, caches are joined by CONCATENATION. The scores as an output and `nonpad_kv_seqlen` have no
    lowering, nor have windows over an unknown length.
    """
    names = [op.input(p) for p in ("Q", "K", "V")]
    q, k, v = names
    past = (op.input("past_key"), op.input("past_value"))
    if q is None or k is None or v is None or op.input("nonpad_kv_seqlen") is not None or len(op.outputs) > 3:
        return False
    rank, causal, cap = b.rank(q), flag(op, "is_causal", False), number(op, "softcap", 0.0)
    if rank not in (3, 4) or b.rank(k) != rank or b.rank(v) != rank or causal is None or cap is None:
        return False
    if len(op.outputs) == 2 or integer(op, "qk_matmul_output_mode", 0) != 0 and len(op.outputs) > 3:
        return False
    if rank == 3:
        counts = (integer(op, "q_num_heads", 0) or 0, *[integer(op, "kv_num_heads", 0) or 0] * 2)
        shapes = [by_head(b.shape(n), h) for n, h in zip((q, k, v), counts, strict=True)]
        if any(s is None for s in shapes):
            return False
        heads, width = counts, (shapes[0] or ())[3]
    else:
        found = [size(b.shape(n), 1) for n in (q, k, v)]
        heads, width = tuple(h or 0 for h in found), size(b.shape(q), 3)
    if not all(heads) or heads[0] % heads[1] or heads[1] != heads[2] or not isinstance(width, int) or width < 1:
        return False
    scale, window = number(op, "scale", 1 / sqrt(width)), _window(op)
    if scale is None or window is None:
        return False
    lengths = (size(b.shape(q), 1 if rank == 3 else 2), size(b.shape(k), 1 if rank == 3 else 2))
    if window != (-1, -1) and (None in lengths or past[0] is not None and size(b.shape(past[0]), 2) is None):
        return False
    presents = (*op.outputs[1:], None, None)[:2]
    if not caches_fit(b, past, presents):
        return False
    if rank == 3:
        q, k, v = (split_heads(b, n, h) for n, h in zip((q, k, v), heads, strict=True))
    k, v = (with_past(b, p, n, out) for p, n, out in zip(past, (k, v), presents, strict=True))
    k, v = (repeated(b, n, heads[0] // heads[1]) for n in (k, v))
    how = Scores(scale, cap, causal, op.input("attn_mask"), past[0], window)
    z = attend(b, q, k, v, how, op.outputs[0] if rank == 4 else None)
    if rank == 3:
        join_heads(b, z, op.outputs[0])
    return True


def _window(op: Op) -> tuple[int, int] | None:
    left, right = integer(op, "left_window_size", -1), integer(op, "right_window_size", -1)
    return None if left is None or right is None else (left, right)


@lowers("com.microsoft.MultiHeadAttention")
def multi_head_attention(op: Op, b: Builder) -> bool:
    """MultiHeadAttention(query, key, value, bias, key_padding_mask, attention_bias, past) -> as Attention, the bias
    added to each of the three first.

    Queries, keys and values packed into one tensor, and the scores as an output, have no lowering.
    """
    names = ("query", "key", "value", "bias", "key_padding_mask", "attention_bias", "past_key", "past_value")
    q, k, v, bias, padding, added, past_k, past_v = (port(op, name, slot) for slot, name in enumerate(names))
    heads, causal, scale = integer(op, "num_heads", 0), flag(op, "unidirectional", False), number(op, "scale", 0.0)
    if q is None or k is None or v is None or not heads or causal is None or scale is None or len(op.inputs) > 8:
        return False
    known = b.rank(k) == 4 == b.rank(v)
    shapes = [by_head(b.shape(n), heads) for n in ((q,) if known else (q, k, v))]
    if any(s is None for s in shapes) or len(op.outputs) not in (1, 3) or (known and (bias or past_k)):
        return False
    if padding is not None and b.rank(padding) != 2:
        return False
    if bias is not None and not b.is_weight(bias) and b.rank(bias) not in (None, 1):
        return False
    presents = (*op.outputs[1:], None, None)[:2]
    if not caches_fit(b, (past_k, past_v), presents):
        return False
    width = size(shapes[0], 3) or 1
    if bias is not None:
        sizes = [n * heads for s in shapes for n in [size(s, 3) or 0]]
        starts = [0, sizes[0], sizes[0] + sizes[1]]
        parts = [
            b.weight(bias, (n,)) if b.is_weight(bias) else sliced(b, bias, [at], [n])
            for at, n in zip(starts, sizes, strict=True)
        ]
        q, k, v = (binary(b, "ADD", n, part) for n, part in zip((q, k, v), parts, strict=True))
    q = split_heads(b, q, heads)
    if not known:
        k, v = (split_heads(b, n, heads) for n in (k, v))
    k, v = (with_past(b, p, n, out) for p, n, out in zip((past_k, past_v), (k, v), presents, strict=True))
    mask = None if padding is None else padding_mask(b, padding, b.value(q).dtype)
    if added is not None:
        mask = added if mask is None else binary(b, "ADD", mask, added)
    join_heads(b, attend(b, q, k, v, Scores(scale or 1 / sqrt(width), 0.0, causal, mask, past_k)), op.outputs[0])
    return True


@lowers("com.microsoft.Attention")
def packed_attention(op: Op, b: Builder) -> bool:
    """Attention(input, const weights, const bias, mask_index, , attention_bias) -> FULLY_CONNECTED to [.., 3 * width],
    SPLIT, then as Attention of rank 3.

    Caches, masks by length and heads of several widths have no lowering.
    """
    names = ("input", "weights", "bias", "mask_index", "past", "attention_bias")
    x, w, bias, padding, past, added = (port(op, name, slot) for slot, name in enumerate(names))
    heads, causal, scale = integer(op, "num_heads", 0), flag(op, "unidirectional", False), number(op, "scale", 0.0)
    if (
        x is None
        or w is None
        or not heads
        or causal is None
        or scale is None
        or past is not None
        or len(op.outputs) > 1
    ):
        return False
    shape, weight = b.shape(x), b.shape(w)
    columns = size(weight, 1)
    if (
        shape is None
        or len(shape) != 3
        or weight is None
        or columns is None
        or columns % 3
        or flag(op, "do_rotary", False)
    ):
        return False
    part = (*shape[:2], columns // 3)
    split = by_head(part, heads)
    if split is None or not b.is_weight(w) or bias is not None and not b.is_weight(bias):
        return False
    if "qkv_hidden_sizes" in op.attrs or padding is not None and b.rank(padding) != 2:
        return False
    inputs = {"input": x, "filter": b.weight(w, (columns, weight[0])), "bias": bias}
    y = b.emit("FULLY_CONNECTED", inputs, (*shape[:2], columns), attrs={"keep_num_dims": True})
    parts = {"split_dim": b.ints([2]), "value": y}
    qkv = b.several("SPLIT", parts, [(part, b.value(y).dtype)] * 3, {"num_splits": 3})
    q, k, v = (split_heads(b, n, heads) for n in qkv)
    mask = None if padding is None else padding_mask(b, padding, b.value(q).dtype)
    if added is not None:
        mask = added if mask is None else binary(b, "ADD", mask, added)
    width = size(split, 3) or 1
    join_heads(b, attend(b, q, k, v, Scores(scale or 1 / sqrt(width), 0.0, causal, mask)), op.outputs[0])
    return True


@lowers("com.microsoft.GroupQueryAttention")
def group_query_attention(op: Op, b: Builder) -> bool:
    """GroupQueryAttention(query, key, value, past_key, past_value) -> as a causal Attention with caches.

    Rotary embeddings inside it, queries, keys and values in one tensor, windows and softcap have no lowering.
    """
    names = ("query", "key", "value", "past_key", "past_value")
    q, k, v, past_k, past_v = (port(op, name, slot) for slot, name in enumerate(names))
    heads, shared, scale = integer(op, "num_heads", 0), integer(op, "kv_num_heads", 0), number(op, "scale", 0.0)
    if q is None or k is None or v is None or not heads or not shared or scale is None or heads % shared:
        return False
    if flag(op, "do_rotary", False) is not False or integer(op, "local_window_size", -1) != -1:
        return False
    shapes = [by_head(b.shape(n), h) for n, h in zip((q, k, v), (heads, shared, shared), strict=True)]
    if any(s is None for s in shapes) or number(op, "softcap", 0.0) != 0 or len(op.outputs) > 3:
        return False
    presents = (*op.outputs[1:], None, None)[:2]
    if not caches_fit(b, (past_k, past_v), presents):
        return False
    q, k, v = (split_heads(b, n, h) for n, h in zip((q, k, v), (heads, shared, shared), strict=True))
    k, v = (with_past(b, p, n, out) for p, n, out in zip((past_k, past_v), (k, v), presents, strict=True))
    k, v = (repeated(b, n, heads // shared) for n in (k, v))
    width = size(shapes[0], 3) or 1
    join_heads(b, attend(b, q, k, v, Scores(scale or 1 / sqrt(width), 0.0, True, None, past_k)), op.outputs[0])
    return True
