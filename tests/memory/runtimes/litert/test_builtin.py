from __future__ import annotations

from pathlib import Path

import edgeplan
from edgeplan.graph import Body, DType, Graph, Op, Value
from edgeplan.memory.pool import Pool
from edgeplan.memory.runtimes.litert.builtin import builtin_arena, builtin_pools

SAMPLES = Path(__file__).resolve().parents[4] / "samples"
OTHER = {
    "w": Value("w", DType.FLOAT32, (16,), True),
    "small": Value("small", DType.FLOAT32, (1,)),
    "half": Value("half", DType.FLOAT16, (16,), True),
    "shape": Value("shape", DType.INT32, (2,)),
}


def litert(
    *ops: tuple[str, tuple[str, ...], str],
    inputs: tuple[str, ...] = ("x",),
    outputs: tuple[str, ...] = ("y",),
    bodies: tuple[Body, ...] = (),
) -> Graph:
    """A chain of TFLite ops on tensors of 64 bytes; `bodies` are those of the last."""
    made = [Op(out, kind, reads, _ports(kind, reads), (out,)) for kind, reads, out in ops]
    if bodies:
        made[-1] = Op(made[-1].name, made[-1].type, made[-1].inputs, made[-1].ports, made[-1].outputs, bodies=bodies)
    names = dict.fromkeys((*inputs, *(n for op in made for n in (*op.inputs, *op.outputs))))
    values = {n: OTHER.get(n, Value(n, DType.FLOAT32, (16,))) for n in names}
    return Graph("g", "tflite", tuple(made), values, inputs, outputs)


def _ports(kind: str, reads: tuple[str, ...]) -> tuple[str, ...]:
    known = {"RESHAPE": ("input", "shape"), "SVDF": ("input", "feature_weights", "time_weights", "activation_state")}
    return known.get(kind, ("input",) * len(reads))[: len(reads)]


def lives(graph: Graph) -> dict[str, tuple[int, int]]:
    return {b.value: (b.born, b.dies) for b in builtin_arena(graph).arena.buffers}


def pools(graph: Graph) -> dict[str, Pool]:
    return {pool.name: pool for pool in builtin_pools(graph)}


def test_inputs_and_outputs_stay_to_the_end() -> None:
    graph = litert(("RELU", ("x",), "a"), ("ABS", ("a",), "b"), ("NEG", ("b",), "y"))
    assert lives(graph) == {"x": (0, 2), "a": (0, 1), "b": (1, 2), "y": (2, 2)}


def test_what_nobody_reads_stays_to_the_end() -> None:
    graph = litert(("RELU", ("x",), "lost"), ("ABS", ("x",), "b"), ("NEG", ("b",), "y"))
    assert lives(graph)["lost"] == (0, 2)


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
    assert {"x", "small", "a", "y"} <= set(lives(graph))


def test_an_op_that_a_delegate_runs_writes_over_nothing() -> None:
    graph = litert(("RELU", ("x",), "a"), ("ADD", ("w", "a"), "b"), ("NEG", ("b",), "y"))
    assert "b" in {b.value for b in builtin_arena(graph, own=(0, 2)).arena.buffers}


def test_state_lives_all_the_time_in_an_arena_of_its_own() -> None:
    found = pools(litert(("SVDF", ("x", "w", "w", "state"), "a"), ("RELU", ("a",), "y")))
    held = found["persistent arena"].arena
    assert [(b.value, b.born, b.dies, b.role) for b in held.buffers] == [("state", 0, 1, "state")]
    assert "state" not in {b.value for b in found["arena"].arena.buffers}


def test_a_constant_in_half_precision_is_kept_unpacked() -> None:
    found = pools(litert(("DEQUANTIZE", ("half",), "unpacked"), ("ADD", ("x", "unpacked"), "y")))
    assert found["persistent arena"].arena.size == 64
    assert {b.value for b in found["arena"].arena.buffers} == {"x", "y"}


def test_an_arena_ends_with_its_last_byte() -> None:
    """LiteRT's `high_water_mark_`: the start of a tensor is aligned, its end is not."""
    graph = litert(("RELU", ("x",), "small"), outputs=("small",))
    assert builtin_arena(graph).arena.size == 64 + 4


def test_after_a_result_of_unknown_size_tensors_are_placed_around_those_alive() -> None:
    """The large tensor behind the reshape would have come first, had all been placed at once."""
    values = {
        "x": Value("x", DType.FLOAT32, (4,)),
        "small": Value("small", DType.FLOAT32, (4,)),
        "shape": Value("shape", DType.INT32, (1,)),
        "late": Value("late", DType.FLOAT32, (4,)),
        "large": Value("large", DType.FLOAT32, (64,)),
        "y": Value("y", DType.FLOAT32, (4,)),
    }
    ops = (
        Op("small", "RELU", ("x",), ("input",), ("small",)),
        Op("shape", "CAST", ("x",), ("input",), ("shape",)),
        Op("late", "RESHAPE", ("x", "shape"), ("input", "shape"), ("late",)),
        Op("large", "TILE", ("small", "w"), ("input", "multiples"), ("large",)),
        Op("y", "MAXIMUM", ("large", "late"), ("lhs", "rhs"), ("y",)),
    )
    graph = Graph("g", "tflite", ops, {**values, "w": Value("w", DType.INT32, (1,), True)}, ("x",), ("y",))
    found = pools(graph)
    order = [b.value for b in found["arena"].arena.buffers]
    assert order.index("large") > order.index("late")
    assert "late" in {b.value for b in found["heap"].arena.buffers}


def body(kind: str) -> Body:
    inner = litert((kind, ("x",), "a"), ("ABS", ("a",), "y"))
    return Body("then", inner)


def test_a_body_has_an_arena_of_its_own_without_its_inputs() -> None:
    found = pools(litert(("RELU", ("x",), "a"), ("IF", ("small", "a"), "y"), bodies=(body("RELU"), body("NEG"))))
    held = found["bodies"].arena.buffers
    assert {(b.value, b.born, b.dies, b.role) for b in held} == {("y", 0, 1, "body")}
    assert [b.size for b in held] == [128, 128], "of both branches: each is prepared with the graph around it"
    assert "body" not in {b.role for b in found["arena"].arena.buffers}


def test_the_condition_of_a_loop_gets_copies_of_what_it_reads() -> None:
    loop = litert(("RELU", ("x",), "a"), ("WHILE", ("a",), "y"), bodies=(body("RELU"), body("RELU")))
    assert [b.size for b in pools(loop)["bodies"].arena.buffers] == [128 + 64, 128]


def test_a_graph_without_ops_holds_its_inputs() -> None:
    values = {"x": Value("x", DType.FLOAT32, (16,))}
    assert builtin_arena(Graph("g", "tflite", (), values, ("x",), ("x",))).arena.size == 64


def test_resource_variables_are_counted_once_on_the_heap() -> None:
    """Six ring buffers of a streaming network, each read, shifted and written in every call."""
    found = pools(edgeplan.load(SAMPLES / "hey_jarvis.tflite"))
    held = [b.size for b in found["heap"].arena.buffers if b.role == "state"]
    assert sorted(held) == [80, 120, 240, 480, 720, 1200]
    assert found["persistent arena"].arena.size == 5 * 64 + 4, "their handles"


def test_what_a_loop_hands_on_unread_takes_no_memory() -> None:
    values = {n: Value(n, DType.FLOAT32, (16,)) for n in ("x", "k", "a", "b", "y", "kept")}
    step = Graph(
        "body", "tflite", (Op("b", "ADD", ("a", "k"), ("lhs", "rhs"), ("b",)),), values, ("a", "k"), ("b", "k")
    )
    loop = Op("y", "WHILE", ("x", "k"), ("inputs",) * 2, ("y", "kept"), bodies=(Body("cond", step), Body("body", step)))
    placed = {b.value for b in builtin_arena(Graph("g", "tflite", (loop,), values, ("x", "k"), ("y",))).arena.buffers}
    assert placed == {"x", "k", "y"}
