from __future__ import annotations

from edgeplan.cost.flow import Flow
from edgeplan.cost.sizes import Sizes, reads_partly
from edgeplan.cost.work import work_of
from edgeplan.frontends.onnx import parse_text
from edgeplan.graph import DType, Graph, Op, Value


def flow(text: str, computed: str = "model") -> Flow:
    graph = parse_text(text)
    return Flow(graph, [work_of(graph, op) for op in graph.ops], computed)


def test_views_are_looked_through() -> None:
    found = flow(
        "g (float[4,2] x) => (float[8] y, float[4,2] z) { a = Relu (x) b = Flatten (a) y = Exp (b) z = Neg (a) }"
    )
    assert found.families == ["activation", "", "activation", "activation"]
    assert found.reads == [("x",), ("a",), ("a",), ("a",)]
    assert found.readers == {"x": [0], "a": [2, 3]}
    assert found.root == {"b": "a"}


def test_a_value_read_twice_by_one_op_is_named_once() -> None:
    assert flow("g (float[4] x) => (float[4] y) { y = Mul (x, x) }").reads == [("x",)]


def test_open_sizes_are_told_and_count_for_nothing() -> None:
    found = flow("g (float[N,4] x) => (float[N,4] y) { y = Relu (x) }")
    assert (found.open, found.moved) == (True, [0])
    assert not flow("g (float[2,4] x) => (float[2,4] y) { y = Relu (x) }").open


def sizes(*values: Value, bits: int = 0, row: int = 1) -> Sizes:
    return Sizes(Graph("g", "onnx", (), {v.name: v for v in values}, (), ()), bits, row)


def test_floats_are_held_narrower_and_rows_rounded_up_but_for_weights() -> None:
    shape = (2, 3, 5)
    value, weight = (Value(n, DType.FLOAT32, shape, const=n == "w") for n in "vw")
    assert sizes(value).whole("v") == 120
    assert sizes(value, bits=16).whole("v") == 60
    assert sizes(value, bits=16, row=64).whole("v") == 6 * 64
    assert sizes(weight, bits=16, row=64).whole("w") == 60


def test_what_no_unit_widens_stays_and_what_is_unknown_takes_nothing() -> None:
    assert sizes(Value("v", DType.INT8, (10,)), bits=16).whole("v") == 10
    assert sizes(Value("v", DType.FLOAT32, ("N", 4))).whole("v") == 0


def test_a_lookup_reads_no_more_than_it_hands_on() -> None:
    table, rows = Value("t", DType.FLOAT32, (1000, 4), const=True), Value("r", DType.FLOAT32, (2, 4))
    op = Op("g", "Gather", ("t",), ("data",), ("r",))
    assert reads_partly(op)
    assert sizes(table, rows).part(op, "t") == 32
    assert not reads_partly(Op("a", "Add", ("t",), ("A",), ("r",)))
