from __future__ import annotations

from collections.abc import Callable

from edgeplan.frontends.onnx import parse_text
from edgeplan.memory.deployment import Deployment, constants
from edgeplan.target import Target

TWICE = """g (float[1,4] x) => (y) <float[4,4] w = {1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1}, float[4] lone = {1,2,3,4}> {
    a = MatMul (x, w)
    y = MatMul (a, w)
}"""
BODY = """g (float[4] x, bool b) => (y) <float[4] v = {1,2,3,4}> {
    y = If (b) <then_branch = t () => (float[4] p) { p = Add (x, v) },
                else_branch = e () => (float[4] q) <float[4] u = {1,2,3,4}> { q = Add (x, u) }>
}"""


def deployed(toy: Callable[..., Target], text: str, *units: str) -> Deployment:
    return Deployment(parse_text(text), toy(), units, ())


def test_a_constant_counts_once_and_only_where_it_is_read(toy: Callable[..., Target]) -> None:
    given = deployed(toy, TWICE, "npu", "cpu")
    assert set(given.constants) == {"w"}
    assert given.weights == 16 * 4


def test_constants_of_bodies_count() -> None:
    assert sorted(v.bytes or 0 for v in constants(parse_text(BODY)).values()) == [16, 16]


def test_the_ops_of_a_unit_are_told_by_index(toy: Callable[..., Target]) -> None:
    given = deployed(toy, TWICE, "npu", "cpu")
    assert (given.on("npu"), given.on("cpu"), given.on("gpu")) == ({0}, {1}, frozenset())


def test_what_stages_share_is_made_once_for_each_deployment(toy: Callable[..., Target]) -> None:
    asked: list[Deployment] = []

    def make(given: Deployment) -> int:
        asked.append(given)
        return len(given.units)

    one, other = deployed(toy, TWICE, "npu", "cpu"), deployed(toy, TWICE, "npu", "cpu")
    assert [one.once(make), one.once(make), other.once(make)] == [2, 2, 2]
    assert len(asked) == 2
