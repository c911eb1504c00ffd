"""Shapes and types behind com.microsoft operators."""

from __future__ import annotations

import pytest

from edgeplan.frontends.onnx import parse_text
from edgeplan.graph import DType

SCALES = "<float s = {0.1}, uint8 z = {3}>"


@pytest.mark.parametrize(
    ("text", "dtype", "shape"),
    [
        ("g (float[1,4,8,8] x, float[6,4,3,3] w) => (y) { y = com.microsoft.FusedConv <activation = \"Relu\"> (x, w) }",
         DType.FLOAT32, (1, 6, 6, 6)),
        (f"g (uint8[1,4,8,8] x, uint8[4,1,1] b) => (y) {SCALES}"
         " { y = com.microsoft.QLinearAdd (x, s, z, b, s, z, s, z) }",
         DType.UINT8, (1, 4, 8, 8)),
        (f"g (uint8[1,4,8,8] x) => (y) {SCALES} {{ y = com.microsoft.QLinearGlobalAveragePool (x, s, z, s, z) }}",
         DType.UINT8, (1, 4, 1, 1)),
        (f"g (uint8[1,8,8,4] x) => (y) {SCALES} {{ y = com.microsoft.QLinearGlobalAveragePool <channels_last = 1>"
         " (x, s, z, s, z) }", None, None),
        (f"g (uint8[1,4,8,8] x) => (y) {SCALES} {{ y = com.microsoft.QLinearAveragePool <kernel_shape = [2,2],"
         " strides = [2,2]> (x, s, z, s, z) }", DType.UINT8, (1, 4, 4, 4)),
        (f"g (uint8[1,4,8,8] x, uint8[1,2,8,8] w) => (y) {SCALES} {{ y = com.microsoft.QLinearConcat <axis = 1>"
         " (s, z, x, s, z, w, s, z) }", DType.UINT8, (1, 6, 8, 8)),
        (f"g (uint8[3,4] x, uint8[4,5] w) => (y) {SCALES} {{ y = com.microsoft.QGemm (x, s, z, w, s, z, , s, z) }}",
         DType.UINT8, (3, 5)),
        (f"g (uint8[3,4] x, uint8[4,5] w) => (y) {SCALES} {{ y = com.microsoft.QGemm (x, s, z, w, s, z) }}",
         DType.FLOAT32, (3, 5)),
        (f"g (float[2,3,4] x, uint8[4,5] w) => (y) {SCALES} {{ y = com.microsoft.DynamicQuantizeMatMul (x, w, s, z) }}",
         DType.FLOAT32, (2, 3, 5)),
    ],
)  # fmt: skip
def test_a_fused_or_quantised_form_has_the_shape_of_the_standard_op(
    text: str, dtype: DType | None, shape: tuple[int, ...] | None
) -> None:
    found = parse_text(text).values["y"]
    assert (found.dtype, found.shape) == (dtype, shape)
