from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest

from edgeplan.cost.estimate import Estimate
from edgeplan.cost.latency import Latency
from edgeplan.frontends.onnx import parse_text
from edgeplan.memory.range import Range
from edgeplan.plan import Plan, analyze_graph
from edgeplan.surgery.standing import weigh
from edgeplan.target import Target

Toy = Callable[..., Target]
ALL_RUN = 'id = "all"\nops = ["*"]\nunit = ["npu", "cpu"]\nverdict = "runs"\n'
NO_TAN = 'id = "tan"\nops = ["Tan", "Conv"]\nunit = ["npu"]\nverdict = "refuses"\nwhy = "No."\n'
NOWHERE = 'id = "sin"\nops = ["Sin"]\nunit = ["npu", "cpu"]\nverdict = "refuses"\nwhy = "No."\n'
ONE = "g (float[1,64] x) => (y) { y = Relu (x) }"
PLANS: Mapping[str, str] = {
    "best": ONE,
    "two ops": "g (float[1,64] x) => (y) { a = Relu (x) y = Neg (a) }",
    "off": "g (float[1,64] x) => (y) { a = Relu (x) y = Tan (a) }",
    "cut": "g (float[1,64] x) => (y) { a = Relu (x) b = Tan (a) y = Relu (b) }",
    "work off": """g (float[1,1,8,8] x) => (y) <float[1,1,1,1] w = {1}> { y = Conv (x, w) }""",
    "stops": "g (float[1,64] x) => (y) { y = Sin (x) }",
    "stops twice": "g (float[1,64] x) => (y) { a = Sin (x) y = Sin (a) }",
}
"""Models, each worse than the one before it."""


@pytest.fixture
def plan(toy: Toy) -> Callable[[str], Plan]:
    target = toy(NO_TAN, NOWHERE, ALL_RUN)
    return lambda name: analyze_graph(parse_text(PLANS[name]), target)


@pytest.mark.parametrize(("good", "bad"), list(zip(list(PLANS)[:-1], list(PLANS)[1:], strict=True)))
def test_one_is_better_than_the_next_and_the_other_way_round(plan: Callable[[str], Plan], good: str, bad: str) -> None:
    better, worse = weigh(plan(bad), plan(good)), weigh(plan(good), plan(bad))
    assert (better.sign, worse.sign) == (1, -1)
    assert " -> " in better.why


@pytest.mark.parametrize("name", PLANS)
def test_a_plan_is_the_same_as_itself(plan: Callable[[str], Plan], name: str) -> None:
    assert weigh(plan(name), plan(name)).sign == 0


def test_fewer_ops_alone_are_a_slight_reason(plan: Callable[[str], Plan]) -> None:
    found = weigh(plan("two ops"), plan("best"))
    assert (found.sign, found.slight) == (1, True)
    assert not weigh(plan("off"), plan("best")).slight


def changed(plan: Plan, seconds: float, peak: int = 100) -> Plan:
    memory = replace(plan.memory, peak=Range(peak, peak, peak))
    return replace(plan, latency=Latency(Estimate(seconds, seconds, seconds, "")), memory=memory)


@pytest.mark.parametrize(
    ("seconds", "peak", "sign", "slight"),
    [
        (0.995, 100, 0, False),
        (0.985, 100, 1, True),
        (0.95, 100, 1, False),
        (1.05, 50, -1, False),
        (0.95, 109, 1, False),
        (0.95, 120, -1, False),
        (0.7, 120, 1, False),
        (1.0, 98.5, 1, True),
    ],
)
def test_time_is_weighed_against_memory_and_little_is_a_slight_reason(
    plan: Callable[[str], Plan], seconds: float, peak: int, sign: int, slight: bool
) -> None:
    found = weigh(changed(plan("best"), 1.0), changed(plan("best"), seconds, peak))
    assert (found.sign, found.slight) == (sign, slight)


@pytest.mark.parametrize(("seconds", "sign"), [(1.15, 1), (1.3, -1)])
def test_where_ops_run_comes_before_time_that_differs_by_less_than_it_is_known_to(
    plan: Callable[[str], Plan], seconds: float, sign: int
) -> None:
    quiet = replace(plan("off"), findings=())
    assert weigh(changed(quiet, 1.0), changed(plan("best"), seconds)).sign == sign
