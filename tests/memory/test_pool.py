from __future__ import annotations

from edgeplan.frontends.onnx import parse_text
from edgeplan.memory.lifetimes import ArenaRules
from edgeplan.memory.pool import Pool, plan_pool, running_order

BODY = """g (float[64] x, bool b) => (y) {
    y = If (b) <then_branch = t () => (float[64] p) { c = Neg (x) p = Relu (c) },
                else_branch = e () => (q) { q = Foo (x) }>
}"""


def test_a_region_holds_what_its_op_needs_for_its_largest_body() -> None:
    pool = plan_pool(parse_text(BODY), ArenaRules(), "region")
    assert pool.name == "region"
    assert {b.role: b.size for b in pool.arena.buffers}["body"] == 2 * 256  # c and p side by side


def test_values_of_unknown_size_are_named_those_of_bodies_included() -> None:
    assert set(plan_pool(parse_text(BODY), ArenaRules()).unsized) >= {"q"}


def test_the_order_is_that_of_the_pool_that_has_one() -> None:
    arena = plan_pool(parse_text("g (float[4] x) => (y) { y = Neg (x) }"), ArenaRules()).arena
    assert running_order(()) == running_order((Pool("a", arena),)) == ()
    assert running_order((Pool("a", arena), Pool("b", arena, order=(1, 0)))) == (1, 0)
