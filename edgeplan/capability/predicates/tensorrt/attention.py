"""Conditions on Attention, and on types and ranks that do not go together."""

from __future__ import annotations

from edgeplan.capability.predicates.tensorrt.values import at, size
from edgeplan.graph import DType, Op, Value

__all__ = [
    "attention_without_kernel",
    "key_and_value_differ",
    "mask_does_not_broadcast",
    "mixed_types",
    "ranks_differ",
    "rotation_of_unknown_size",
    "several_outputs",
]


def attention_without_kernel(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """Heads of more than 256 values; one query to fewer than four heads; several queries in FP32 or heads of at most 8.

    Heads of all images of a batch count. Several queries of three dimensions without a mask, with as many heads as the
    keys, find a kernel at any size.
    """
    query, key = at(op, inputs, "Q"), at(op, inputs, "K")
    if query is None or key is None or query.shape is None or query.dtype is None:
        return None
    flat, heads, width = len(query.shape) == 3, op.attrs.get("q_num_heads"), size(query.shape, -1)
    if flat and isinstance(heads, int) and heads > 0:
        plain = op.attrs.get("is_causal", 0) == 0 and heads == op.attrs.get("kv_num_heads")
        if plain and len(inputs) == 3 and size(query.shape, 1) != 1 and not any(v.const for v in inputs):
            return False
        width = width // heads if isinstance(width, int) else None
    elif not flat:
        heads = size(query.shape, 1)
    batch = size(query.shape, 0)
    if isinstance(batch, int) != isinstance(size(key.shape, 0), int) or (isinstance(width, int) and width > 256):
        return True
    half = query.dtype in (DType.FLOAT16, DType.BFLOAT16)
    if size(query.shape, -2) == 1:
        single = half and size(key.shape, -2) == 1 and at(op, inputs, "attn_mask") is not None
        return heads < 4 and not single if isinstance(heads, int) and batch == 1 else False
    if not half:
        return True
    return width <= 8 if isinstance(width, int) else None


def key_and_value_differ(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """Keys and values have different shapes."""
    key, value = at(op, inputs, "K"), at(op, inputs, "V")
    if key is None or value is None or key.shape is None or value.shape is None:
        return None
    return any(isinstance(k, int) != isinstance(v, int) or (isinstance(k, int) and k != v)
               for k, v in zip(key.shape, value.shape, strict=False))  # fmt: skip


def mask_does_not_broadcast(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """The last axes of the mask are neither 1 nor the lengths of the queries and keys."""
    mask, query, key = (at(op, inputs, p) for p in ("attn_mask", "Q", "K"))
    if mask is None or query is None or key is None:
        return False
    unknown = False
    for axis, length in ((-1, size(key.shape, -2)), (-2, size(query.shape, -2))):
        given = size(mask.shape, axis)
        if not isinstance(given, int) or not isinstance(length, int):
            unknown = True
        elif given not in (1, length):
            return True
    return None if unknown and mask.shape is None else False


def mixed_types(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """Inputs that are floating-point numbers have different types."""
    floats = {DType.FLOAT32 if v.dtype is DType.FLOAT64 else v.dtype for v in inputs if v.dtype and v.dtype.is_float}
    return len(floats) > 1


def ranks_differ(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """The inputs have different numbers of dimensions."""
    ranks = {None if v.shape is None else len(v.shape) for v in inputs}
    return None if None in ranks else len(ranks) > 1


def rotation_of_unknown_size(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """The width of heads or of a cache is not known, or only one of the batches or lengths of input and cache is."""
    x = inputs[0]
    caches = [v for v in (at(op, inputs, "cos_cache"), at(op, inputs, "sin_cache")) if v is not None]
    if x.shape is None or any(v.shape is None for v in caches):
        return None
    if any(not isinstance(size(v.shape, -1), int) for v in (x, *caches)):
        return True
    known = [isinstance(size(x.shape, axis), int) for axis in (0, -2 if len(x.shape) == 4 else 1)]
    full = [v.shape for v in caches if v.shape is not None and len(v.shape) == 3]
    return any([isinstance(d, int) for d in shape[:2]] != known for shape in full)


def several_outputs(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """More than the first output is used."""
    return len(outputs) > 1
