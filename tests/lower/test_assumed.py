from __future__ import annotations

import pytest

from edgeplan.frontends.onnx import parse_text
from edgeplan.graph import DType
from edgeplan.lower import lower_to
from edgeplan.lower.assumed import as_quantised
from edgeplan.lower.scheme import parse_scheme

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
def test_every_float_has_the_type_of_the_scheme(scheme: str, weights: DType, values: DType, bias: DType) -> None:
    graph = as_quantised(lower_to(parse_text(TEXT), "onnx"), parse_scheme(scheme))
    conv = next(op for op in graph.ops if op.type == "Conv")
    assert [graph.values[n].dtype for n in (*conv.inputs, *conv.outputs)] == [values, weights, bias, values]
    assert graph.values["i"].dtype is DType.INT64
    assert bool(conv.attrs.get("quantized")) == ("a" in scheme)


def test_elsewhere_than_in_onnx_activations_are_signed() -> None:
    graph = as_quantised(lower_to(parse_text(TEXT), "tflite"), parse_scheme("w8a8"))
    conv = next(op for op in graph.ops if op.type == "CONV_2D")
    assert graph.values[conv.outputs[0]].dtype is DType.INT8
    assert graph.values[conv.outputs[0]].quantization == "per-tensor"
    assert graph.values[conv.inputs[1]].quantization == "per-channel"


def test_between_dequantised_floats_an_op_expands_the_weights() -> None:
    graph = as_quantised(lower_to(parse_text(TEXT), "onnx"), parse_scheme("w8a8"), typed=False)
    expand = next(op for op in graph.ops if op.type == "DequantizeLinear")
    conv = next(op for op in graph.ops if op.type == "Conv")
    assert conv.inputs[1] == expand.outputs[0]
    assert graph.values[expand.inputs[0]].dtype is DType.INT8
    assert [graph.values[n].dtype for n in conv.inputs] == [DType.FLOAT32] * 3
    assert graph.values[conv.outputs[0]].quantization == "per-tensor"


def test_core_ml_holds_weights_behind_a_constexpr_op() -> None:
    graph = as_quantised(lower_to(parse_text(TEXT), "mil", "float16"), parse_scheme("w8"))
    expand = next(op for op in graph.ops if op.type == "constexpr_affine_dequantize")
    assert [graph.values[n].dtype for n in expand.inputs] == [DType.INT8, DType.FLOAT16, DType.INT8]
    by_block = as_quantised(lower_to(parse_text(TEXT), "mil", "float16"), parse_scheme("w4"))
    assert any(op.type == "constexpr_blockwise_shift_scale" for op in by_block.ops)


def forms(scheme: str, dialect: str = "mil", **how: object) -> list[str]:
    graph = as_quantised(lower_to(parse_text(TEXT), dialect, "float16"), parse_scheme(scheme), **how)  # type: ignore[arg-type]
    return [op.type for op in graph.ops if op.type.startswith("constexpr") or op.type.startswith("D")]


def test_every_scheme_has_a_form_in_mil() -> None:
    assert forms("palette4") == ["constexpr_lut_to_dense"]
    assert forms("sparse50") == ["constexpr_sparse_to_dense"]
    assert forms("sparse50-w8") == ["constexpr_sparse_blockwise_shift_scale", "constexpr_sparse_to_dense"]
    assert forms("fp16") == []


def test_what_a_group_or_a_block_does_not_divide_stays_as_it_is() -> None:
    assert forms("palette4-group16") == ["constexpr_lut_to_dense"]  # 16 output channels
    assert forms("palette4-group32") == []
    assert forms("w4-block8") == ["constexpr_blockwise_shift_scale"]  # 8 input channels
    assert forms("w4-block32") == []


def test_the_caller_may_say_which_constants_are_compressed() -> None:
    assert forms("w8", takes=()) == []
    graph = lower_to(parse_text(TEXT), "mil", "float16")
    conv = next(op for op in graph.ops if op.type == "conv")
    assert forms("w8", takes=(conv.input("weight"),)) == ["constexpr_affine_dequantize"]
    typed = as_quantised(lower_to(parse_text(TEXT), "tflite"), parse_scheme("w8"), takes=())
    assert DType.INT8 not in {v.dtype for v in typed.values.values()}


def test_floats_are_recast_where_the_file_says_what_is_computed() -> None:
    graph = as_quantised(lower_to(parse_text(TEXT), "onnx"), parse_scheme("bf16"))
    assert {v.dtype for v in graph.values.values() if v.dtype and v.dtype.is_float} == {DType.BFLOAT16}
    assert graph.values["i"].dtype is DType.INT64


def test_litert_keeps_float16_weights_behind_a_dequantize() -> None:
    graph = as_quantised(lower_to(parse_text(TEXT), "tflite"), parse_scheme("fp16"))
    expand = next(op for op in graph.ops if op.type == "DEQUANTIZE")
    assert graph.values[expand.inputs[0]].dtype is DType.FLOAT16
    assert graph.values[expand.outputs[0]].dtype is DType.FLOAT32


def test_a_file_in_float16_is_compressed_from_its_weights_not_from_what_widens_them() -> None:
    half = TEXT.replace("float[1,8,10,10]", "float16[1,8,10,10]").replace("float[1,16,10,10]", "float16[1,16,10,10]")
    half = half.replace("ConstantOfShape (", "ConstantOfShape <value = float16[1] {1}> (")
    lowered = lower_to(parse_text(half), "tflite")
    assert any(op.type == "DEQUANTIZE" for op in lowered.ops)
    graph = as_quantised(lowered, parse_scheme("w8"))
    conv = next(op for op in graph.ops if op.type == "CONV_2D")
    assert not any(op.type == "DEQUANTIZE" for op in graph.ops)
    assert [graph.values[n].dtype for n in conv.inputs[:2]] == [DType.FLOAT32, DType.INT8]
    again = as_quantised(lowered, parse_scheme("fp16"))
    assert sum(op.type == "DEQUANTIZE" for op in again.ops) == 1


@pytest.mark.parametrize(
    ("scheme", "dialect", "why"),
    [
        ("palette4", "onnx", "no form of palettes"),
        ("sparse50", "tflite", "no form of sparse weights"),
        ("bf16", "mil", "no form of bfloat16"),
    ],
)
def test_a_dialect_without_a_form_says_so(scheme: str, dialect: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        as_quantised(lower_to(parse_text(TEXT), dialect), parse_scheme(scheme))
