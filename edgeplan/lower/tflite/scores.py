"""Attention written out over heads: BATCH_MATMUL, MUL, ADD, SOFTMAX, BATCH_MATMUL, and what stands around them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edgeplan.graph import Dim, DType, Shape
from edgeplan.lower.shapes import size
from edgeplan.lower.tflite.algebra import binary, concat, matmul, reshaped, scalar_of, softmax, step, unary
from edgeplan.lower.tflite.builder import Builder
from edgeplan.lower.tflite.convert import cast

__all__ = [
    "Scores", "attend", "by_head", "caches_fit", "join_heads", "padding_mask", "repeated", "split_heads", "with_past",
]  # fmt: skip

_HEADS_FIRST = (0, 2, 1, 3)
_LOWEST = -3.4028234663852886e38


@dataclass(frozen=True, slots=True)
class Scores:
    """How the products of queries and keys become weights."""

    scale: float
    softcap: float = 0.0
    causal: bool = False
    mask: str | None = None
    past: str | None = None
    """The cache before the keys, whose length is the place of the first query."""
    window: tuple[int, int] = (-1, -1)
    """How many keys to the left and to the right of a query count, -1 for all."""


def attend(b: Builder, q: str, k: str, v: str, how: Scores, to: str | None = None) -> str:
    """softmax(q @ k^T * scale + mask) @ v over [batch, heads, length, width].

    Source: onnx2tf `tflite_builder/op_builders/recurrent.py` build_multi_head_attention_op; a mask of booleans picks by
    SELECT_V2, a causal one is computed from RANGE and LESS_EQUAL where a length is unknown.
    """
    z = matmul(b, q, k, adj_y=True)
    if how.scale != 1.0:
        z = binary(b, "MUL", z, how.scale)
    if how.softcap:
        z = binary(b, "MUL", unary(b, "TANH", binary(b, "DIV", z, how.softcap)), how.softcap)
    masks = ([_seen(b, q, k, how)] if how.causal or how.window != (-1, -1) else []) + (
        [how.mask] if how.mask is not None else []
    )
    for mask in masks:
        if b.value(mask).dtype is DType.BOOL:
            z = step(b, "SELECT_V2", [mask, z, b.like(z, _LOWEST)], b.shape(z), dtype=b.value(z).dtype)
        else:
            z = binary(b, "ADD", z, mask)
    return matmul(b, softmax(b, z), v, to=to)


def _seen(b: Builder, q: str, k: str, how: Scores) -> str:
    """[queries, keys]: true where a query sees a key; computed where a length is unknown, and then causal only."""
    rows, columns = size(b.shape(q), 2), size(b.shape(k), 2)
    if rows is not None and columns is not None:
        return b.weight(b.scalar(True, DType.BOOL), (rows, columns), "causal")
    zero, one = (b.scalar(n, DType.INT32) for n in (0, 1))
    first = b.reshape(step(b, "RANGE", [zero, scalar_of(b, q, 2), one], (rows,)), (rows, 1))
    last = step(b, "RANGE", [zero, scalar_of(b, k, 2), one], (columns,))
    if how.past is not None:
        first = binary(b, "ADD", first, scalar_of(b, how.past, 2))
    return binary(b, "LESS_EQUAL", last, first)


def split_heads(b: Builder, x: str, heads: int) -> str:
    """[batch, length, heads * width] -> RESHAPE, TRANSPOSE -> [batch, heads, length, width]."""
    shape = by_head(b.shape(x), heads)
    return b.transpose(reshaped(b, x, shape, (0, 1, None, None)), _HEADS_FIRST)


def by_head(shape: Shape, heads: int) -> tuple[Dim, ...] | None:
    """[batch, length, heads * width] as [batch, length, heads, width], None when the heads do not divide it."""
    width = size(shape, 2)
    if shape is None or len(shape) != 3 or width is None or heads < 1 or width % heads or not width:
        return None
    return (*shape[:2], heads, width // heads)


def join_heads(b: Builder, x: str, to: str) -> None:
    """[batch, heads, length, width] -> TRANSPOSE, RESHAPE -> [batch, length, heads * width]."""
    y = b.transpose(x, _HEADS_FIRST)
    shape = b.shape(y) or ()
    columns = shape[2] * shape[3] if isinstance(shape[2], int) and isinstance(shape[3], int) else None
    reshaped(b, y, (*shape[:2], columns), (0, 1, None), to=to)


def repeated(b: Builder, x: str, times: int) -> str:
    """Each head `times` times over: RESHAPE, BROADCAST_TO, RESHAPE, as grouped queries share a key."""
    shape = b.shape(x)
    if times == 1 or shape is None:
        return x
    batch, heads, length, width = shape
    wide = reshaped(b, x, (batch, heads, 1, length, width), (0, None, None, 2, None))
    target = (batch, heads, times, length, width)
    known = [d for d in target if isinstance(d, int)]
    counts = b.ints([1, 1, times, 1, 1])
    kind, operand = ("BROADCAST_TO", b.ints(known)) if len(known) == len(target) else ("TILE", counts)
    y = step(b, kind, [wide, operand], target)
    many = heads * times if isinstance(heads, int) else None
    return reshaped(b, y, (batch, many, length, width), (0, None, 3, None))


def caches_fit(b: Builder, pasts: Sequence[str | None], presents: Sequence[str | None]) -> bool:
    """True when `with_past` can join each cache: of rank 4 themselves, or else what they become is."""
    for past, present in zip(pasts, presents, strict=True):
        ranks = [None if n is None else b.rank(n) for n in (past, present)]
        if any(r not in (None, 4) for r in ranks) or past is not None and ranks[present is not None] is None:
            return False
    return True


def with_past(b: Builder, past: str | None, new: str, present: str | None) -> str:
    """CONCATENATION of a cache and the new keys or values along their length; it is the next cache."""
    if past is not None:
        return concat(b, [past, new], 2, to=present)
    if present is not None:
        b.adopt(present, b.native(new))
    return new


def padding_mask(b: Builder, mask: str, like: DType | None) -> str | None:
    """A mask [batch, keys] of ones and zeros -> (1 - CAST(mask)) * lowest, as [batch, 1, 1, keys]; None for others."""
    shape = b.shape(mask)
    if shape is None or len(shape) != 2:
        return None
    real = cast(b, mask, like or DType.FLOAT32)
    gone = step(b, "SUB", [b.like(real, 1.0), real], shape)
    return reshaped(b, binary(b, "MUL", gone, _LOWEST), (shape[0], 1, 1, shape[1]), (0, None, None, 1))
