from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from edgeplan.graph import DType, Graph, Op, Value
from edgeplan.memory.overlap import overlaps
from edgeplan.memory.runtimes.litert.builtin import builtin_pools
from edgeplan.memory.runtimes.litert.planner import ALIGNMENT

KINDS = ("ADD", "CONCATENATION", "MUL", "RELU", "RESHAPE", "SOFTMAX")


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Ops that read any two earlier tensors, of sizes that are not multiples of the alignment."""
    values = {"x": Value("x", DType.FLOAT32, (40,))}
    ops: list[Op] = []
    for i in range(draw(st.integers(0, 25))):
        kind, out = draw(st.sampled_from(KINDS)), f"t{i}"
        reads = tuple(draw(st.lists(st.sampled_from(sorted(values)), min_size=1, max_size=2)))
        if kind == "RESHAPE":
            reads = reads[:1]
        shape = values[reads[0]].shape if kind == "RESHAPE" else (draw(st.sampled_from((1, 7, 40, 41, 300))),)
        ops.append(Op(out, kind, reads, ("input",) * len(reads), (out,)))
        values[out] = Value(out, DType.FLOAT32, shape)
    outputs = draw(st.lists(st.sampled_from(sorted(values)), min_size=1, max_size=3, unique=True))
    return Graph("g", "tflite", tuple(ops), values, ("x",), tuple(outputs))


@given(graphs())
def test_no_two_tensors_that_live_at_once_overlap(graph: Graph) -> None:
    arena = builtin_pools(graph)[0].arena
    assert not overlaps(arena)
    assert all(offset % ALIGNMENT == 0 for offset in arena.offsets)
    assert arena.size >= arena.bound


@given(graphs())
def test_what_is_read_stays_until_then(graph: Graph) -> None:
    """Of tensors with a buffer of their own; the others lie in that of an earlier one, which lives as long."""
    dies = {b.value: b.dies for b in builtin_pools(graph)[0].arena.buffers}
    for i, op in enumerate(graph.ops):
        assert all(dies[name] >= i for name in op.inputs if name in dies)
    assert all(dies.get(name, len(graph.ops)) >= len(graph.ops) - 1 for name in graph.outputs)


def sized(**bytes_of: int) -> dict[str, Value]:
    return {name: Value(name, DType.INT8, (size,)) for name, size in bytes_of.items()}


def test_what_lives_all_the_time_comes_first_then_the_largest_then_the_earliest() -> None:
    values = sized(x=8, small=64, large=640, second=64, y=4)
    ops = (
        Op("small", "RELU", ("x",), ("x",), ("small",)),
        Op("large", "TANH", ("small",), ("input",), ("large",)),
        Op("second", "TANH", ("large",), ("input",), ("second",)),
        Op("y", "TANH", ("second",), ("input",), ("y",)),
    )
    arena = builtin_pools(Graph("g", "tflite", ops, values, ("x",), ("y",)))[0].arena
    assert [b.value for b in arena.buffers] == ["x", "large", "small", "second", "y"]
    assert arena.offsets == (0, 64, 704, 704, 64)
