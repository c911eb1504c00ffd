from __future__ import annotations

import pytest

from edgeplan.graph import DType, Graph, Op
from edgeplan.memory.runtimes.litert.packed import Tiles, packed, repacked
from edgeplan.memory.runtimes.litert.pointers import pointers
from edgeplan.memory.runtimes.litert.unpacked import unpacked
from tests.memory.runtimes.litert.deployed import graph, op, value

ARM = Tiles(floats=8, integers=16, channels=8, depth=4)


def conv(
    *filter_shape: int, dtype: DType = DType.FLOAT32, channels: int = 3, kind: str = "CONV_2D", **attrs: int
) -> Graph:
    filled = value("w", *filter_shape, dtype=dtype, const=True)
    made = value("y", 1, 10, 10, filter_shape[-1 if kind == "DEPTHWISE_CONV_2D" else 0], dtype=dtype)
    return graph([op(kind, ("x", "w"), "y", **attrs)], [value("x", 1, 10, 10, channels, dtype=dtype), filled, made])


def of(where: Graph, tiles: Tiles = ARM) -> int:
    return packed(where, where.ops[0], tiles)


def test_output_channels_are_rounded_up_to_a_tile_and_each_gets_a_bias() -> None:
    assert of(conv(10, 3, 3, 3)) == 16 * (27 + 1) * 4


def test_every_group_is_rounded_up_by_itself() -> None:
    assert of(conv(4, 3, 3, 2, channels=4)) == 2 * 8 * (18 + 1) * 4


def test_integer_weights_come_with_bias_and_scale_and_are_padded_in_depth() -> None:
    assert of(conv(16, 3, 3, 3, dtype=DType.INT8)) == 16 * (9 * 4 + 4 + 4)


def test_integer_weights_of_a_float_input_have_two_scales() -> None:
    values = [value("x", 1, 8), value("w", 16, 8, dtype=DType.INT8, const=True), value("y", 1, 16)]
    assert of(graph([op("FULLY_CONNECTED", ("x", "w"), "y")], values)) == 16 * (8 + 4 + 8)


def test_a_depthwise_filter_takes_the_smallest_kernel_it_fits() -> None:
    assert of(conv(1, 3, 3, 12, channels=12, kind="DEPTHWISE_CONV_2D")) == 16 * (9 + 1) * 4
    assert of(conv(1, 4, 4, 8, channels=8, kind="DEPTHWISE_CONV_2D")) == 8 * (25 + 1) * 4


def test_a_depthwise_filter_beyond_5_by_5_is_a_matrix_for_every_channel() -> None:
    assert of(conv(1, 7, 7, 96, channels=96, kind="DEPTHWISE_CONV_2D")) == 96 * 8 * (49 + 1) * 4


@pytest.mark.parametrize(("const", "kept", "anew"), [(True, 8 * (4 + 1) * 4, 0), (False, 0, 8 * (4 + 1) * 4)])
def test_the_second_operand_of_a_product_is_packed_once_or_in_every_run(const: bool, kept: int, anew: int) -> None:
    where = graph(
        [op("BATCH_MATMUL", ("x", "b"), "y")],
        [value("x", 1, 2, 4), value("b", 1, 4, 8, const=const), value("y", 1, 2, 8)],
    )
    assert (of(where), repacked(where, where.ops[0], ARM)) == (kept, anew)


def test_other_ops_pack_nothing() -> None:
    where = graph([op("ADD", ("x", "w"), "y")], [value("x", 8), value("w", 8, const=True), value("y", 8)])
    assert of(where) == 0


def test_a_filter_of_unknown_size_is_not_counted() -> None:
    where = conv(10, 3, 3, 3)
    free = {**where.values, "w": type(where.values["w"])("w", DType.FLOAT32, (None, 3, 3, 3), True)}
    assert of(Graph("g", "tflite", where.ops, free, where.inputs, where.outputs)) == 0


def test_a_filter_of_another_rank_is_none_that_is_packed() -> None:
    assert of(conv(10, 3, 3)) == of(conv(10, 3, 3, kind="DEPTHWISE_CONV_2D")) == 0


def test_a_convolution_keeps_a_pointer_for_every_pixel_of_every_window() -> None:
    where = conv(10, 3, 3, 3)
    assert pointers(where, where.ops[0]) == 9 * 100


def test_a_pointwise_convolution_keeps_none_unless_it_strides() -> None:
    plain, strided = conv(10, 1, 1, 3), conv(10, 1, 1, 3, stride_h=2, stride_w=2)
    assert (pointers(plain, plain.ops[0]), pointers(strided, strided.ops[0])) == (0, 100)


def test_neighbouring_windows_of_a_depthwise_convolution_share_columns() -> None:
    where = conv(1, 3, 3, 8, channels=8, kind="DEPTHWISE_CONV_2D", stride_w=1, stride_h=1)
    assert pointers(where, where.ops[0]) == 10 * (9 + 9 * 1 * 3)


def test_a_dilated_depthwise_convolution_shares_none() -> None:
    where = conv(1, 3, 3, 8, channels=8, kind="DEPTHWISE_CONV_2D", dilation_w_factor=2)
    assert pointers(where, where.ops[0]) == 10 * (9 + 9 * 3 * 3)


def test_a_pooling_and_a_resize_keep_pointers_too() -> None:
    pool = op("MAX_POOL_2D", ("x",), "y", filter_height=2, filter_width=2, stride_w=2, stride_h=2)
    values = [value("x", 1, 8, 8, 4), value("y", 1, 4, 4, 4)]
    assert pointers(graph([pool], values), pool) == 4 * (4 + 3 * 2 * 2)
    resize = op("RESIZE_BILINEAR", ("x",), "y")
    assert pointers(graph([resize], values), resize) == 16 * 5


def test_an_average_pooling_keeps_the_rows_at_its_edges_and_one_between() -> None:
    values = [value("x", 1, 8, 8, 4), value("y", 1, 8, 8, 4)]
    for padding, rows in (("SAME", 3), ("VALID", 1)):
        steps = {"filter_height": 3, "filter_width": 3, "stride_w": 1, "stride_h": 1}
        pool = op("AVERAGE_POOL_2D", ("x",), "y", padding=padding, **steps)
        assert pointers(graph([pool], values), pool) == rows * (9 + 7 * 3)


def test_an_upsampling_convolution_reaches_each_pixel_with_a_part_of_its_filter() -> None:
    values = [value("s", 4, dtype=DType.INT32, const=True), value("w", 8, 4, 4, 3, const=True), value("x", 1, 5, 5, 3)]
    up = op("TRANSPOSE_CONV", ("s", "w", "x"), "y", stride_h=2, stride_w=2)
    assert pointers(graph([up], [*values, value("y", 1, 10, 10, 8)]), up) == 4 * 100
    own = Op("y", "Convolution2DTransposeBias", ("x", "w"), ("input",) * 2, ("y",), domain="custom")
    assert pointers(graph([own], [*values, value("y", 1, 10, 10, 8)]), own) == 4 * 100


def half(reader: str, at: int = 1) -> Graph:
    reads = ["x", "x"]
    reads[at] = "d"
    values = [value("h", 8, 8, dtype=DType.FLOAT16, const=True), value("d", 8, 8, const=True), value("x", 8, 8)]
    ops = [op("DEQUANTIZE", ("h",), "d"), op(reader, reads, "y")]
    return graph(ops, [*values, value("y", 8, 8)])


def test_half_precision_weights_of_matrix_products_are_packed_from_the_file() -> None:
    where = half("FULLY_CONNECTED")
    assert unpacked(where, where.ops[0]) == 0


def test_half_precision_constants_of_other_ops_are_unpacked_and_kept() -> None:
    added, first = half("ADD"), half("FULLY_CONNECTED", at=0)
    assert unpacked(added, added.ops[0]) == unpacked(first, first.ops[0]) == 256


def test_sparse_weights_are_unpacked_even_for_a_convolution() -> None:
    values = [value("s", 8, 1, 1, 8, const=True), value("w", 8, 1, 1, 8, const=True), value("x", 1, 4, 4, 8)]
    ops = [op("DENSIFY", ("s",), "w"), op("CONV_2D", ("x", "w"), "y")]
    where = graph(ops, [*values, value("y", 1, 4, 4, 8)])
    assert [unpacked(where, o) for o in where.ops] == [256, 0]
