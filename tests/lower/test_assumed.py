from __future__ import annotations

import pytest

from edgeplan.frontends.onnx import parse_text
from edgeplan.graph import DType
from edgeplan.lower import lower_to
from edgeplan.lower.assumed import Scheme, as_quantised

TEXT = """g (float[1,8,10,10] x, int64[1] i) => (float[1,16,10,10] y, int64[1] j)
<int64[4] s = {16,8,1,1}, int64[1] n = {16}> {
    w = ConstantOfShape (s)
    b = ConstantOfShape (n)
    c = Conv (x, w, b)
    y = Relu (c)
    j = Identity (i)
}"""


@pytest.mark.parametrize(
    ("scheme", "weights", "values", "bias"),
    [
        ("w8a8", DType.INT8, DType.UINT8, DType.INT32),
        ("w8a16", DType.INT8, DType.UINT16, DType.INT32),
        ("w4a16", DType.INT4, DType.UINT16, DType.INT32),
        ("w8", DType.INT8, DType.FLOAT32, DType.FLOAT32),
        ("w4", DType.INT4, DType.FLOAT32, DType.FLOAT32),
    ],
)
def test_every_float_has_the_type_of_the_scheme(scheme: Scheme, weights: DType, values: DType, bias: DType) -> None:
    graph = as_quantised(lower_to(parse_text(TEXT), "onnx"), scheme)
    conv = next(op for op in graph.ops if op.type == "Conv")
    assert [graph.values[n].dtype for n in (*conv.inputs, *conv.outputs)] == [values, weights, bias, values]
    assert graph.values["i"].dtype is DType.INT64
    assert bool(conv.attrs.get("quantized")) == ("a" in scheme)


def test_elsewhere_than_in_onnx_activations_are_signed() -> None:
    graph = as_quantised(lower_to(parse_text(TEXT), "tflite"), "w8a8")
    conv = next(op for op in graph.ops if op.type == "CONV_2D")
    assert graph.values[conv.outputs[0]].dtype is DType.INT8
    assert graph.values[conv.outputs[0]].quantization == "per-tensor"
    assert graph.values[conv.inputs[1]].quantization == "per-channel"


def test_between_dequantised_floats_an_op_expands_the_weights() -> None:
    graph = as_quantised(lower_to(parse_text(TEXT), "onnx"), "w8a8", typed=False)
    expand = next(op for op in graph.ops if op.type == "DequantizeLinear")
    conv = next(op for op in graph.ops if op.type == "Conv")
    assert conv.inputs[1] == expand.outputs[0]
    assert graph.values[expand.inputs[0]].dtype is DType.INT8
    assert [graph.values[n].dtype for n in conv.inputs] == [DType.FLOAT32] * 3
    assert graph.values[conv.outputs[0]].quantization == "per-tensor"


def test_core_ml_holds_weights_behind_a_constexpr_op() -> None:
    graph = as_quantised(lower_to(parse_text(TEXT), "mil", "float16"), "w8")
    expand = next(op for op in graph.ops if op.type == "constexpr_affine_dequantize")
    assert [graph.values[n].dtype for n in expand.inputs] == [DType.INT8, DType.FLOAT16, DType.INT8]
    by_block = as_quantised(lower_to(parse_text(TEXT), "mil", "float16"), "w4")
    assert any(op.type == "constexpr_blockwise_shift_scale" for op in by_block.ops)
