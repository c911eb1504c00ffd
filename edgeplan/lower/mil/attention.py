"""Attention written out as coremltools does below iOS 18: scale, matmul, mask, softmax, matmul."""

from __future__ import annotations

from math import sqrt

from edgeplan.graph import Attr, Dim, DType, Op, Shape
from edgeplan.lower.attributes import flag, integer, integers, number, port
from edgeplan.lower.mil.builder import Builder
from edgeplan.lower.mil.constants import cast, is_bool, is_float, scalar
from edgeplan.lower.mil.registry import lowers
from edgeplan.lower.neighbours import used
from edgeplan.lower.shapes import broadcast, permuted, reshape_target, size

__all__ = ["attention", "fused_attention", "multi_head_attention", "packed_attention"]

_HEADS_FIRST = (0, 2, 1, 3)


def _scores(b: Builder, q: str, k: str, v: str, mask: str | None, scale: float, to: str | None) -> str:
    """softmax(q * scale @ k^T + mask) @ v over [..., length, width] (source: coremltools `frontend/_utils.py`
    _decompose_scaled_dot_product_attention).
    """
    shape, keys, values = b.shape(q) or (), b.shape(k) or (), b.shape(v) or ()
    square = (*shape[:-1], keys[-2])
    q = b.emit("mul", {"x": q, "y": scalar(b, q, scale)}, shape)
    z = b.emit("matmul", {"x": q, "y": k}, square, attrs={"transpose_x": False, "transpose_y": True})
    if mask is not None:
        z = b.emit("add", {"x": z, "y": mask}, square)
    z = b.emit("softmax", {"x": z}, square, attrs={"axis": len(square) - 1})
    flips: dict[str, Attr] = {"transpose_x": False, "transpose_y": False}
    return b.emit("matmul", {"x": z, "y": v}, (*shape[:-1], values[-1]), to=to, attrs=flips)


def _split_heads(b: Builder, x: str, heads: int) -> str | None:
    """[batch, length, heads * width] -> reshape, transpose -> [batch, heads, length, width]; None when unknown."""
    split = _heads_shape(b.shape(x), heads)
    target = reshape_target(split)
    if split is None or target is None:
        return None
    y = b.emit("reshape", {"x": x}, split, attrs={"shape": target})
    return b.emit("transpose", {"x": y}, permuted(split, _HEADS_FIRST), attrs={"perm": _HEADS_FIRST})


def _heads_shape(shape: Shape, heads: int) -> tuple[Dim, ...] | None:
    width = size(shape, 2)
    if shape is None or len(shape) != 3 or width is None or heads < 1 or width % heads or width == 0:
        return None
    split = (*shape[:2], heads, width // heads)
    return None if reshape_target(split) is None else split


def _join_heads(b: Builder, x: str, to: str, out: tuple[Dim, ...]) -> None:
    y = b.emit("transpose", {"x": x}, permuted(b.shape(x), _HEADS_FIRST), attrs={"perm": _HEADS_FIRST})
    b.emit("reshape", {"x": y}, to=to, attrs={"shape": reshape_target(out) or ()})


@lowers("Attention")
def attention(op: Op, b: Builder) -> bool:
    """Attention(Q, K, V, attn_mask) -> mul, matmul, add, softmax, matmul; with 3-D operands the heads are split
    and joined by reshape and transpose. A boolean mask -> (1 - cast(mask)) * -3e4; a causal one is a constant.

    Heads of keys and values that several heads of queries share are repeated: expand_dims, tile, reshape. Caches,
    softcap and the further outputs have no lowering. From iOS 18 on the fusion `sdpa` comes first.
    """
    names = (op.input("Q"), op.input("K"), op.input("V"))
    q, k, v = names
    if (
        q is None
        or k is None
        or v is None
        or any(used(b, o) for o in op.outputs[1:])
        or number(op, "softcap", 0.0) != 0
    ):
        return False
    if any(op.input(p) is not None for p in ("past_key", "past_value", "nonpad_kv_seqlen")):
        return False
    rank, causal, mask = b.rank(q), flag(op, "is_causal", False), op.input("attn_mask")
    if rank not in (3, 4) or b.rank(k) != rank or b.rank(v) != rank or causal is None:
        return False
    heads, others = integer(op, "q_num_heads", 0), integer(op, "kv_num_heads", 0)
    shapes = [b.shape(n) or () for n in (q, k, v)]
    if rank == 3:
        split = [_heads_shape(s, n or 0) for s, n in zip(shapes, (heads, others, others), strict=True)]
        wide = [permuted(s, _HEADS_FIRST) if s is not None else None for s in split]
    else:
        wide = list(shapes)
    if any(s is None for s in wide):
        return False
    (left, right, _) = ((s or ()) for s in wide)
    width, rows, columns = size(left, 3), size(left, 2), size(right, 2)
    scale = None if width is None or width < 1 else number(op, "scale", 1 / sqrt(width))
    out = reshape_target(b.shape(op.outputs[0]))
    times = _times(left, right, size(wide[2], 1))
    if scale is None or times is None or causal and None in (rows, columns) or rank == 3 and out is None:
        return False
    if rank == 3:
        counts = (heads, others, others)
        q, k, v = (_split_heads(b, n, h or 1) or n for n, h in zip((q, k, v), counts, strict=True))
    if times > 1:
        k, v = _repeated(b, k, times), _repeated(b, v, times)
    if mask is not None and not is_float(b, mask):
        mask = _from_bool(b, mask, q)
    if causal:
        lower = b.weight(q, (rows, columns), "causal_mask")
        both = broadcast(b.shape(mask) if mask else (), (rows, columns))
        mask = lower if mask is None else b.emit("add", {"x": mask, "y": lower}, both)
    z = _scores(b, q, k, v, mask, scale, op.outputs[0] if rank == 4 else None)
    if rank == 3:
        _join_heads(b, z, op.outputs[0], b.shape(op.outputs[0]) or ())
    return True


def _times(queries: tuple[Dim, ...], keys: tuple[Dim, ...], values: int | None) -> int | None:
    """How many heads of queries share one of keys and values; None when that is not known or no whole number."""
    if queries[1] == keys[1]:
        return 1
    many, few = size(queries, 1), size(keys, 1)
    return None if many is None or not few or many % few or values != few else many // few


def _repeated(b: Builder, x: str, times: int) -> str:
    """Every head as often as it is shared: expand_dims, tile, reshape, as `aten::repeat_interleave` comes."""
    shape = b.shape(x) or (None,) * 4
    wide = (shape[0], shape[1], 1, *shape[2:])
    y = b.emit("expand_dims", {"x": x}, wide, attrs={"axes": (2,)})
    tiled = (*wide[:2], times, *wide[3:])
    y = b.emit("tile", {"x": y}, tiled, attrs={"reps": (1, 1, times, 1, 1)})
    joined = (shape[0], (size(shape, 1) or 1) * times, *shape[2:])
    return b.emit("reshape", {"x": y}, joined, attrs={"shape": reshape_target(joined) or ()})


def _from_bool(b: Builder, mask: str, like: str) -> str:
    """A mask of booleans -> cast, 1 - mask, times -3e4."""
    if is_bool(b, mask):
        mask = cast(b, mask, b.value(like).dtype or DType.FLOAT32)
    rest = b.emit("sub", {"x": scalar(b, like, 1.0), "y": mask}, b.shape(mask))
    return b.emit("mul", {"x": rest, "y": scalar(b, like, -3e4)}, b.shape(mask))


@lowers("ScaledDotProductAttention")
def fused_attention(op: Op, b: Builder) -> bool:
    """What the fusion `sdpa` makes, from iOS 18 on -> scaled_dot_product_attention(query, key, value, attn_mask).

    The keys go through the transpose that is left, if one is.
    """
    names = [op.input(p) for p in ("Q", "K", "V")]
    q, k, v = names
    if q is None or k is None or v is None:
        return False
    perm = integers(op, "key_perm", ())
    if perm:
        k = b.emit("transpose", {"x": k}, permuted(b.shape(k), perm), attrs={"perm": perm})
    inputs = {"query": q, "key": k, "value": v, "attn_mask": op.input("attn_mask")}
    b.emit("scaled_dot_product_attention", inputs, to=op.outputs[0])
    return True


@lowers("com.microsoft.MultiHeadAttention")
def multi_head_attention(op: Op, b: Builder) -> bool:
    """MultiHeadAttention(query, key, value) of rank 3 without bias, masks or caches -> as Attention of rank 3."""
    heads = integer(op, "num_heads", 0)
    given = [port(op, name, slot) for slot, name in enumerate(("query", "key", "value"))]
    q, k, v = given
    if len(op.inputs) != 3 or q is None or k is None or v is None or heads is None or flag(op, "unidirectional", False):
        return False
    return _from_packed(op, b, (q, k, v), heads)


@lowers("com.microsoft.Attention")
def packed_attention(op: Op, b: Builder) -> bool:
    """Attention(input, const weights, const bias) -> linear to [.., 3 * width], split, then as Attention of rank 3.

    Masks, caches and heads of several widths have no lowering.
    """
    x, w, bias = (port(op, name, slot) for slot, name in enumerate(("input", "weights", "bias")))
    heads = integer(op, "num_heads", 0)
    if len(op.inputs) != (2 if bias is None else 3) or x is None or w is None or heads is None or heads < 1:
        return False
    shape, weight = b.shape(x), b.shape(w)
    columns = size(weight, 1)
    if shape is None or len(shape) != 3 or weight is None or len(weight) != 2 or columns is None or columns % 3:
        return False
    if flag(op, "unidirectional", False) is not False or number(op, "scale", 0.0) is None:
        return False
    if "qkv_hidden_sizes" in op.attrs:
        return False
    part: tuple[Dim, ...] = (*shape[:2], columns // 3)
    if _heads_shape(part, heads) is None or reshape_target(part) is None or any(used(b, o) for o in op.outputs[1:]):
        return False
    if not b.value(w).const or bias is not None and not b.value(bias).const:
        return False
    flipped = b.weight(w, (columns, weight[0]))
    y = b.emit("linear", {"x": x, "weight": flipped, "bias": bias}, (*shape[:2], columns))
    q, k, v = b.several("split", {"x": y}, [(part, None)] * 3, {"num_splits": 3, "axis": 2})
    return _from_packed(op, b, (q, k, v), heads)


def _from_packed(op: Op, b: Builder, qkv: tuple[str, str, str], heads: int) -> bool:
    split = [_heads_shape(b.shape(n), heads) for n in qkv]
    width = size(split[0], 3)
    scale = None if width is None else number(op, "scale", 0.0)
    out = (
        None
        if split[0] is None or split[2] is None
        else broadcast((*split[0][:2], 1), (1, 1, heads * (size(split[2], 3) or 1)))
    )
    if (
        any(s is None for s in split)
        or scale is None
        or width is None
        or out is None
        or any(used(b, o) for o in op.outputs[1:])
    ):
        return False
    q, k, v = (_split_heads(b, n, heads) or n for n in qkv)
    z = _scores(b, q, k, v, None, scale or 1 / sqrt(width), None)
    _join_heads(b, z, op.outputs[0], out)
    return True
