"""Rotary position embeddings: halves of each head turned by cosines and sines."""

from __future__ import annotations

from edgeplan.graph import Dim, Op
from edgeplan.lower.attributes import flag, integer, port
from edgeplan.lower.shapes import size
from edgeplan.lower.tflite.algebra import binary, concat, int32, reshaped, sliced, step
from edgeplan.lower.tflite.builder import Builder
from edgeplan.lower.tflite.registry import lowers

__all__ = ["rotary_embedding"]


@lowers("RotaryEmbedding", "com.microsoft.RotaryEmbedding")
def rotary_embedding(op: Op, b: Builder) -> bool:
    """RotaryEmbedding(X, cos_cache, sin_cache, position_ids) -> SLICE of the halves, four MUL, SUB, ADD,
    CONCATENATION; of X [batch, heads, length, width] between two TRANSPOSEs, of X [batch, length, heads * width]
    between two RESHAPEs. Positions pick their rows of the caches by GATHER.

    Source: onnx2tf `tflite_builder/op_builders/elementwise.py` build_rotary_embedding_op (without positions, rank 4).
    Interleaved halves have no lowering.
    """
    if op.domain:
        names = ("input", "position_ids", "cos_cache", "sin_cache")
        x, at, cosines, sines = (port(op, name, slot) for slot, name in enumerate(names))
    else:
        x, cosines, sines, at = (op.input(n) for n in ("X", "cos_cache", "sin_cache", "position_ids"))
    heads, turned = integer(op, "num_heads", 0), integer(op, "rotary_embedding_dim", 0)
    if x is None or cosines is None or sines is None or heads is None or turned is None:
        return False
    shape = b.shape(x)
    if shape is None or len(shape) not in (3, 4) or flag(op, "interleaved", False) is not False:
        return False
    columns = size(shape, -1)
    half = size(b.shape(cosines), -1)
    if columns is None or not half or b.rank(sines) != b.rank(cosines):
        return False
    if len(shape) == 3:
        heads = heads or columns // (2 * half)
        if not heads or columns % heads:
            return False
    width = columns if len(shape) == 4 else columns // (heads or 1)
    if width < 2 * half or (b.rank(at) not in (1, 2) if at is not None else b.rank(cosines) not in (2, 3)):
        return False
    if len(shape) == 4:
        y = b.transpose(b.native(x), (0, 2, 1, 3))
    else:
        y = reshaped(b, b.native(x), (shape[0], shape[1], heads, width), (0, 1, None, None))
    waves = [_rows(b, cache, at, half) for cache in (cosines, sines)]
    first, second = (_columns(b, y, start, half) for start in (0, half))
    real = binary(b, "SUB", binary(b, "MUL", waves[0], first), binary(b, "MUL", waves[1], second))
    rest = binary(b, "ADD", binary(b, "MUL", waves[1], first), binary(b, "MUL", waves[0], second))
    parts = [real, rest]
    if width > 2 * half:
        parts.append(_columns(b, y, 2 * half, width - 2 * half))
    z = concat(b, parts, 3)
    if len(shape) == 4:
        b.transpose(z, (0, 2, 1, 3), to=op.outputs[0])
    else:
        reshaped(b, z, shape, (0, 1, None), to=op.outputs[0])
    return True


def _columns(b: Builder, x: str, start: int, count: int) -> str:
    return sliced(b, x, [0, 0, 0, start], [-1, -1, -1, count])


def _rows(b: Builder, cache: str, at: str | None, half: int) -> str:
    """[batch, length, 1, half] of a cache: the rows that the positions name, or the cache itself."""
    if at is not None:
        found: tuple[Dim, ...] = (*(b.shape(at) or (None, None)), half)
        cache = step(b, "GATHER", [cache, int32(b, at)], found, axis=0)
        if len(found) == 2:
            return b.reshape(cache, (1, found[0], 1, half))
    shape = b.shape(cache) or (None, None, half)
    if len(shape) == 2:
        return b.reshape(cache, (1, shape[0], 1, half))
    return reshaped(b, cache, (shape[0], shape[1], 1, half), (0, 1, None, None))
