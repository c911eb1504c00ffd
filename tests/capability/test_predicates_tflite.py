"""The conditions of the LiteRT rows, at their edges and where something is not known."""

from __future__ import annotations

import pytest

from edgeplan.capability.predicates import PREDICATES
from edgeplan.graph import DType, Op, Value

FLOAT = Value("x", DType.FLOAT32, (1, 4, 4, 8))
BYTES = Value("x", DType.INT8, (1, 4, 4, 8), quantization="per-tensor")
PLAIN = Value("x", DType.INT8, (1, 4, 4, 8))
BY_CHANNEL = Value("w", DType.INT8, (8, 3, 3, 8), True, quantization="per-channel")
OPEN = Value("x", DType.FLOAT32, ("N", 4, 4, 8))
SHAPELESS = Value("x", DType.FLOAT32)
SIZE = Value("s", DType.INT32, (2,))


def const(*elements: int, dtype: DType = DType.INT32) -> Value:
    return Value("c", dtype, (len(elements),), True, elements)


def slope(*shape: int) -> Value:
    return Value("a", DType.FLOAT32, shape, True)


def op(kind: str, *ports: str, domain: str = "", version: int = 1, **attrs: object) -> Op:
    return Op("op", kind, (), ports, (), attrs, domain, version)


CASES = [
    ("eight_bits_without_one_scale", op("TRANSPOSE", "input"), (PLAIN,), BYTES, True),
    ("eight_bits_without_one_scale", op("TRANSPOSE", "input", version=0), (PLAIN,), BYTES, False),
    ("eight_bits_without_one_scale", op("TRANSPOSE", "input"), (BYTES,), BYTES, False),
    ("eight_bits_without_one_scale", op("CONV_2D", "input", "filter"), (BYTES, BY_CHANNEL), BYTES, False),
    ("eight_bits_without_one_scale", op("BATCH_MATMUL", "x", "y"), (FLOAT, BY_CHANNEL), FLOAT, False),
    ("eight_bits_without_one_scale", op("BATCH_MATMUL", "x", "y"), (BYTES, BY_CHANNEL), BYTES, True),
    ("eight_bits_without_one_scale", op("DEQUANTIZE", "input"), (BY_CHANNEL,), FLOAT, False),
    ("neither_8_bits_nor_half_weights", op("DEQUANTIZE", "input"), (Value("x", DType.FLOAT16, (4,)),), FLOAT, True),
    ("neither_8_bits_nor_half_weights", op("DEQUANTIZE", "input"), (const(1, dtype=DType.FLOAT16),), FLOAT, False),
    ("neither_8_bits_nor_half_weights", op("DEQUANTIZE", "input"), (BYTES,), FLOAT, False),
    ("stride_beyond_window", op("MAX_POOL_2D", "input", stride_h=2, filter_height=1), (FLOAT,), FLOAT, True),
    ("stride_beyond_window", op("MAX_POOL_2D", "input", stride_h=2, filter_height=2), (FLOAT,), FLOAT, False),
    ("deconv_stride_beyond_filter", op("TRANSPOSE_CONV", "weights", stride_h=2), (slope(8, 1, 1, 8),), FLOAT, True),
    ("deconv_stride_beyond_filter", op("TRANSPOSE_CONV", "weights", stride_h=2), (slope(8, 2, 1, 8),), FLOAT, False),
    ("deconv_stride_beyond_filter", op("TRANSPOSE_CONV", "weights", stride_h=2), (SHAPELESS,), FLOAT, None),
    ("fewer_channels_than_filter", op("CONV_2D", "input", "filter"), (FLOAT, slope(4, 1, 1, 9)), FLOAT, True),
    ("fewer_channels_than_filter", op("CONV_2D", "input", "filter"), (FLOAT, slope(4, 1, 1, 2)), FLOAT, False),
    ("fewer_channels_than_filter", op("CONV_2D", "input", "filter"), (SHAPELESS, slope(4, 1, 1, 2)), FLOAT, None),
    ("not_two_to_five_inputs", op("CONCATENATION", *["values"] * 5), (FLOAT,) * 5, FLOAT, False),
    ("not_two_to_five_inputs", op("CONCATENATION", *["values"] * 6), (FLOAT,) * 6, FLOAT, True),
    ("slice_bounds_computed", op("STRIDED_SLICE", "input", "begin"), (FLOAT, SIZE), FLOAT, True),
    ("slice_bounds_computed", op("STRIDED_SLICE", "input", "begin"), (FLOAT, const(0, 0)), FLOAT, False),
    ("slice_changes_rank", op("STRIDED_SLICE", "input", new_axis_mask=1), (FLOAT,), FLOAT, True),
    ("slice_changes_rank", op("STRIDED_SLICE", "input", begin_mask=1), (FLOAT,), FLOAT, False),
    ("empty_tensor", op("ABS", "x"), (Value("x", DType.FLOAT32, (0, 4)),), FLOAT, True),
    ("empty_tensor", op("ABS", "x"), (OPEN,), OPEN, False),
    ("result_of_dynamic_size", op("RESHAPE", "input", "shape"), (FLOAT, SIZE), FLOAT, True),
    ("result_of_dynamic_size", op("RESHAPE", "input", "shape"), (OPEN, SIZE), FLOAT, None),
    ("result_of_dynamic_size", op("RESHAPE", "input", "shape"), (FLOAT, const(1, 128)), FLOAT, False),
    ("result_of_dynamic_size", op("WHERE", "condition"), (FLOAT,), FLOAT, True),
    ("result_of_dynamic_size", op("ABS", "x"), (OPEN,), OPEN, False),
    ("result_of_dynamic_size", op("SEGMENT_SUM", "input", "segment_ids"), (FLOAT, const(0, 0)), FLOAT, True),
    ("result_of_dynamic_size", op("SEGMENT_SUM", "input", "segment_ids"), (const(1, 2), const(0, 0)), FLOAT, False),
    ("result_of_dynamic_size", op("SLICE", "input", "begin", dynamic=True), (FLOAT, const(0, 0)), FLOAT, True),
    ("result_of_dynamic_size", op("SLICE", "input", "begin", dynamic=False), (FLOAT, SIZE), FLOAT, False),
    ("squeezes_no_such_axis", op("SQUEEZE", "input", squeeze_dims=(0,)), (FLOAT,), FLOAT, False),
    ("squeezes_no_such_axis", op("SQUEEZE", "input", squeeze_dims=(0, -2)), (FLOAT,), FLOAT, True),
    ("squeezes_no_such_axis", op("SQUEEZE", "input", squeeze_dims=(4,)), (FLOAT,), FLOAT, True),
    ("squeezes_no_such_axis", op("SQUEEZE", "input", squeeze_dims=(0,)), (OPEN,), FLOAT, False),
    ("squeezes_no_such_axis", op("SQUEEZE", "input", squeeze_dims=(0,)), (SHAPELESS,), FLOAT, None),
    ("joins_more_than_ten", op("CONCATENATION", *["values"] * 11), (FLOAT,) * 11, FLOAT, True),
    ("joins_more_than_ten", op("CONCATENATION", *["values"] * 10), (FLOAT,) * 10, FLOAT, False),
    ("packs_computed_sizes", op("PACK", "values"), (Value("n", DType.INT32, ()),), SIZE, True),
    ("packs_computed_sizes", op("PACK", "values"), (Value("n", DType.INT32, (), True),), SIZE, False),
    ("packs_computed_sizes", op("PACK", "values"), (FLOAT,), FLOAT, False),
    ("state_in_variables", op("LSTM", "input", kernel_type="FULL"), (FLOAT,), FLOAT, True),
    ("state_in_variables", op("LSTM", "input", kernel_type="BASIC"), (FLOAT,), FLOAT, False),
    ("wide_or_foreign_type", op("CAST", "input"), (Value("x", DType.INT64, (4,)),), FLOAT, True),
    ("wide_or_foreign_type", op("SLICE", "input", "begin"), (FLOAT, const(0, dtype=DType.INT64)), FLOAT, False),
    ("integer_beside_gpu_floats", op("CAST", "input"), (SIZE,), FLOAT, False),
    ("integer_beside_gpu_floats", op("ABS", "x"), (SIZE,), SIZE, True),
    ("computed_scalar_operand", op("ADD", "lhs", "rhs"), (FLOAT, Value("s", DType.FLOAT32, ())), FLOAT, True),
    ("computed_scalar_operand", op("ADD", "lhs", "rhs"), (FLOAT, Value("s", DType.FLOAT32, (), True)), FLOAT, False),
    ("computed_scalar_operand", op("ADD", "lhs", "rhs"), (FLOAT, SHAPELESS), FLOAT, None),
    ("constant_operand_foreign", op("ADD", "lhs", "rhs"), (SIZE, const(1, 2, dtype=DType.UINT32)), SIZE, True),
    ("constant_operand_foreign", op("ADD", "lhs", "rhs"), (SIZE, const(1, 2)), SIZE, False),
    ("constant_operand_foreign", op("EQUAL", "x", "y"), (SIZE, const(1, dtype=DType.BOOL)), SIZE, True),
    ("constant_operand_foreign", op("SELECT_V2", "x", "y"), (SIZE, const(1, dtype=DType.BOOL)), SIZE, False),
    ("constant_operand_foreign", op("PADV2", "constant_values"), (const(1),), SIZE, True),
    ("constant_operand_foreign", op("RIGHT_SHIFT", "lhs", "rhs"), (PLAIN, const(1, dtype=DType.INT8)), PLAIN, True),
    ("not_two_inputs", op("ADD_N", "inputs", "inputs"), (FLOAT, FLOAT), FLOAT, False),
    ("not_two_inputs", op("ADD_N", "inputs"), (FLOAT,), FLOAT, True),
    ("prelu_slope_not_by_channel", op("PRELU", "input", "alpha"), (FLOAT, slope(8)), FLOAT, False),
    ("prelu_slope_not_by_channel", op("PRELU", "input", "alpha"), (FLOAT, slope(4, 4, 8)), FLOAT, False),
    ("prelu_slope_not_by_channel", op("PRELU", "input", "alpha"), (FLOAT, slope(1)), FLOAT, True),
    ("prelu_slope_not_by_channel", op("PRELU", "input", "alpha"), (slope(8), slope(8)), FLOAT, True),
    ("prelu_slope_not_by_channel", op("PRELU", "input", "alpha"), (FLOAT, SHAPELESS), FLOAT, True),
    ("choices_broadcast", op("SELECT_V2", "x", "y"), (FLOAT, slope(1)), FLOAT, False),
    ("choices_broadcast", op("SELECT_V2", "x", "y"), (FLOAT, slope(8)), FLOAT, True),
    ("choices_broadcast", op("SELECT_V2", "x", "y"), (FLOAT, SHAPELESS), FLOAT, None),
    ("custom_op", op("Mine", "input0", domain="custom"), (FLOAT,), FLOAT, True),
    ("custom_op", op("ABS", "x"), (FLOAT,), FLOAT, False),
    ("custom_without_kernel", op("Mine", "input0", domain="custom"), (FLOAT,), FLOAT, True),
    ("custom_without_kernel", op("Mfcc", "input0", domain="custom"), (FLOAT,), FLOAT, False),
    ("custom_outside_mediapipe", op("MaxUnpooling2D", "input0", domain="custom"), (FLOAT,), FLOAT, False),
    ("custom_outside_gpu", op("Resampler", "input0", domain="custom"), (FLOAT,), FLOAT, False),
    ("custom_outside_gpu", op("Mfcc", "input0", domain="custom"), (FLOAT,), FLOAT, True),
    ("operator_without_builtin", op("Det", "X", domain="onnx"), (FLOAT,), FLOAT, True),
    ("operator_without_builtin", op("Mine", "input0", domain="custom"), (FLOAT,), FLOAT, False),
    ("stride_beyond_three", op("CONV_2D", "input", stride_h=4), (FLOAT,), FLOAT, True),
    ("stride_beyond_three", op("CONV_2D", "input", stride_h=3), (FLOAT,), FLOAT, False),
    ("uneven_dilation", op("CONV_2D", "input", dilation_h_factor=2, dilation_w_factor=1), (FLOAT,), FLOAT, True),
    ("more_than_three_axes", op("ABS", "x"), (FLOAT,), FLOAT, False),
    ("more_than_three_axes", op("ABS", "x"), (OPEN,), FLOAT, None),
    ("more_than_three_axes", op("ABS", "x"), (Value("x", DType.INT8, (2, 4, 4, 8)),), FLOAT, True),
]


@pytest.mark.parametrize(("name", "asked", "inputs", "out", "truth"), CASES)
def test_condition(name: str, asked: Op, inputs: tuple[Value, ...], out: Value, truth: bool | None) -> None:
    assert PREDICATES[name](asked, inputs, (out,)) is truth


def test_every_condition_is_asked() -> None:
    from edgeplan.capability.predicates import tflite

    assert {name for name, *_ in CASES} == set(tflite.__all__)
