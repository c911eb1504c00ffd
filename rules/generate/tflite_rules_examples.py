"""Example texts of single TFLite ops for the generated rules, with operands as the op's kernel wants them."""

from __future__ import annotations

import re
from collections.abc import Mapping

__all__ = ["example"]

_POOL = 'padding = "VALID", stride_h = 2, stride_w = 2, filter_height = 2, filter_width = 2'
_CONV = 'padding = "VALID", stride_h = 1, stride_w = 1'

_FORMS = {
    "ADD_N": "(T[1,4] x, T[1,4] z) => (T[1,4] y0) { y0 = ADD_N (x, z) }",
    "ARG_MAX": '(T[1,4] x) => (int32[1] y0) <int32 a = {1}> { y0 = ARG_MAX <output_type = "INT32"> (x, a) }',
    "AVERAGE_POOL_2D": f"(T[1,4,4,1] x) => (T[1,2,2,1] y0) {{ y0 = AVERAGE_POOL_2D <{_POOL}> (x) }}",
    "BATCH_MATMUL": "(T[1,4] x, T[4,1] z) => (T[1,1] y0) { y0 = BATCH_MATMUL (x, z) }",
    "BATCH_TO_SPACE_ND": "(T[4,2,2,1] x) => (T[1,4,4,1] y0) <int32[2] b = {2,2}, int32[2,2] c = {0,0,0,0}> "
    "{ y0 = BATCH_TO_SPACE_ND (x, b, c) }",
    "BITCAST": "(T[1,4] x) => (int32[1,4] y0) { y0 = BITCAST (x) }",
    "BROADCAST_TO": "(T[1,4] x) => (T[2,4] y0) <int32[2] s = {2,4}> { y0 = BROADCAST_TO (x, s) }",
    "BUCKETIZE": "(T[1,4] x) => (int32[1,4] y0) { y0 = BUCKETIZE <boundaries = [0.0, 1.0]> (x) }",
    "CONCATENATION": "(T[1,4] x, T[1,4] z) => (T[1,8] y0) { y0 = CONCATENATION <axis = 1> (x, z) }",
    "CONV_2D": "(T[1,4,4,1] x) => (T[1,4,4,1] y0) <T[1,1,1,1] w = {1}, T[1] b = {0}> "
    f"{{ y0 = CONV_2D <{_CONV}> (x, w, b) }}",
    "CUMSUM": "(T[1,4] x) => (T[1,4] y0) <int32 a = {1}> { y0 = CUMSUM (x, a) }",
    "DEPTHWISE_CONV_2D": "(T[1,4,4,1] x) => (T[1,4,4,1] y0) <T[1,1,1,1] w = {1}, T[1] b = {0}> "
    f"{{ y0 = DEPTHWISE_CONV_2D <{_CONV}, depth_multiplier = 1> (x, w, b) }}",
    "DEPTH_TO_SPACE": "(T[1,2,2,4] x) => (T[1,4,4,1] y0) { y0 = DEPTH_TO_SPACE <block_size = 2> (x) }",
    "DEQUANTIZE": "(int8[1,4] x) => (float[1,4] y0) { y0 = DEQUANTIZE (x) }",
    "DYNAMIC_UPDATE_SLICE": "(T[1,4] x, T[1,2] u) => (T[1,4] y0) <int32[2] i = {0,0}> "
    "{ y0 = DYNAMIC_UPDATE_SLICE (x, u, i) }",
    "EMBEDDING_LOOKUP": "(int32[2] i) => (T[2,1] y0) <T[4,1] w = {1,1,1,1}> { y0 = EMBEDDING_LOOKUP (i, w) }",
    "EXPAND_DIMS": "(T[1,4] x) => (T[1,1,4] y0) <int32 a = {0}> { y0 = EXPAND_DIMS (x, a) }",
    "FAKE_QUANT": "(T[1,4] x) => (T[1,4] y0) { y0 = FAKE_QUANT <min = -1.0, max = 1.0, num_bits = 8> (x) }",
    "FILL": "(T x) => (T[1,4] y0) <int32[2] s = {1,4}> { y0 = FILL (s, x) }",
    "FULLY_CONNECTED": "(T[1,4] x) => (T[1,1] y0) <T[1,4] w = {1,1,1,1}> { y0 = FULLY_CONNECTED (x, w) }",
    "GATHER": "(T[1,4] x) => (T[1,4] y0) <int32[1] i = {0}> { y0 = GATHER (x, i) }",
    "GATHER_ND": "(T[1,4] x) => (T[1,4] y0) <int32[1,1] i = {0}> { y0 = GATHER_ND (x, i) }",
    "L2_POOL_2D": f"(T[1,4,4,1] x) => (T[1,2,2,1] y0) {{ y0 = L2_POOL_2D <{_POOL}> (x) }}",
    "LOGICAL_AND": "(bool[1,4] x, bool[1,4] z) => (bool[1,4] y0) { y0 = LOGICAL_AND (x, z) }",
    "MEAN": "(T[1,4] x) => (T[1,1] y0) <int32[1] a = {1}> { y0 = MEAN <keep_dims = 1> (x, a) }",
    "MIRROR_PAD": '(T[1,4] x) => (T[1,6] y0) <int32[2,2] p = {0,0,1,1}> { y0 = MIRROR_PAD <mode = "REFLECT"> (x, p) }',
    "PACK": "(T[1,4] x, T[1,4] z) => (T[2,1,4] y0) { y0 = PACK <values_count = 2> (x, z) }",
    "PAD": "(T[1,4] x) => (T[1,6] y0) <int32[2,2] p = {0,0,1,1}> { y0 = PAD (x, p) }",
    "PRELU": "(T[1,4] x) => (T[1,4] y0) <T[4] a = {1,1,1,1}> { y0 = PRELU (x, a) }",
    "QUANTIZE": "(float[1,4] x) => (int8[1,4] y0) { y0 = QUANTIZE (x) }",
    "RANGE": "() => (T[4] y0) <T a = {0}, T b = {4}, T d = {1}> { y0 = RANGE (a, b, d) }",
    "REDUCE_PROD": "(T[1,4] x) => (T[1,1] y0) <int32[1] a = {1}> { y0 = REDUCE_PROD <keep_dims = 1> (x, a) }",
    "RESIZE_BILINEAR": "(T[1,4,4,1] x) => (T[1,8,8,1] y0) <int32[2] s = {8,8}> { y0 = RESIZE_BILINEAR (x, s) }",
    "RESIZE_NEAREST_NEIGHBOR": "(T[1,4,4,1] x) => (T[1,8,8,1] y0) <int32[2] s = {8,8}> "
    "{ y0 = RESIZE_NEAREST_NEIGHBOR (x, s) }",
    "REVERSE_V2": "(T[1,4] x) => (T[1,4] y0) <int32[1] a = {1}> { y0 = REVERSE_V2 (x, a) }",
    "SLICE": "(T[1,4] x) => (T[1,2] y0) <int32[2] b = {0,0}, int32[2] s = {1,2}> { y0 = SLICE (x, b, s) }",
    "STRIDED_SLICE": "(T[1,4] x) => (T[1,2] y0) <int32[2] b = {0,0}, int32[2] e = {1,2}, int32[2] s = {1,1}> "
    "{ y0 = STRIDED_SLICE (x, b, e, s) }",
    "TRANSPOSE": "(T[1,4] x) => (T[4,1] y0) <int32[2] p = {1,0}> { y0 = TRANSPOSE (x, p) }",
    "TRANSPOSE_CONV": "(T[1,4,4,1] x) => (T[1,4,4,1] y0) <int32[4] s = {1,4,4,1}, T[1,1,1,1] w = {1}> "
    f"{{ y0 = TRANSPOSE_CONV <{_CONV}> (s, w, x) }}",
    "UNPACK": "(T[2,4] x) => (T[4] y0, T[4] y1) { y0, y1 = UNPACK <num = 2> (x) }",
    "WHERE": "(bool[4] x) => (int64[n,1] y0) { y0 = WHERE (x) }",
}
"""Ops whose operands or results are not all alike; `T` stands for the element type."""

_COMPARES = frozenset({"EQUAL", "GREATER", "GREATER_EQUAL", "LESS", "LESS_EQUAL", "NOT_EQUAL"})


def example(schema: Mapping[str, Mapping[str, list[str]]], op: str, kind: str = "float", version: int = 0) -> str:
    """A text with the op as a TOML string holds it. An op of no form of its own has operands all alike."""
    form = re.sub(r"\bT\b", kind, _FORMS.get(op) or _alike(schema, op))
    head = f'<ir_version: 8, opset_import: ["": 18, "tflite": {version}]> ' if version else ""
    return f"{head}g {form.replace(f'= {op} ', f'= tflite.{op} ')}".replace('"', '\\"')


def _alike(schema: Mapping[str, Mapping[str, list[str]]], op: str) -> str:
    entry = schema[op]
    given = ", ".join("x" for name in entry["inputs"] if not name.endswith("?"))
    results = [f"y{i}" for i in range(max(1, len(entry["outputs"])))]
    outputs = ", ".join(f"{'bool' if op in _COMPARES else 'T'}[1,4] {r}" for r in results)
    return f"(T[1,4] x) => ({outputs}) {{ {', '.join(results)} = {op} ({given}) }}"
