"""Embeddings and skips with a normalisation behind, as ONNX Runtime's optimiser fuses them for transformers."""

from __future__ import annotations

from edgeplan.graph import Dim, Op
from edgeplan.lower.attributes import number, port
from edgeplan.lower.neighbours import used
from edgeplan.lower.shapes import size
from edgeplan.lower.tflite.algebra import binary, reduce, step, unary
from edgeplan.lower.tflite.builder import Builder
from edgeplan.lower.tflite.gather import from_front
from edgeplan.lower.tflite.moments import normalized, scaled
from edgeplan.lower.tflite.registry import lowers

__all__ = ["embed_layer_norm", "skip_rms_norm"]


@lowers("com.microsoft.EmbedLayerNormalization")
def embed_layer_norm(op: Op, b: Builder) -> bool:
    """EmbedLayerNormalization(input_ids, segment_ids, word, position, segment, gamma, beta) -> GATHER of each table,
    ADD, ADD, the normalisation of the last axis, MUL, ADD.

    Positions of their own and the index of the mask have no lowering where they are read; without positions the first
    rows of the table are a constant.
    """
    slots = dict(zip(op.ports, op.inputs, strict=True))
    names = [slots.get(f"input{i}") for i in range(9)]
    ids, segments, words, places, kinds, gamma, beta, _, at = names
    if ids is None or words is None or places is None or gamma is None or beta is None or at is not None:
        return False
    shape, width, epsilon = b.shape(ids), size(b.shape(words), 1), number(op, "epsilon", 1e-12)
    if shape is None or len(shape) != 2 or width is None or epsilon is None or any(used(b, o) for o in op.outputs[1:]):
        return False
    length = size(shape, 1)
    if length is None or not b.value(places).const:
        return False
    found: tuple[Dim, ...] = (*shape, width)
    x = step(b, "GATHER", [words, from_front(b, ids, words, 0)], found, axis=0)
    x = binary(b, "ADD", x, b.weight(places, (1, length, width)))
    if segments is not None and kinds is not None:
        x = binary(b, "ADD", x, step(b, "GATHER", [kinds, from_front(b, segments, kinds, 0)], found, axis=0))
    b.adopt(op.outputs[0], scaled(b, normalized(b, x, [2], epsilon), ("MUL", gamma), ("ADD", beta)))
    return True


@lowers("com.microsoft.SkipSimplifiedLayerNormalization")
def skip_rms_norm(op: Op, b: Builder) -> bool:
    """SkipSimplifiedLayerNormalization(input, skip, gamma, bias) -> ADD, ADD, MUL(x, x), MEAN, ADD epsilon, RSQRT, MUL,
    MUL by gamma. The sum is the last output.
    """
    x, skip, gamma, bias = (port(op, name, slot) for slot, name in enumerate(("input", "skip", "gamma", "bias")))
    epsilon, rank = number(op, "epsilon", 1e-12), None if x is None else b.rank(x)
    if x is None or skip is None or gamma is None or epsilon is None or not rank:
        return False
    if any(used(b, o) for o in op.outputs[1:-1]):
        return False
    total = binary(b, "ADD", x, skip)
    if bias is not None:
        total = binary(b, "ADD", total, bias)
    if len(op.outputs) > 1:
        b.adopt(op.outputs[-1], total)
    mean = reduce(b, "MEAN", binary(b, "MUL", total, total), [rank - 1])
    share = unary(b, "RSQRT", binary(b, "ADD", mean, epsilon))
    binary(b, "MUL", binary(b, "MUL", total, share), gamma, to=op.outputs[0])
    return True
