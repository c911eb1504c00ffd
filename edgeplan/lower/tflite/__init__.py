"""ONNX to the builtins of LiteRT (TensorFlow Lite), in NHWC, as its converters would write them.

The converters followed are onnx2tf (https://github.com/PINTO0309/onnx2tf at 2c0cb019) and Google's own litert-torch
(https://github.com/google-ai-edge/litert-torch at a6e75de9) with the TFL passes of LiteRT's converter
(https://github.com/google-ai-edge/LiteRT at f6745779, `tflite/converter/transforms`).
"""

from __future__ import annotations

from edgeplan.graph import DType, Graph
from edgeplan.lower.bodies import with_bodies
from edgeplan.lower.fold import drop_dead
from edgeplan.lower.tflite import (
    activation,
    attention,
    binary,
    bits,
    blocks,
    compare,
    control,
    conv,
    conv_transpose,
    convert,
    create,
    crop,
    einsum,
    embed,
    expand,
    fused_conv,
    gather,
    gru,
    identity,
    integer,
    join,
    linear,
    loss,
    matrix,
    nms,
    noise,
    normalization,
    order,
    pad,
    pool,
    qlinear,
    quantize,
    quantized,
    recurrent,
    reduction,
    reshape,
    resize,
    roi,
    rotary,
    sample,
    scatter,
    sequence,
    slices,
    softmax,
    spectrum,
    unary,
)
from edgeplan.lower.tflite.builder import Builder
from edgeplan.lower.tflite.native import keep_tflite
from edgeplan.lower.tflite.registry import LAYOUTS, LOWERINGS
from edgeplan.lower.tflite.wants import wants_of

__all__ = ["families", "lower_tflite"]

families = (
    activation, attention, binary, bits, blocks, compare, control, conv, conv_transpose, convert, create, crop,
    einsum, embed, expand, fused_conv, gather, gru, identity, integer, join, linear, loss, matrix, nms, noise,
    normalization, order, pad, pool, qlinear, quantize, quantized, recurrent, reduction, reshape, resize, roi, rotary,
    sample, scatter, sequence, slices, softmax, spectrum, unary,
)  # fmt: skip
"""The op families, each a module that registers its lowerings when it is imported."""

_COMPUTED_IN = {DType.FLOAT64: DType.FLOAT32, DType.FLOAT16: DType.FLOAT32, DType.BFLOAT16: DType.FLOAT32}
"""The float kernels compute in float32; source: LiteRT `tflite/kernels`, onnx2tf `tflite_builder`."""


def lower_tflite(graph: Graph, precision: str) -> Graph:
    """Lower a folded ONNX graph.

    Inputs and outputs of rank 3 to 5 that spatial ops read or make are channels last, with no TRANSPOSE before or
    behind them, as onnx2tf has it (README, option -k "keep_ncw_or_nchw_or_ncdhw_input_names" and its default); others
    keep their order. `precision` float16, or float16 weights in the file, keeps weights in float16 with a DEQUANTIZE
    behind each; floats are computed in float32 all the same, unless a delegate takes it on itself to narrow them.
    """
    half = precision == "float16" or any(v.const and v.dtype is DType.FLOAT16 for v in graph.values.values())
    return drop_dead(_lowered(graph, half, inner=False))


def _lowered(graph: Graph, half: bool, inner: bool) -> Graph:
    b = Builder(graph, lambda d: _COMPUTED_IN.get(d, d), wants_of(graph, LAYOUTS), half=half, inner=inner)
    for op in graph.ops:
        if op.outputs and b.absorbed.issuperset(op.outputs):
            continue
        lowering = keep_tflite if op.domain == "tflite" else LOWERINGS.get(op.label)
        b.translate(with_bodies(op, lambda body: _lowered(body, half, inner=True)), lowering if op.outputs else None)
    return b.finish("tflite")
