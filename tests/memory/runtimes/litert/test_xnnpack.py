from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from edgeplan.graph import DType, Graph, Value
from edgeplan.memory.live import live_bytes
from edgeplan.memory.runtimes.litert import PROFILE
from edgeplan.memory.runtimes.litert.partitions import outside, part
from tests.memory.runtimes.litert.deployed import deployed, graph, op, terms, value

CHAIN = graph(
    [
        op("ABS", ("x",), "a"),
        op("CONCATENATION", ("a",), "b"),
        op("CONCATENATION", ("b",), "c"),
        op("ABS", ("c",), "y"),
    ],
    [value(n, 1000) for n in ("x", "a", "b", "c", "y")],
)
"""1000 floats from op to op, 4032 bytes when aligned."""

STEP = 4032


def sizes(where: Graph, *units: str) -> dict[str, int]:
    return {p.name: p.arena.size for p in PROFILE.pools(deployed(where, units))}


def test_only_what_goes_in_and_comes_out_of_a_part_lies_in_the_interpreters_arena() -> None:
    arena, workspace = PROFILE.pools(deployed(CHAIN))
    assert [b.value for b in arena.arena.buffers if b.size] == ["x", "y"]
    assert ({b.value for b in workspace.arena.buffers}, workspace.arena.size) == ({"a", "b", "c"}, 2 * STEP)


def test_between_two_parts_values_lie_in_the_arena() -> None:
    arena, workspace = PROFILE.pools(deployed(CHAIN, ("xnnpack", "xnnpack", "cpu", "xnnpack")))
    assert {b.value: (b.born, b.dies) for b in arena.arena.buffers} == {
        "x": (0, 3),
        "b": (0, 2),
        "c": (2, 3),
        "y": (3, 3),
    }
    assert workspace.arena.size == STEP


def test_parts_share_one_workspace_as_large_as_the_largest_needs() -> None:
    names = ["x", *"abcdef", "y"]
    long = graph(
        [op("CONCATENATION", (a,), b) for a, b in pairwise(names)],
        [value(n, 1000) for n in names],
    )
    assert sizes(long, *["xnnpack"] * 3, "cpu", *["xnnpack"] * 3)["XNNPACK workspace"] == 2 * STEP


def test_a_part_of_one_op_needs_no_workspace() -> None:
    assert list(sizes(CHAIN, "xnnpack", "cpu", "cpu", "xnnpack")) == ["arena"]


def test_without_xnnpack_there_is_no_workspace_and_no_packed_copy() -> None:
    assert "XNNPACK workspace" not in sizes(CHAIN, *["cpu"] * 4)
    assert not [name for name in terms(deployed(CHAIN, "cpu")) if "xnnpack" in name or "packed" in name]


def test_an_elementwise_op_writes_over_an_input_of_its_size_that_nobody_else_reads() -> None:
    def inner(first: str, reads: tuple[str, ...]) -> int:
        ops = [op("CONCATENATION", ("x",), "a"), op(first, ("a",), "b"), op("CONCATENATION", reads, "y")]
        where = graph(ops, [value(n, 1000) for n in ("x", "a", "b")] + [value("y", 1000 * len(reads))])
        return sizes(where, *["xnnpack"] * 3)["XNNPACK workspace"]

    assert inner("ABS", ("b",)) == STEP
    assert inner("ABS", ("a", "b")) == inner("TRANSPOSE", ("b",)) == 2 * STEP


def padded(amounts: tuple[int, ...], padding: str, again: bool = False) -> Graph:
    ops = [
        op("ABS", ("x",), "a"),
        op("PAD", ("a", "p"), "b"),
        op("CONV_2D", ("b", "w"), "y", padding=padding),
        *([op("ABS", ("b",), "z")] if again else ()),
    ]
    values = [value("x", 1, 8, 8, 16), value("a", 1, 8, 8, 16), value("b", 1, 10, 10, 16), value("y", 1, 8, 8, 16)]
    values += [value("w", 16, 3, 3, 16, const=True), value("z", 1, 10, 10, 16)]
    values.append(Value("p", DType.INT32, (4, 2), True, amounts))
    return graph(ops, values, outputs=("y", "z") if again else ("y",))


AROUND = (0, 0, 1, 1, 1, 1, 0, 0)


def test_a_pad_of_height_and_width_becomes_the_padding_of_the_convolution_behind_it() -> None:
    alone, both = 8 * 8 * 16 * 4, 8 * 8 * 16 * 4 + 10 * 10 * 16 * 4
    assert sizes(padded(AROUND, "VALID"), *["xnnpack"] * 3)["XNNPACK workspace"] == alone
    for kept in (padded(AROUND, "SAME"), padded((0, 0, 1, 1, 1, 1, 0, 1), "VALID"), padded(AROUND, "VALID", True)):
        assert sizes(kept, *["xnnpack"] * len(kept.ops))["XNNPACK workspace"] == both


def test_what_a_fused_pad_reads_still_has_one_reader_and_is_written_over() -> None:
    where = padded(AROUND, "VALID")
    first = op("CONCATENATION", ("x",), "before")
    ops = (first, op("ABS", ("before",), "a"), *where.ops[1:])
    longer = graph(ops, [*where.values.values(), value("before", 1, 8, 8, 16)])
    assert sizes(longer, *["xnnpack"] * 4)["XNNPACK workspace"] == 8 * 8 * 16 * 4


def test_an_activation_behind_two_operands_is_a_node_of_its_own() -> None:
    def of(activation: str) -> int:
        ops = [op("CONCATENATION", ("x",), "a"), op("CONCATENATION", ("x",), "b")]
        ops.append(op("ADD", ("a", "b"), "c", fused_activation_function=activation))
        ops.append(op("CONCATENATION", ("c", "c"), "y"))  # two readers: nothing is written over for it
        where = graph(ops, [value(n, 1000) for n in ("x", "a", "b", "c")] + [value("y", 2000)])
        return sizes(where, *["xnnpack"] * 4)["XNNPACK workspace"]

    assert (of("NONE"), of("RELU")) == (3 * STEP, 2 * STEP)


def test_the_terms_of_a_convolution_add_up() -> None:
    where = padded(AROUND, "VALID")
    found = terms(deployed(where))
    assert found["packed weights"].size.likely == 16 * (9 * 16 + 1) * 4
    assert found["window pointers"].size.likely == 9 * 64 * 8
    assert found["packed weights"].phase == "always"
    assert "unpacked weights" not in found
    assert all(term.evidence for term in found.values())


def test_kernels_of_other_processors_round_up_more() -> None:
    size = terms(deployed(padded(AROUND, "VALID")))["packed weights"].size
    assert size.low == size.likely < size.high == 2 * size.likely  # 16 channels are half a tile of 32


def test_a_delegates_part_is_one_op_of_the_interpreter() -> None:
    given = deployed(CHAIN, ("cpu", "xnnpack", "xnnpack", "cpu"))
    left = outside(CHAIN, given.segments, ("cpu",))
    assert [o.type for o in left.graph.ops] == ["ABS", "DELEGATE", "ABS"]
    assert (left.own, left.spans) == ({0, 2}, ((0, 0), (1, 2), (3, 3)))
    assert (left.graph.ops[1].inputs, left.graph.ops[1].outputs) == (("a",), ("c",))
    inner = part(CHAIN, (1, 2))
    assert (inner.inputs, inner.outputs) == (("a",), ("c",))


@given(st.lists(st.sampled_from(["cpu", "xnnpack", "gpu"]), min_size=4, max_size=4))
def test_pools_live_in_the_steps_of_the_whole_graph_and_fit_what_is_alive(units: list[str]) -> None:
    case = deployed(CHAIN, units)
    pools = PROFILE.pools(case)
    assert {pool.name for pool in pools} <= {term.name for term in PROFILE.terms(case, pools)}
    for pool in pools:
        assert all(0 <= b.born <= b.dies < 4 for b in pool.arena.buffers)
        assert max(live_bytes(pool.arena.buffers, 4), default=0) <= pool.arena.size
