"""Rotary position embeddings, written out as exporters of PyTorch models write them."""

from __future__ import annotations

from edgeplan.graph import Attr, Dim, Op, Shape
from edgeplan.lower.attributes import flag, integer
from edgeplan.lower.mil.builder import Builder
from edgeplan.lower.mil.registry import lowers
from edgeplan.lower.shapes import permuted, replaced, reshape_target, size

__all__ = ["rotary_embedding"]

_HEADS_FIRST = (0, 2, 1, 3)


@lowers("RotaryEmbedding")
def rotary_embedding(op: Op, b: Builder) -> bool:
    """RotaryEmbedding(X, cos_cache, sin_cache, position_ids) -> gather of both caches, split of the halves, and
    [a * cos - b * sin, b * cos + a * sin] by mul, sub, add, concat. A packed X is split into heads before and joined
    after by reshape and transpose.

    Interleaved pairs and embeddings of a part of the head have no lowering.
    """
    x, cos, sin, ids = (op.input(p) for p in ("X", "cos_cache", "sin_cache", "position_ids"))
    if x is None or cos is None or sin is None or flag(op, "interleaved", False) is not False:
        return False
    heads, given = integer(op, "num_heads", 0), b.shape(x)
    if heads is None or given is None or integer(op, "rotary_embedding_dim", 0) != 0:
        return False
    split = _split(given, heads)
    width = size(split, 3)
    if split is None or width is None or width % 2 or reshape_target(split) is None or reshape_target(given) is None:
        return False
    packed = len(given) == 3
    if packed:
        rows = b.emit("reshape", {"x": x}, (*given[:2], heads, width), attrs={"shape": _target(given, heads, width)})
        x = b.emit("transpose", {"x": rows}, split, attrs={"perm": _HEADS_FIRST})
    angle: Shape = (split[0], split[2], width // 2)
    if ids is not None:
        cos, sin = (b.emit("gather", {"x": c, "indices": ids}, angle, attrs={"axis": 0}) for c in (cos, sin))
    wide = (split[0], 1, split[2], width // 2)
    cos, sin = (b.emit("expand_dims", {"x": c}, wide, attrs={"axes": (1,)}) for c in (cos, sin))
    y = _turned(b, x, cos, sin, split, None if packed else op.outputs[0])
    if packed:
        y = b.emit("transpose", {"x": y}, permuted(split, _HEADS_FIRST), attrs={"perm": _HEADS_FIRST})
        b.emit("reshape", {"x": y}, to=op.outputs[0], attrs={"shape": reshape_target(given) or ()})
    return True


def _split(shape: tuple[Dim, ...], heads: int) -> tuple[Dim, ...] | None:
    """[batch, heads, length, width], also of a packed [batch, length, heads * width]."""
    if len(shape) == 4:
        return shape
    width = size(shape, 2)
    if len(shape) != 3 or heads < 1 or width is None or width % heads:
        return None
    return shape[0], heads, shape[1], width // heads


def _target(shape: tuple[Dim, ...], heads: int, width: int) -> tuple[int, ...]:
    return (*(reshape_target(shape[:2]) or ()), heads, width)


def _turned(b: Builder, x: str, cos: str, sin: str, shape: tuple[Dim, ...], to: str | None) -> str:
    half = replaced(shape, 3, (size(shape, 3) or 0) // 2)
    parts: dict[str, Attr] = {"num_splits": 2, "axis": 3}
    left, right = b.several("split", {"x": x}, [(half, None), (half, None)], parts)

    def times(value: str, angle: str) -> str:
        return b.emit("mul", {"x": value, "y": angle}, half)

    real = b.emit("sub", {"x": times(left, cos), "y": times(right, sin)}, half)
    other = b.emit("add", {"x": times(right, cos), "y": times(left, sin)}, half)
    joined: dict[str, Attr] = {"axis": 3, "interleave": False}
    return b.emit("concat", {"values": (real, other)}, shape, to=to, attrs=joined)
