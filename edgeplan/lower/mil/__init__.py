"""ONNX to MIL, Core ML's model intermediate language, as coremltools' own frontends would write it."""

from __future__ import annotations

from edgeplan.graph import DType, Graph
from edgeplan.lower.bodies import with_bodies
from edgeplan.lower.mil import (
    activation,
    attention,
    binary,
    blocks,
    compare,
    control,
    conv,
    convert,
    create,
    einsum,
    expand,
    fourier,
    gather,
    gru,
    join,
    linear,
    moments,
    nms,
    noise,
    normalization,
    order,
    pad,
    pool,
    recurrent,
    reduction,
    reshape,
    resize,
    rotary,
    sample,
    sequence,
    slices,
    softmax,
    unary,
)
from edgeplan.lower.mil.builder import Builder
from edgeplan.lower.mil.native import keep_mil
from edgeplan.lower.mil.registry import LOWERINGS
from edgeplan.lower.mil.tidy import tidy

__all__ = ["families", "lower_mil"]

families = (
    activation, attention, binary, blocks, compare, control, conv, convert, create, einsum, expand, fourier, gather,
    gru, join, linear, moments, nms, noise, normalization, order, pad, pool, recurrent, reduction, reshape, resize,
    rotary, sample, sequence, slices, softmax, unary,
)  # fmt: skip
"""The op families, each a module that registers its lowerings when it is imported."""

_NARROWED = {
    DType.INT64: DType.INT32,
    DType.UINT64: DType.INT32,
    DType.UINT32: DType.INT32,
    DType.FLOAT64: DType.FLOAT32,
    DType.BFLOAT16: DType.FLOAT32,
}
"""MIL has no 64-bit types; source: coremltools `converters/mil/mil/types`, `mil/passes/defs/cleanup`."""


def lower_mil(graph: Graph, precision: str) -> Graph:
    """Lower a folded ONNX graph. `precision` is what floats are computed in: float16 (coremltools' default) or float32.

    An op that an earlier lowering has done as part of its own is passed over.
    """
    return tidy(_lowered(graph, precision))


def _lowered(graph: Graph, precision: str) -> Graph:
    def retype(dtype: DType) -> DType:
        dtype = _NARROWED.get(dtype, dtype)
        return DType.FLOAT16 if dtype is DType.FLOAT32 and precision == "float16" else dtype

    b = Builder(graph, retype)
    for op in graph.ops:
        if op.outputs and b.absorbed.issuperset(op.outputs):
            continue
        lowering = keep_mil if op.domain == "mil" else LOWERINGS.get(op.label)
        b.translate(with_bodies(op, lambda body: _lowered(body, precision)), lowering if op.outputs else None)
    return b.finish("mil")
