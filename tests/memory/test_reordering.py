from __future__ import annotations

from edgeplan.frontends.onnx import parse_text
from edgeplan.memory.order import broken_by
from edgeplan.memory.reordering import in_lower_order

FORK = """g (float[1,1,32,32] x) => (y) <int64[4] small = {64,1,3,3}, int64[4] large = {64,1,5,5}> {
    w = ConstantOfShape (small) v = ConstantOfShape (large) a = Conv (x, w) b = Conv (x, v)
    p = GlobalAveragePool (a) q = GlobalAveragePool (b) y = Add (p, q)
}"""
"""Two large results, each reduced at once in the better order."""


def test_the_graph_stands_in_the_order_that_is_reported() -> None:
    graph = parse_text(FORK)
    found = in_lower_order(graph)
    assert tuple(op.name for op in found.graph.ops) == found.order.ops
    assert sorted(found.order.ops) == sorted(op.name for op in graph.ops)
    assert found.order.after < found.order.before
    at = {op.name: i for i, op in enumerate(graph.ops)}
    order = [at[name] for name in found.order.ops]
    assert broken_by(graph, order) is None
    assert found.order.moved == sum(i != j for i, j in enumerate(order)) > 0


def test_where_nothing_is_won_the_graph_stays() -> None:
    graph = parse_text("g (float[16] x) => (y) { a = Relu (x) y = Neg (a) }")
    found = in_lower_order(graph)
    assert found.graph is graph
    assert (found.order.moved, found.order.before) == (0, found.order.after)
