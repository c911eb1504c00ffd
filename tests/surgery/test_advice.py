from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from edgeplan.finding import Finding, Severity
from edgeplan.frontends.onnx import parse_model
from edgeplan.surgery.advice import advice_of, advised, figures, near_misses, trouble
from edgeplan.surgery.draft import Draft
from edgeplan.surgery.improve import Improved, improve, plan_of
from edgeplan.surgery.ledger import Ledger
from edgeplan.surgery.sweep import Miss
from edgeplan.target import Target

Toy = Callable[..., Target]
ALL_RUN = 'id = "all"\nops = ["*"]\nunit = ["npu", "cpu"]\nverdict = "runs"\n'
NO_TURN = 'id = "turn"\nops = ["Transpose"]\nunit = ["npu"]\nverdict = "refuses"\nwhy = "No."\n'
TURNED = """g (float[1,4,8,8] x) => (float[1,4,8,8] y) {
    [there] a = Transpose <perm = [0,2,3,1]> (x) b = Relu (a) [back] y = Transpose <perm = [0,3,1,2]> (b)
}"""


@pytest.fixture
def found(toy: Toy) -> Improved:
    """A model of which all ops come to the accelerator."""
    return improve(Draft.open(parse_model(TURNED)), toy(NO_TURN, ALL_RUN), ledger=Ledger(False))


def test_a_step_tells_what_it_gains_and_cures(found: Improved) -> None:
    first = advice_of(found)[0]
    (cure,) = [c for c in first.cures if c.code == "EP101"]
    assert (cure.row, cure.ops, cure.left) == ("toy/npu/turn", 2, 0)
    assert first.before.ops > first.after.ops
    assert first.before.off_bytes > first.after.off_bytes == 0
    assert first.risk in ("exact", "numerically equal")


def test_findings_name_the_steps_that_cured_them(found: Improved) -> None:
    plan = advised(found.before, found)
    (finding,) = [f for f in plan.findings if f.row == "toy/npu/turn"]
    assert finding.fix == (f"rewrite/{advice_of(found)[0].rewrite}",)
    assert plan.advice == advice_of(found)


def test_figures_are_those_of_the_plan(toy: Toy) -> None:
    plan = plan_of(Draft.open(parse_model(TURNED)), toy(NO_TURN, ALL_RUN))
    made = figures(plan)
    assert (made.segments, made.crossings, made.ops) == (len(plan.segments), len(plan.crossings), 3)
    assert made.peak == plan.memory.peak.likely
    assert made.off == 0
    assert made.off_bytes == sum(op.moved for op in plan.ops if op.unit == "cpu")


def test_near_misses_are_gathered_by_reason_the_most_frequent_first() -> None:
    misses = [Miss("b", "1", "rare"), Miss("a", "2", "often"), Miss("a", "3", "often"), Miss("b", "4", "often")]
    made = near_misses(misses)
    assert [(m.rewrite, m.reason, m.ops) for m in made] == [
        ("a", "often", ("2", "3")), ("b", "rare", ("1",)), ("b", "often", ("4",)),
    ]  # fmt: skip


def test_the_same_trouble_is_known_by_its_row_or_by_its_words_without_figures() -> None:
    one = Finding("EP305", Severity.NOTE, "69 % of the time goes to moving bytes (32.0 MiB a run)")
    assert trouble(one) == trouble(replace(one, message="7 % of the time goes to moving bytes (1.5 KiB a run)"))
    assert trouble(one) != trouble(replace(one, message="69 % of the time goes to crossings (32.0 MiB a run)"))
    rowed = replace(one, row="toy/npu/turn")
    assert trouble(rowed) == trouble(replace(rowed, message="anything"))
    assert trouble(rowed) != trouble(replace(rowed, row="toy/npu/other"))
