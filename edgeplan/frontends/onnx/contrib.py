"""Output shapes of the operators outside the ONNX standard that exporters write: com.microsoft and retired ones.

Source: onnxruntime `docs/ContribOperators.md`; for Affine, Crop and ImageScaler the experimental schemas of onnx 1.1
(`onnx/defs/experiments`).
"""

from __future__ import annotations

from onnx import NodeProto

from edgeplan.frontends.onnx.domains import is_default
from edgeplan.frontends.onnx.scope import Known
from edgeplan.graph import Dim, Shape

__all__ = ["contrib_shapes"]

_SAME = frozenset({
    "Affine", "ImageScaler", "ParametricSoftplus", "ScaledTanh",
    "ai.onnx.ml.Binarizer", "ai.onnx.ml.Imputer", "ai.onnx.ml.Normalizer", "ai.onnx.ml.Scaler",
    "com.microsoft.BiasGelu", "com.microsoft.BiasSplitGelu", "com.microsoft.FastGelu", "com.microsoft.Gelu",
    "com.microsoft.GroupNorm", "com.microsoft.LayerNormalization", "com.microsoft.QuickGelu",
    "com.microsoft.RotaryEmbedding", "com.microsoft.SimplifiedLayerNormalization",
    "com.microsoft.SkipLayerNormalization", "com.microsoft.SkipSimplifiedLayerNormalization",
    "LayerNormalization", "SimplifiedLayerNormalization",
    "com.microsoft.QLinearSigmoid", "com.microsoft.QLinearLeakyRelu", "com.microsoft.QLinearSoftmax",
    "com.microsoft.MultiHeadAttention", "com.microsoft.GroupQueryAttention",
})  # fmt: skip
"""Ops whose first output has the type and shape of their first input."""


def contrib_shapes(node: NodeProto, inputs: list[Known | None]) -> list[Known] | None:
    """The outputs of a non-standard op, or None when the op is not known here."""
    name = node.op_type if is_default(node.domain) else f"{node.domain}.{node.op_type}"
    first = inputs[0] if inputs else None
    if first is None or first.shape is None:
        return None
    rest = [Known() for _ in node.output[1:]]
    if name in _SAME:
        return [Known(first.dtype, first.shape), *rest]
    if name == "Crop":
        return [Known(first.dtype, _crop(node, first.shape)), *rest]
    if name in ("com.microsoft.FusedMatMul", "com.microsoft.TransposeMatMul"):
        return [Known(first.dtype, _matmul(node, first.shape, inputs)), *rest]
    if name == "com.microsoft.Attention":
        weight = inputs[1] if len(inputs) > 1 else None
        columns = weight.shape[-1] if weight is not None and weight.shape else None
        if not isinstance(columns, int):
            return None
        return [Known(first.dtype, (*first.shape[:-1], columns // 3)), *rest]
    return None


def _crop(node: NodeProto, shape: tuple[Dim, ...]) -> Shape:
    """Crop: `border` (left, top, right, bottom), and `scale` (height, width) when a size is asked for."""
    attrs = {a.name: list(a.ints) for a in node.attribute}
    border = attrs.get("border", [])
    if len(shape) != 4 or len(border) != 4:
        return None
    n, c, h, w = shape
    scale = attrs.get("scale", [])
    if len(scale) == 2 and min(scale) >= 0:
        return n, c, scale[0], scale[1]
    left, top, right, bottom = border
    return n, c, _cut(h, top + bottom), _cut(w, left + right)


def _cut(size: Dim, border: int) -> Dim:
    return size - border if isinstance(size, int) and border <= size else None


def _matmul(node: NodeProto, a: tuple[Dim, ...], inputs: list[Known | None]) -> Shape:
    attrs = {x.name: x.i for x in node.attribute}
    other = inputs[1] if len(inputs) > 1 else None
    if other is None or other.shape is None or len(a) < 2 or len(other.shape) < 2:
        return None
    b = other.shape
    rows = a[-1] if attrs.get("transA") else a[-2]
    columns = b[-2] if attrs.get("transB") else b[-1]
    batch = a[:-2] if len(a) >= len(b) else b[:-2]
    return (*batch, rows, columns)
