from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from edgeplan.graph import Attr, DType, Graph, Op, Value
from edgeplan.memory.runtimes.litert.call import Call
from edgeplan.memory.runtimes.litert.homes import homes
from edgeplan.memory.runtimes.litert.scratch import scratch

F32, I8 = DType.FLOAT32, DType.INT8
Operand = tuple[str, tuple[int | None, ...], DType]


def asked(
    kind: str,
    operands: Sequence[Operand],
    result: tuple[int, ...],
    attrs: Mapping[str, Attr] | None = None,
    *,
    stored: Sequence[str] = (),
    quantization: str = "",
    domain: str = "",
) -> list[tuple[int, str]]:
    """The temporaries of one op; operands named in `stored` are constants."""
    values = {
        port: Value(port, dtype, shape, port in stored, quantization=quantization) for port, shape, dtype in operands
    }
    ports = tuple(port for port, _, _ in operands)
    op = Op("op", kind, ports, ports, ("result",), attrs or {}, domain)
    values["result"] = Value("result", operands[0][2], result)
    graph = Graph("g", "tflite", (op,), values, tuple(p for p in ports if p not in stored), ("result",))
    return [(t.size, t.home) for t in scratch(Call(op, values, homes(graph, range(1)))) if t.size]


def conv(stride: int, window: int, weights: DType = F32, quantization: str = "") -> list[tuple[int, str]]:
    """A convolution from [1, 32, 32, 3] to 16 channels, as in the first layer of MLPerf Tiny's ResNet."""
    side = 32 // stride
    operands = [("input", (1, 32, 32, 3), F32), ("filter", (16, window, window, 3), weights)]
    attrs = {"stride_h": stride, "stride_w": stride, "dilation_h_factor": 1, "dilation_w_factor": 1}
    return asked("CONV_2D", operands, (1, side, side, 16), attrs, stored=("filter",), quantization=quantization)


@pytest.mark.parametrize(("stride", "window", "size"), [(1, 3, 32 * 32 * 27 * 4), (2, 1, 16 * 16 * 3 * 4), (1, 1, 0)])
def test_a_convolution_is_unrolled(stride: int, window: int, size: int) -> None:
    assert conv(stride, window) == ([(size, "arena")] if size else [])


def test_a_hybrid_convolution_quantises_its_input() -> None:
    plain = [(32 * 32 * 3, "arena"), (4 * 32 * 32, "arena"), (4 * 32 * 32 * 16, "arena")]
    assert conv(1, 1, I8, "per-tensor") == plain
    assert conv(1, 3, I8, "per-channel") == [
        (32 * 32 * 27, "arena"),
        *plain,
        (4 * 32 * 32, "arena"),
        (4 * 16, "persistent"),
    ]


def test_an_unrolled_convolution_of_a_gibibyte_is_not() -> None:
    operands = [("input", (1, 2048, 2048, 8), F32), ("filter", (8, 3, 3, 8), F32)]
    assert not asked("CONV_2D", operands, (1, 2048, 2048, 8), stored=("filter",))


def test_a_transposed_convolution_works_on_the_heap() -> None:
    operands = [("output_shape", (4,), DType.INT32), ("weights", (2, 3, 3, 8), I8), ("input", (1, 4, 4, 8), I8)]
    found = asked("TRANSPOSE_CONV", operands, (1, 8, 8, 2), stored=("output_shape", "weights"))
    assert found == [(4 * 16 * 18, "heap"), (144, "heap"), (4 * 128, "heap")]


def test_a_product_transposes_both_operands_and_keeps_a_constant_one() -> None:
    operands = [("x", (2, 4, 8), F32), ("y", (2, 8, 5), F32)]
    assert asked("BATCH_MATMUL", operands, (2, 4, 5)) == [(256, "arena"), (320, "arena")]
    assert asked("BATCH_MATMUL", operands, (2, 4, 5), stored=("y",)) == [(256, "arena"), (320, "persistent")]


def test_a_layer_of_floats_asks_for_nothing_and_a_hybrid_one_for_five() -> None:
    floats = [("input", (2, 8), F32), ("filter", (3, 8), F32)]
    assert not asked("FULLY_CONNECTED", floats, (2, 3), stored=("filter",))
    hybrid = [("input", (2, 8), F32), ("filter", (3, 8), I8)]
    assert asked("FULLY_CONNECTED", hybrid, (2, 3), stored=("filter",)) == [
        (16, "arena"),
        (8, "arena"),
        (24, "arena"),
        (8, "arena"),
        (12, "persistent"),
    ]


def test_a_layer_of_four_bits_works_in_blocks() -> None:
    operands = [("input", (3, 40), F32), ("filter", (6, 40), DType.INT4)]
    found = asked("FULLY_CONNECTED", operands, (3, 6), stored=("filter",))
    assert found == [(4 * 64, "arena"), (16, "arena"), (4 * 4 * 8, "arena"), (16, "arena")]


def lstm(kind: str, dtype: DType, weights: DType, *more: Operand, shape: tuple[int, ...]) -> list[tuple[int, str]]:
    operands: list[Operand] = [
        ("input", shape, dtype),
        *((f"input_to_{gate}_weights", (6, 4), weights) for gate in ("input", "forget", "cell", "output")),
        ("recurrent_to_output_weights", (6, 6), weights),
        ("input_activation_state", (1, 6), dtype),
        ("input_cell_state", (1, 6), dtype),
        *more,
    ]
    return asked(kind, operands, (*shape[:-1], 6), {"kernel_type": "FULL"}, stored=[p for p, *_ in operands[1:6]])


def test_an_lstm_keeps_the_gates_of_one_step() -> None:
    assert lstm("LSTM", F32, F32, shape=(1, 4)) == [(4 * 5 * 6, "arena")]
    assert lstm("UNIDIRECTIONAL_SEQUENCE_LSTM", F32, F32, shape=(1, 9, 4)) == [(4 * (5 * 6 + 16), "arena")]


def test_an_lstm_of_bytes_has_six_buffers() -> None:
    found = lstm("UNIDIRECTIONAL_SEQUENCE_LSTM", I8, I8, shape=(1, 9, 4))
    assert found == [(n, "arena") for n in (12, 12, 12, 12, 6, 24)]


def test_a_hybrid_lstm_keeps_the_sums_of_its_weights_rows() -> None:
    found = lstm("LSTM", F32, I8, shape=(1, 4))
    assert found[-1] == (4 * 6 * 8, "persistent")
    assert len(found) == 12


def test_a_mean_resolves_its_axes_and_sums_apart() -> None:
    found = asked("MEAN", [("input", (1, 8, 8, 3), I8), ("axis", (2,), DType.INT32)], (1, 3), stored=("axis",))
    assert found == [(16, "arena"), (8, "arena"), (12, "arena")]


def test_a_maximum_needs_no_sums() -> None:
    found = asked("REDUCE_MAX", [("input", (1, 8, 8, 3), F32), ("axes", (2,), DType.INT32)], (1, 3), stored=("axes",))
    assert found == [(16, "arena"), (8, "arena")]


def test_a_spectrum_works_on_doubles() -> None:
    operands = [("input", (1, 512), F32), ("fft_length", (2,), DType.INT32)]
    found = asked("RFFT2D", operands, (1, 257), stored=("fft_length",))
    assert found == [(4 * 18, "arena"), (8 * (128 + 128), "arena"), (8, "arena"), (8 * 514, "arena")]


def test_boxes_are_decoded_before_they_are_sorted_out() -> None:
    operands = [("boxes", (1, 10, 4), F32), ("scores", (1, 10, 3), F32), ("anchors", (10, 4), F32)]
    found = asked("TFLite_Detection_PostProcess", operands, (1, 5, 4), domain="custom")
    assert found == [(160, "arena"), (120, "arena")]


def test_what_hangs_on_an_open_size_is_left_out() -> None:
    operands = [("x", (None, 4, 8), F32), ("y", (2, 8, 5), F32)]
    assert asked("BATCH_MATMUL", operands, (2, 4, 5)) == []
