"""Output shapes of the operators outside the ONNX standard that exporters write: com.microsoft and retired ones.

Source: onnxruntime `docs/ContribOperators.md`; for Affine, Crop and ImageScaler the experimental schemas of onnx 1.1
(`onnx/defs/experiments`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from onnx import NodeProto

from edgeplan.frontends.onnx.domains import is_default
from edgeplan.frontends.onnx.scope import Known
from edgeplan.graph import Dim, DType, Shape

__all__ = ["contrib_shapes", "standard_form"]

_SAME = frozenset({
    "Affine", "ImageScaler", "ParametricSoftplus", "ScaledTanh",
    "ai.onnx.ml.Binarizer", "ai.onnx.ml.Imputer", "ai.onnx.ml.Normalizer", "ai.onnx.ml.Scaler",
    "com.microsoft.BiasGelu", "com.microsoft.BiasSplitGelu", "com.microsoft.FastGelu", "com.microsoft.Gelu",
    "com.microsoft.GroupNorm", "com.microsoft.Inverse", "com.microsoft.LayerNormalization", "com.microsoft.QuickGelu",
    "com.microsoft.RotaryEmbedding", "com.microsoft.SimplifiedLayerNormalization",
    "com.microsoft.SkipLayerNormalization", "com.microsoft.SkipSimplifiedLayerNormalization",
    "LayerNormalization", "SimplifiedLayerNormalization",
    "com.microsoft.QLinearSigmoid", "com.microsoft.QLinearLeakyRelu", "com.microsoft.QLinearSoftmax",
    "com.microsoft.MultiHeadAttention", "com.microsoft.GroupQueryAttention",
})  # fmt: skip
"""Ops whose first output has the type and shape of their first input."""

_STANDARD: Mapping[str, tuple[str, slice | Sequence[int]]] = {
    "com.microsoft.FusedConv": ("Conv", slice(0, 3)),
    "com.microsoft.FusedGemm": ("Gemm", slice(0, 3)),
    "com.microsoft.QGemm": ("Gemm", (0, 3)),
    "com.microsoft.QLinearAdd": ("Add", (0, 3)),
    "com.microsoft.QLinearAveragePool": ("AveragePool", (0,)),
    "com.microsoft.QLinearConcat": ("Concat", slice(2, None, 3)),
    "com.microsoft.QLinearGlobalAveragePool": ("GlobalAveragePool", (0,)),
    "com.microsoft.QLinearMul": ("Mul", (0, 3)),
    "com.microsoft.DynamicQuantizeMatMul": ("MatMul", (0, 1)),
    "com.microsoft.MatMulIntegerToFloat": ("MatMul", (0, 1)),
}
"""Ops whose result has the shape of a standard op's, and which of their inputs are that one's."""

_REAL = frozenset({"com.microsoft.DynamicQuantizeMatMul", "com.microsoft.MatMulIntegerToFloat"})
"""Those among them that give floats from integers."""

_OWN = frozenset({"activation", "activation_params", "channels_last"})
"""Attributes of the fused forms that the standard op does not have."""


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
    if name in ("com.microsoft.QuantizeLinear", "com.microsoft.DequantizeLinear"):
        like = inputs[1 if node.op_type == "DequantizeLinear" else 2] if len(inputs) > 2 else None
        return [Known(like.dtype if like is not None else None, first.shape), *rest]
    if name in ("com.microsoft.FusedMatMul", "com.microsoft.TransposeMatMul"):
        return [Known(first.dtype, _matmul(node, first.shape, inputs)), *rest]
    if name == "com.microsoft.Attention":
        weight = inputs[1] if len(inputs) > 1 else None
        columns = weight.shape[-1] if weight is not None and weight.shape else None
        if not isinstance(columns, int):
            return None
        return [Known(first.dtype, (*first.shape[:-1], columns // 3)), *rest]
    return None


def standard_form(
    node: NodeProto, inputs: list[Known | None]
) -> tuple[NodeProto, list[Known | None], DType | None] | None:
    """The standard op that has the shape of a com.microsoft one, its inputs as floats, and the type of the result.

    None when the op has no such form, or keeps its channels last.
    """
    op_type, at = _STANDARD.get(f"{node.domain}.{node.op_type}", ("", ()))
    if not op_type or any(a.name == "channels_last" and a.i for a in node.attribute):
        return None
    places = range(len(inputs))[at] if isinstance(at, slice) else [i for i in at if i < len(inputs)]
    if not places:
        return None
    form = NodeProto(op_type=op_type, input=[node.input[i] for i in places], output=node.output[:1])
    form.attribute.extend(a for a in node.attribute if a.name not in _OWN)
    chosen = [inputs[i] for i in places]
    given: list[Known | None] = [None if k is None else Known(DType.FLOAT32, k.shape) for k in chosen]
    first = chosen[0]
    real = f"{node.domain}.{node.op_type}" in _REAL or (node.op_type == "QGemm" and len(inputs) < 9)
    return form, given, DType.FLOAT32 if real else first.dtype if first is not None else None


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
