from __future__ import annotations

from collections.abc import Callable

import onnx_ir as ir
import pytest

from edgeplan.surgery import improve as module
from edgeplan.surgery.draft import Draft
from edgeplan.surgery.evidence import Known
from edgeplan.surgery.improve import SIMPLIFY, Improved, improve
from edgeplan.surgery.ledger import Ledger
from edgeplan.target import Target
from tests.surgery.harness import model, same, types

Toy = Callable[..., Target]
ALL_RUN = 'id = "all"\nops = ["*"]\nunit = ["npu", "cpu"]\nverdict = "runs"\n'


def refused(*ops: str) -> str:
    named = ", ".join(f'"{op}"' for op in ops)
    return f'id = "{ops[0].lower()}"\nops = [{named}]\nunit = ["npu"]\nverdict = "refuses"\nwhy = "No."\n'


PADDED = """g (float[N,2,8,8] x, float[4,2,3,3] w) => (float[N,4,8,8] y) <int64[8] p = {0,0,1,1,0,0,1,1}> {
    [pad] a = Pad (x, p) [conv] b = Conv (a, w) [same] c = Identity (b) y = LeakyRelu (c)
}"""
LEAKY = "g (float[1,4] x) => (float[1,4] y) { y = LeakyRelu (x) }"


def improved(text: str, target: Target | None, **more: object) -> tuple[Improved, list[str]]:
    source = model(text, weights=["w"])
    found = improve(Draft.open(source), target, **more)  # type: ignore[arg-type]
    made = ir.to_proto(found.draft.model)
    same(source, made)
    return found, types(made)


def test_without_a_target_it_only_gets_smaller() -> None:
    found, left = improved(PADDED, None)
    assert left == ["Conv", "LeakyRelu"]
    assert [s.name for s in found.steps] == [SIMPLIFY]
    assert found.before is None is found.after


def test_the_draft_that_was_given_stays() -> None:
    draft = Draft.open(model(PADDED, weights=["w"]))
    improve(draft, None)
    assert [n.op_type for n in draft.model.graph] == ["Pad", "Conv", "Identity", "LeakyRelu"]


def test_a_form_is_changed_only_where_the_plan_gets_better(toy: Toy) -> None:
    assert improved(LEAKY, toy(ALL_RUN))[1] == ["LeakyRelu"]
    found, left = improved(LEAKY, toy(refused("LeakyRelu"), ALL_RUN))
    assert "LeakyRelu" not in left
    step = found.steps[-1]
    assert step.name == "split-leakyrelu"
    assert step.sites[0].proof.runs
    assert "->" in step.why


def test_what_does_not_pay_is_told_with_its_reason(toy: Toy) -> None:
    found, _ = improved(LEAKY, toy(ALL_RUN))
    dropped = {d.rewrite: d for d in found.dropped}
    assert dropped["split-leakyrelu"].sites == 1
    assert "plan gets" in dropped["split-leakyrelu"].why


def test_named_ones_alone_are_used_and_kept_when_the_plan_gets_no_worse(toy: Toy) -> None:
    found, left = improved(PADDED, None, only=["drop-no-op"])
    assert left == ["Pad", "Conv", "LeakyRelu"]
    assert {s.rewrite for step in found.steps for s in step.sites} == {"drop-no-op"}


def test_a_step_that_makes_the_plan_worse_is_not_kept(toy: Toy) -> None:
    target = toy(refused("Max", "Min", "Where", "Mul", "Add", "Sub", "Relu", "PRelu"), ALL_RUN)
    found, left = improved(LEAKY, target, only=["split-leakyrelu"])
    assert left == ["LeakyRelu"]
    (dropped,) = [d for d in found.dropped if d.rewrite == "split-leakyrelu"]
    assert dropped.why.startswith("the plan gets worse: ")


def test_safe_leaves_out_what_changes_numbers(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[str] = []
    act = module.act
    monkeypatch.setattr(module, "act", lambda draft, name, *more: tried.append(name) or act(draft, name, *more))
    text = '<ir_version: 9, opset_import: ["" : 20]> g (float[1,4] x) => (float[1,4] y) { y = Gelu (x) }'
    target = toy(refused("Gelu"), ALL_RUN)
    improve(Draft.open(model(text)), target, safe=True)
    assert "gelu-to-tanh" not in tried
    improve(Draft.open(model(text)), target, only=["gelu-to-tanh"])
    assert "gelu-to-tanh" in tried


def test_it_says_what_it_tries() -> None:
    heard: list[str] = []
    improve(Draft.open(model(PADDED, weights=["w"])), None, tell=heard.append)
    assert heard[0] == "folding constants"


def test_unproved_it_does_the_same(toy: Toy) -> None:
    target = toy(refused("LeakyRelu"), ALL_RUN)
    assert improved(PADDED, target)[1] == improved(PADDED, target, ledger=Ledger(False))[1]


@pytest.mark.parametrize(("units", "told"), [((), True), (("npu",), True), (("other",), False)])
def test_what_is_known_to_gain_nothing_is_not_offered_unless_named(
    toy: Toy, monkeypatch: pytest.MonkeyPatch, units: tuple[str, ...], told: bool
) -> None:
    target = toy(refused("LeakyRelu"), ALL_RUN)
    known = Known(target.backend.name, units, False, "The compiler does it itself.", ())
    monkeypatch.setattr(module, "known_of", lambda name: (known,) if name == "split-leakyrelu" else ())
    found, left = improved(LEAKY, target)
    assert (left == ["LeakyRelu"]) == told
    said = {d.rewrite: d.why for d in found.dropped}
    assert ("The compiler does it itself." in said.get("split-leakyrelu", "")) == told
    assert improved(LEAKY, target, only=["split-leakyrelu"])[1] != ["LeakyRelu"]


def test_a_fusion_that_leaves_plan_and_number_of_ops_as_they_are_is_not_kept(toy: Toy) -> None:
    squared = "g (float[1,4096] x) => (float[1,4096] y) <float two = {2}> { y = Pow (x, two) }"
    found, left = improved(squared, toy(ALL_RUN))
    assert left == ["Pow"]
    assert ("pow-to-mul", "the plan gets no better, and there are no fewer ops") in {
        (d.rewrite, d.why) for d in found.dropped
    }
