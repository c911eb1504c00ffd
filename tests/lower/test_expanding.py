"""The forms that coremltools 9.0 writes (rules/coreml/runs/2026-11-22-compressed-weights.csv)."""

from __future__ import annotations

import pytest

from edgeplan.graph import DType, Op, Value
from edgeplan.lower.expanding import Expander
from edgeplan.lower.scheme import parse_scheme

CONV = (40, 48, 3, 3)
LINEAR = (1000, 32)
MATMUL = (1000, 64)
UP = (64, 32, 2, 2)


def expanded(
    scheme: str, shape: tuple[int, ...], axes: tuple[int, int] = (0, 1), recent: bool = True, dialect: str = "mil"
) -> list[tuple[str, dict[str, tuple[DType | None, tuple[int, ...] | None]]]]:
    """Type of op by op, with the type and the shape of each input by port."""
    to = Expander(parse_scheme(scheme), dialect, recent)
    weight = Value("w", DType.FLOAT16, shape, const=True)
    ops = to.ops(weight, axes, ("source",))
    last = to.values[ops[-1].outputs[0]]
    assert (last.dtype, last.shape) == (weight.dtype, weight.shape)
    assert all(op.sources == ("source",) for op in ops)

    def inputs(op: Op) -> dict[str, tuple[DType | None, tuple[int, ...] | None]]:
        return {p: (to.values[n].dtype, to.values[n].sizes) for p, n in zip(op.ports, op.inputs, strict=True)}

    return [(op.type, inputs(op)) for op in ops]


HALF, I8, I4, U1, U3, U4, U8, U32 = (
    DType.FLOAT16, DType.INT8, DType.INT4, DType.UINT1, DType.UINT3, DType.UINT4, DType.UINT8, DType.UINT32,
)  # fmt: skip


@pytest.mark.parametrize(
    ("scheme", "shape", "axes", "inputs"),
    [
        ("w8", CONV, (0, 1), {"quantized_data": (I8, CONV), "scale": (HALF, (40,)), "zero_point": (I8, (40,))}),
        ("w8-tensor", CONV, (0, 1), {"quantized_data": (I8, CONV), "scale": (HALF, ()), "zero_point": (I8, ())}),
        ("w8", UP, (1, 0), {"quantized_data": (I8, UP), "scale": (HALF, (32,)), "zero_point": (I8, (32,))}),
        ("w8", MATMUL, (1, 0), {"quantized_data": (I8, MATMUL), "scale": (HALF, (64,)), "zero_point": (I8, (64,))}),
    ],
)
def test_8_bits_by_channel_or_tensor_are_affine(
    scheme: str, shape: tuple[int, ...], axes: tuple[int, int], inputs: dict[str, object]
) -> None:
    assert expanded(scheme, shape, axes) == [("constexpr_affine_dequantize", inputs)]


@pytest.mark.parametrize(
    ("scheme", "shape", "axes", "scale"),
    [
        ("w4", CONV, (0, 1), (40, 1, 1, 1)),
        ("w4", UP, (1, 0), (1, 32, 1, 1)),
        ("w4", MATMUL, (1, 0), (1, 64)),
        ("w4-tensor", CONV, (0, 1), (1, 1, 1, 1)),
        ("w4-block32", UP, (1, 0), (2, 32, 1, 1)),
        ("w4-block32", (500, 64), (0, 1), (500, 2)),
        ("w4-block32", LINEAR, (0, 1), (1000, 1)),
    ],
)
def test_4_bits_have_scales_of_the_rank_of_the_weight(
    scheme: str, shape: tuple[int, ...], axes: tuple[int, int], scale: tuple[int, ...]
) -> None:
    inputs = {"data": (I4, shape), "scale": (HALF, scale)}
    assert expanded(scheme, shape, axes) == [("constexpr_blockwise_shift_scale", inputs)]


@pytest.mark.parametrize(
    ("scheme", "recent", "shape", "axes", "inputs"),
    [
        ("palette4", False, CONV, (0, 1), {"indices": (U8, (8640,)), "lut": (HALF, (16,)), "shape": (U32, (4,))}),
        ("palette1", False, LINEAR, (0, 1), {"indices": (U8, (4000,)), "lut": (HALF, (2,)), "shape": (U32, (2,))}),
        ("palette3", True, CONV, (0, 1), {"indices": (U3, CONV), "lut": (HALF, (1, 1, 1, 1, 8, 1))}),
        ("palette3", False, CONV, (0, 1), {"indices": (U3, CONV), "lut": (HALF, (1, 1, 1, 1, 8, 1))}),
        ("palette4-group16", True, UP, (1, 0), {"indices": (U4, UP), "lut": (HALF, (1, 2, 1, 1, 16, 1))}),
        ("palette4-group16", True, MATMUL, (1, 0), {"indices": (U4, MATMUL), "lut": (HALF, (1, 4, 16, 1))}),
    ],
)
def test_palettes(
    scheme: str, recent: bool, shape: tuple[int, ...], axes: tuple[int, int], inputs: dict[str, object]
) -> None:
    assert expanded(scheme, shape, axes, recent) == [("constexpr_lut_to_dense", inputs)]


@pytest.mark.parametrize(
    ("recent", "inputs"),
    [
        (False, {"nonzero_data": (HALF, (8640,)), "mask": (U8, (2160,)), "shape": (U32, (4,))}),
        (True, {"nonzero_data": (HALF, (8640,)), "mask": (U1, CONV)}),
    ],
)
def test_zeros_are_bits_of_a_mask(recent: bool, inputs: dict[str, object]) -> None:
    assert expanded("sparse50", CONV, recent=recent) == [("constexpr_sparse_to_dense", inputs)]


@pytest.mark.parametrize("recent", [True, False])
def test_joint_forms_are_two_ops(recent: bool) -> None:
    dense = ("constexpr_sparse_to_dense", {"nonzero_data": (HALF, (8640,)), "mask": (U1, CONV)})
    quantised = {"data_mask": (U1, CONV), "nonzero_data": (I8, (8640,)), "scale": (HALF, (40, 1, 1, 1))}
    assert expanded("sparse50-w8", CONV, recent=recent) == [
        ("constexpr_sparse_blockwise_shift_scale", quantised),
        dense,
    ]
    indexed = {
        "indices_mask": (U1, CONV), "indices_nonzero_data": (U4, (8640,)), "lut": (HALF, (1, 1, 1, 1, 16, 1)),
    }  # fmt: skip
    assert expanded("sparse50-palette4", CONV, recent=recent) == [("constexpr_lut_to_sparse", indexed), dense]


@pytest.mark.parametrize(
    ("scheme", "stored", "scale"),
    [("w8", I8, (48,)), ("w4-tensor", I4, ()), ("w4-block32", I4, (2, 48))],
)
def test_onnx_dequantises(scheme: str, stored: DType, scale: tuple[int, ...]) -> None:
    inputs = {"x": (stored, (64, 48)), "x_scale": (HALF, scale)}
    assert expanded(scheme, (64, 48), (1, 0), dialect="onnx") == [("DequantizeLinear", inputs)]


def test_a_block_says_its_axis_and_size() -> None:
    to = Expander(parse_scheme("w4-block32"), "onnx", recent=False)
    (op,) = to.ops(Value("w", DType.FLOAT32, (64, 128), const=True), (1, 0), ())
    assert (op.attrs, op.version) == ({"axis": 0, "block_size": 32}, 21)
