"""The conditions of the QNN rows, at their edges and where something is not known."""

from __future__ import annotations

import pytest

from edgeplan.capability.predicates import PREDICATES
from edgeplan.graph import DType, Op, Value

F4 = Value("x", DType.FLOAT32, (1, 4, 8, 8))
F5 = Value("x", DType.FLOAT32, (1, 4, 8, 8, 8))
F6 = Value("x", DType.FLOAT32, (1, 1, 4, 8, 8, 8))
OPEN = Value("x", DType.FLOAT32, ("N", 4, 8, 8))
SHAPELESS = Value("x", DType.FLOAT32)
TYPELESS = Value("x", None, (1, 4, 8, 8))
BYTES = Value("x", DType.UINT8, (1, 4, 8, 8))
WIDE = Value("x", DType.UINT16, (4, 8))
LONG5 = Value("x", DType.INT64, (1, 2, 2, 2, 2))
FILTER = Value("w", DType.FLOAT32, (4, 1, 3, 3), True)
PAIR = Value("w", DType.FLOAT32, (8, 1, 3, 3), True)


def op(kind: str, *ports: str, domain: str = "", **attrs: object) -> Op:
    return Op("op", kind, (), ports, (), attrs, domain)


def stack(second: int | str, rows: int, columns: int) -> Value:
    """Matrices in a tensor of five axes, so many of them along the second one."""
    return Value("x", DType.FLOAT16, (1, second, 2, rows, columns))


def lengths(*elements: int) -> Value:
    return Value("n", DType.INT32, (len(elements),), True, elements)


CASES = [
    ("refused_by_type", op("Add"), (F5, F5), (F5,), False),
    ("refused_by_type", op("Add"), (F6, F6), (F6,), True),
    ("refused_by_type", op("Sqrt"), (F5,), (F5,), True),
    ("refused_by_type", op("Add"), (BYTES, BYTES), (BYTES,), True),
    ("refused_by_type", op("Add", quantized=1), (BYTES, BYTES), (BYTES,), False),
    ("refused_by_type", op("Add"), (TYPELESS, TYPELESS), (TYPELESS,), None),
    ("refused_by_type", op("Add"), (SHAPELESS, SHAPELESS), (SHAPELESS,), None),
    ("refused_by_type", op("Add"), (F6, SHAPELESS), (SHAPELESS,), True),
    ("refused_by_type", op("NoSuchOp"), (F4,), (F4,), False),
    ("refused_by_type", op("Unsqueeze"), (F5,), (F6,), True),
    ("refused_by_type", op("Cast"), (F4,), (Value("y", DType.INT64, F4.shape),), True),
    ("refused_by_type", op("Cast"), (F4,), (Value("y", DType.INT32, F4.shape),), False),
    ("refused_by_type", op("Cast"), (F4,), (TYPELESS,), None),
    ("breaks_by_type", op("Add"), (LONG5, LONG5), (LONG5,), True),
    ("breaks_by_type", op("Add"), (F4, F4), (F4,), False),
    ("breaks_by_type", op("Sign"), (F5,), (F5,), True),
    ("refused_by_type_without_fp16", op("Relu"), (F4,), (F4,), True),
    ("refused_by_type_without_fp16", op("Reshape"), (F4,), (F4,), False),
    ("refused_by_type_without_fp16", op("Relu", quantized=1), (BYTES,), (BYTES,), False),
    ("breaks_by_type_without_fp16", op("GlobalAveragePool"), (F4,), (F4,), True),
    ("breaks_by_type_without_fp16", op("GlobalAveragePool"), (OPEN,), (OPEN,), False),
    ("breaks_by_type_without_fp16", op("MaxPool"), (F4,), (F4,), True),
    ("breaks_by_type_without_fp16", op("MaxPool", dilations=(2, 2)), (F4,), (F4,), False),
    ("breaks_by_type_without_fp16", op("MaxPool"), (F4,), (F4, F4), False),
    ("breaks_by_type_without_fp16", op("Resize", mode="linear", antialias=1), (F4,), (F4,), False),
    ("breaks_by_type_with_partial_fp16", op("Elu"), (F4,), (F4,), True),
    ("breaks_by_type_with_partial_fp16", op("Relu"), (F4,), (F4,), False),
    ("strided_dilated_depthwise", op("Conv", group=4, strides=(2, 2), dilations=(2, 2)), (F4, FILTER), (F4,), True),
    ("strided_dilated_depthwise", op("Conv", group=4, strides=(2, 2), dilations=(2, 2)), (F4, PAIR), (F4,), False),
    ("strided_dilated_depthwise", op("Conv", group=4, strides=(1, 1), dilations=(2, 2)), (F4, FILTER), (F4,), False),
    (
        "strided_dilated_depthwise",
        op("Conv", group=4, strides=(2, 2), dilations=(2, 2)),
        (SHAPELESS, FILTER),
        (F4,),
        None,
    ),
    ("normalises_several_axes", op("LayerNormalization"), (F4,), (F4,), False),
    ("normalises_several_axes", op("LayerNormalization", axis=3), (F4,), (F4,), False),
    ("normalises_several_axes", op("LayerNormalization", axis=-2), (F4,), (F4,), True),
    ("normalises_several_axes", op("LayerNormalization", axis=2), (SHAPELESS,), (F4,), None),
    ("scale_of_other_type", op("LayerNormalization", quantized=1), (BYTES, BYTES), (BYTES,), False),
    ("scale_of_other_type", op("LayerNormalization", quantized=1), (BYTES, Value("w", DType.INT8)), (BYTES,), True),
    ("scale_of_other_type", op("LayerNormalization", quantized=1), (WIDE, Value("w", DType.INT16)), (WIDE,), False),
    ("scale_of_other_type", op("LayerNormalization", quantized=1), (WIDE, WIDE), (WIDE,), True),
    ("scale_of_other_type", op("LayerNormalization", quantized=1), (BYTES, TYPELESS), (BYTES,), None),
    ("scale_of_other_type", op("LayerNormalization"), (F4, F4), (F4,), False),
    ("wide_by_wide", op("Gemm", quantized=1), (WIDE, WIDE), (WIDE,), True),
    ("wide_by_wide", op("Gemm", quantized=1), (WIDE, Value("w", DType.UINT16, (8, 4), True)), (WIDE,), True),
    ("wide_by_wide", op("Gemm", quantized=1), (WIDE, Value("w", DType.INT8, (8, 4), True)), (WIDE,), False),
    ("wide_by_wide", op("MatMul", quantized=1), (WIDE, WIDE), (WIDE,), False),
    ("wide_by_wide", op("MatMul", quantized=1), (WIDE, Value("w", DType.INT16, (8, 4))), (WIDE,), True),
    ("wide_by_wide", op("Gemm"), (WIDE, WIDE), (WIDE,), False),
    ("rounds_unlike_htp", op("Resize", coordinate_transformation_mode="asymmetric"), (F4,), (F4,), True),
    (
        "rounds_unlike_htp",
        op("Resize", nearest_mode="floor", coordinate_transformation_mode="asymmetric"),
        (F4,),
        (F4,),
        False,
    ),
    ("rounds_unlike_htp", op("Resize"), (F4,), (F4,), False),
    ("rounds_unlike_htp", op("Resize"), (F5,), (F5,), True),
    ("rounds_unlike_htp", op("Resize"), (SHAPELESS,), (SHAPELESS,), None),
    ("rounds_unlike_htp", op("Resize", mode="linear"), (SHAPELESS,), (SHAPELESS,), False),
    ("resizes_channels", op("Resize"), (F4,), (Value("y", DType.FLOAT32, (1, 8, 8, 8)),), True),
    ("resizes_channels", op("Resize"), (F4,), (F4,), False),
    ("resizes_channels", op("Resize"), (OPEN,), (OPEN,), None),
    ("larger_than_2x2", op("Inverse"), (Value("x", DType.FLOAT32, (3, 2, 2)),), (F4,), False),
    ("larger_than_2x2", op("Inverse"), (F4,), (F4,), True),
    ("larger_than_2x2", op("Inverse"), (Value("x", DType.FLOAT32, (3, "N", 2)),), (F4,), None),
    ("named_activations", op("GRU"), (F4,), (F4,), False),
    ("named_activations", op("GRU", activations=("Sigmoid", "Tanh")), (F4,), (F4,), True),
    ("uneven_sequences", op("LSTM", "X"), (F4,), (F4,), False),
    ("uneven_sequences", op("LSTM", "X", "sequence_lens"), (F4, Value("n", DType.INT32, (2,))), (F4,), True),
    ("uneven_sequences", op("LSTM", "X", "sequence_lens"), (F4, lengths(3, 3)), (F4,), False),
    ("uneven_sequences", op("LSTM", "X", "sequence_lens"), (F4, lengths(3, 2)), (F4,), True),
    ("uneven_sequences", op("LSTM", "X", "sequence_lens"), (F4, Value("n", DType.INT32, (2,), True)), (F4,), None),
    ("several_reduced_axes", op("ReduceMax", axes=(1,)), (F5,), (F5,), False),
    ("several_reduced_axes", op("ReduceMax", axes=(1, 2)), (F5,), (F5,), True),
    ("several_reduced_axes", op("ReduceMax"), (F5,), (F5,), True),
    ("several_reduced_axes", op("ReduceMax", axes=(1, 2)), (F4,), (F4,), False),
    ("several_reduced_axes", op("ReduceMax"), (SHAPELESS,), (F4,), None),
    ("static_shapes", op("Conv"), (F4,), (F4,), True),
    ("static_shapes", op("Conv"), (OPEN,), (OPEN,), False),
    ("static_shapes", op("Conv"), (SHAPELESS,), (SHAPELESS,), None),
    ("steps_over_integers", op("Slice", "data", "axes", "steps"), (F4, lengths(1), lengths(2)), (F4,), True),
    ("steps_over_integers", op("Slice", "data", "axes", "steps"), (F4, lengths(-3), lengths(2)), (F4,), True),
    ("steps_over_integers", op("Slice", "data", "axes", "steps"), (F4, lengths(2), lengths(2)), (F4,), False),
    ("steps_over_integers", op("Slice", "data", "axes", "steps"), (F4, lengths(1), lengths(1)), (F4,), False),
    ("steps_over_integers", op("Slice", "data", "axes", "steps"), (F4, lengths(1), lengths(-2)), (F4,), False),
    ("steps_over_integers", op("Slice", "data"), (F4,), (F4,), False),
    ("steps_over_integers", op("Slice", "data", "steps"), (SHAPELESS, lengths(2)), (F4,), None),
    ("lacks_elements", op("Slice", "data"), (F4,), (Value("y", DType.FLOAT32, (0, 4)),), True),
    ("lacks_elements", op("Resize", "X", "roi"), (F4, Value("r", DType.FLOAT32, (0,), True)), (F4,), False),
    ("scales_bias", op("Gemm", beta=0.0), (F4,), (F4,), False),
    ("scales_bias", op("Gemm", beta=0.5), (F4,), (F4,), True),
    ("oblong_stacks", op("MatMul"), (stack(2, 7, 5), stack(2, 5, 3)), (stack(2, 7, 3),), True),
    ("oblong_stacks", op("MatMul"), (stack(2, 7, 5), stack(2, 5, 7)), (stack(2, 7, 7),), False),
    ("oblong_stacks", op("MatMul"), (stack(2, 7, 5), stack(1, 5, 3)), (stack(2, 7, 3),), False),
    ("oblong_stacks", op("MatMul"), (stack("N", 7, 5), stack(2, 5, 3)), (stack("N", 7, 3),), None),
    ("oblong_stacks", op("MatMul"), (stack("N", 7, 5), stack(1, 5, 3)), (stack("N", 7, 3),), False),
    ("oblong_stacks", op("MatMul"), (SHAPELESS, stack(2, 5, 3)), (SHAPELESS,), None),
    ("resizes_unlike_cpu", op("Resize"), (F4,), (Value("y", DType.FLOAT32, (1, 8, 16, 16)),), True),
    ("resizes_unlike_cpu", op("Resize"), (F4,), (Value("y", DType.FLOAT32, (1, 8, 16, 8)),), False),
    ("resizes_unlike_cpu", op("Resize"), (F4,), (Value("y", DType.FLOAT32, (1, 4, 16, 16)),), False),
    ("resizes_unlike_cpu", op("Resize"), (F5,), (Value("y", DType.FLOAT32, (1, 8, 16, 16, 8)),), True),
    ("resizes_unlike_cpu", op("Resize"), (WIDE,), (Value("y", DType.FLOAT32, (8, 16)),), False),
    ("resizes_unlike_cpu", op("Resize"), (OPEN,), (Value("y", DType.FLOAT32, ("N", 4, 16, 16)),), None),
    ("resizes_unlike_cpu", op("Resize"), (OPEN,), (Value("y", DType.FLOAT32, ("N", 8, 16, 16)),), True),
    ("resizes_unlike_cpu", op("Resize"), (F4,), (SHAPELESS,), None),
    ("scaled_by_channel", op("DequantizeLinear"), (BYTES, lengths(1, 2)), (F4,), True),
    ("scaled_by_channel", op("DequantizeLinear"), (BYTES, lengths(1)), (F4,), False),
    ("scaled_by_channel", op("DequantizeLinear"), (BYTES, SHAPELESS), (F4,), None),
    ("computed_limits", op("NonMaxSuppression"), (F4, F4, lengths(2), F4), (LONG5,), True),
    ("computed_limits", op("NonMaxSuppression"), (F4, F4, lengths(2)), (LONG5,), False),
]


@pytest.mark.parametrize(("name", "asked", "inputs", "outputs", "answer"), CASES)
def test_a_condition(
    name: str, asked: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...], answer: bool | None
) -> None:
    assert PREDICATES[name](asked, inputs, outputs) is answer


@pytest.mark.parametrize(
    ("equation", "has_form"),
    [
        ("bhqd,bhkd->bhqk", True),
        ("ij,jk->ik", True),
        ("bhwc,hkc->bhwk", True),
        ("bhwc,wkc->bhwk", True),
        ("bkhm,bnhk->bnhm", True),
        (" ij, jk -> ik ", True),
        ("i,j->ij", False),
        ("nctv,vw->nctw", False),
        ("ij->ji", False),
        ("...ij,...jk->...ik", False),
        ("ij,jk", False),
    ],
)
def test_an_equation(equation: str, has_form: bool) -> None:
    asked = op("Einsum", equation=equation)
    assert PREDICATES["equation_without_form"](asked, (F4, F4), (F4,)) is not has_form
