from __future__ import annotations

from pathlib import Path

import pytest

import edgeplan
from edgeplan.graph import DType, Graph, Op, Value
from edgeplan.memory.runtimes.litert.builtin import builtin_arena
from edgeplan.memory.runtimes.litert.states import states

SAMPLES = Path(__file__).resolve().parents[3] / "samples"
OTHER = {"w": Value("w", DType.FLOAT32, (16,), True), "small": Value("small", DType.FLOAT32, (1,))}


def litert(
    *ops: tuple[str, tuple[str, ...], str], inputs: tuple[str, ...] = ("x",), outputs: tuple[str, ...] = ("y",)
) -> Graph:
    """A chain of TFLite ops on tensors of 64 bytes."""
    made = [Op(out, kind, reads, ("input",) * len(reads), (out,)) for kind, reads, out in ops]
    names = {*inputs, *(n for op in made for n in (*op.inputs, *op.outputs))}
    values = {n: OTHER.get(n, Value(n, DType.FLOAT32, (16,))) for n in names}
    return Graph("g", "tflite", tuple(made), values, inputs, outputs)


def lives(graph: Graph) -> dict[str, tuple[int, int]]:
    return {b.value: (b.born, b.dies) for b in builtin_arena(graph).arena.buffers}


def test_inputs_and_outputs_stay_to_the_end() -> None:
    graph = litert(("RELU", ("x",), "a"), ("ABS", ("a",), "b"), ("NEG", ("b",), "y"))
    assert lives(graph) == {"x": (0, 2), "a": (0, 1), "b": (1, 2), "y": (2, 2)}


def test_an_op_writes_over_an_input_that_nobody_else_reads() -> None:
    graph = litert(("RELU", ("x",), "a"), ("ADD", ("w", "a"), "b"), ("NEG", ("b",), "y"))
    assert lives(graph) == {"x": (0, 2), "a": (0, 2), "y": (2, 2)}


def test_an_input_that_is_read_again_is_not_written_over() -> None:
    graph = litert(("RELU", ("x",), "a"), ("ADD", ("a", "w"), "b"), ("MUL", ("b", "a"), "c"), ("NEG", ("c",), "y"))
    assert lives(graph) == {"x": (0, 3), "a": (0, 2), "b": (1, 3), "y": (3, 3)}


def test_neither_inputs_nor_outputs_of_the_graph_are_written_over() -> None:
    assert set(lives(litert(("SOFTMAX", ("x",), "a"), ("SOFTMAX", ("a",), "y")))) == {"x", "a", "y"}


def test_a_view_shares_even_what_others_read() -> None:
    graph = litert(("RELU", ("x",), "a"), ("RESHAPE", ("a",), "v"), ("ABS", ("v",), "b"), ("PRELU", ("b", "a"), "y"))
    assert lives(graph) == {"x": (0, 3), "a": (0, 3), "b": (2, 3), "y": (3, 3)}


def test_what_a_view_shows_is_not_written_over_while_others_read_it() -> None:
    graph = litert(
        ("RELU", ("x",), "a"), ("RESHAPE", ("a",), "v"), ("MUL", ("v", "w"), "b"), ("PRELU", ("b", "a"), "y")
    )
    assert lives(graph)["b"] == (2, 3)


def test_a_tensor_of_four_bytes_is_never_written_over() -> None:
    graph = litert(("SUM", ("x", "w"), "small"), ("SOFTMAX", ("small",), "a"), ("ADD", ("a", "w"), "y"))
    assert set(lives(graph)) == {"x", "small", "a", "y"}


def test_state_lives_all_the_time() -> None:
    graph = litert(("SVDF", ("x", "w", "w", "state"), "a"), ("RELU", ("a",), "y"))
    assert states(graph) == {"state": 64}
    assert builtin_arena(graph).arena.size == 64 * 4


def conv(stride: int, window: int) -> Graph:
    """A convolution from [1, 32, 32, 3] to 16 channels, as in the first layer of MLPerf Tiny's ResNet."""
    side = 32 // stride
    values = {
        "x": Value("x", DType.FLOAT32, (1, 32, 32, 3)),
        "w": Value("w", DType.FLOAT32, (16, window, window, 3), True),
        "y": Value("y", DType.FLOAT32, (1, side, side, 16)),
    }
    attrs = {"stride_h": stride, "stride_w": stride, "dilation_h_factor": 1, "dilation_w_factor": 1}
    op = Op("c", "CONV_2D", ("x", "w"), ("input", "filter"), ("y",), attrs)
    return Graph("g", "tflite", (op,), values, ("x",), ("y",))


@pytest.mark.parametrize(
    ("stride", "window", "scratch"), [(1, 3, 32 * 32 * 27 * 4), (2, 1, 16 * 16 * 3 * 4), (1, 1, 0)]
)
def test_a_convolution_on_the_runtimes_own_kernel_is_unrolled(stride: int, window: int, scratch: int) -> None:
    graph = conv(stride, window)
    assert builtin_arena(graph).arena.size - builtin_arena(graph, own=()).arena.size == scratch


def test_resource_variables_are_counted_once() -> None:
    """Six ring buffers of a streaming network, each read, shifted and written in every call."""
    held = states(edgeplan.load(SAMPLES / "hey_jarvis.tflite"))
    assert sorted(v or 0 for v in held.values()) == [80, 120, 240, 480, 720, 1200]
