from __future__ import annotations

from collections.abc import Sequence

import onnx_ir as ir
import pytest

from edgeplan.surgery.draft import Draft
from edgeplan.surgery.ledger import Ledger
from edgeplan.surgery.rewrite import Rewrite
from edgeplan.surgery.sweep import Swept, fitting, sweep
from tests.surgery.harness import model, same, types
from tests.surgery.toys import MulFolded, MulHalved, NegAway, ReluOnce, TanhBold, TanhNear, Trips

FOUR = """g (float[N,4] x) => (float[N,4] y) {
    [a] a = Relu (x) [b] b = Relu (a) [c] c = Relu (b) [d] y = Relu (c)
}"""
INSIDE = """g (bool c, float[4] x) => (float[4] y) {
    y = If (c) <then_branch = t () => (float[4] p) { [in1] i = Relu (x) [in2] p = Relu (i) },
                else_branch = e () => (float[4] q) { [in3] q = Neg (x) }>
}"""
TWO_SIZES = """g (float[2,4] x, float[3,4] z) => (float[2,4] y, float[3,4] w) {
    [a] a = Relu (x) [b] y = Relu (a) [c] c = Relu (z) [d] w = Relu (c)
}"""
MULS = "g (float[2,4] x, float[4] a, float[4] b) => (float[2,4] y) { m = Mul (x, a) y = Mul (m, b) }"


def swept(text: str, rewrites: Sequence[Rewrite], only: Sequence[str] | None = None) -> tuple[Swept, Draft]:
    draft = Draft.open(model(text))
    return sweep(draft, rewrites, Ledger(), only), draft


def test_it_goes_on_until_nothing_fits() -> None:
    found, draft = swept(FOUR, [ReluOnce()])
    made = ir.to_proto(draft.model)
    assert types(made) == ["Relu"]
    assert len(found.sites) == 3
    assert all(s.rewrite == "relu-once" and s.proof.runs for s in found.sites)
    same(model(FOUR), made)


def test_what_one_opens_another_goes_through() -> None:
    text = "g (float[4] x) => (float[4] y) { a = Relu (x) b = Neg (a) c = Neg (b) y = Relu (c) }"
    _, draft = swept(text, [ReluOnce(), NegAway()])
    assert types(ir.to_proto(draft.model)) == ["Relu"]


def test_at_given_roots_alone() -> None:
    found, draft = swept(TWO_SIZES, [ReluOnce()], only=["d"])
    assert [s.root for s in found.sites] == ["d"]
    assert types(ir.to_proto(draft.model)) == ["Relu"] * 3


def test_bodies_are_gone_into() -> None:
    found, draft = swept(INSIDE, [ReluOnce()])
    assert [s.root for s in found.sites] == ["in2"]
    (node,) = ir.to_proto(draft.model).graph.node
    then = next(a.g for a in node.attribute if a.name == "then_branch")
    assert [n.op_type for n in then.node] == ["Relu"]


def test_near_misses_are_told_with_their_reason_and_only_where_nothing_was_done() -> None:
    found, _ = swept(FOUR.replace("[d]", "[keep]"), [ReluOnce()])
    assert [(m.rewrite, m.op, m.reason) for m in found.misses] == [("relu-once", "keep", "it is to be kept")]
    assert not swept(FOUR, [ReluOnce()])[0].misses


@pytest.mark.parametrize(
    ("one", "text"), [(MulHalved(), MULS), (TanhNear(), "g (float[9] x) => (float[9] y) { y = Tanh (x) }")]
)
def test_what_is_not_proved_is_not_done(one: Rewrite, text: str) -> None:
    source = model(text, weights=["a", "b"])
    draft = Draft.open(source)
    before = ir.to_proto(draft.model).SerializeToString(deterministic=True)
    found = sweep(draft, [one], Ledger())
    assert not found.sites
    assert found.misses[0].reason.startswith("not proved: the results differ by")
    assert ir.to_proto(draft.model).SerializeToString(deterministic=True) == before
    assert sweep(draft, [one], Ledger(False)).sites  # believed, it is done


def test_a_trial_leaves_no_reader_behind() -> None:
    draft = Draft.open(model(MULS, weights=["a", "b"]))
    uses = {v.name: len(v.uses()) for n in draft.model.graph for v in (*n.inputs, *n.outputs) if v is not None}
    sweep(draft, [MulHalved()], Ledger())
    fitting(draft, MulFolded())
    now = {v.name: len(v.uses()) for n in draft.model.graph for v in (*n.inputs, *n.outputs) if v is not None}
    assert now == uses


def test_a_promise_within_its_tolerance_is_kept() -> None:
    found, _ = swept("g (float[9] x) => (float[9] y) { y = Tanh (x) }", [TanhBold()])
    assert len(found.sites) == 1
    assert 1e-2 < found.sites[0].proof.worst < 0.5


def test_fitting_only_looks() -> None:
    draft = Draft.open(model(TWO_SIZES))
    before = ir.to_proto(draft.model)
    found = fitting(draft, ReluOnce())
    assert [s.root for s in found.sites] == ["b", "d"]
    assert found.sites[0].kind != found.sites[1].kind
    assert ir.to_proto(draft.model) == before


def test_kinds_are_the_same_for_the_same_ops_at_the_same_shapes() -> None:
    found = fitting(Draft.open(model(TWO_SIZES.replace("[3,4]", "[2,4]"))), ReluOnce())
    assert len({s.kind for s in found.sites}) == 1


def test_an_op_that_is_not_valid_is_a_near_miss() -> None:
    text = "g (float[2,3] x) => (float[3,2] y) { y = Transpose <perm = [1, 0]> (x) }"
    found, draft = swept(text, [Trips()])
    assert [m.reason for m in found.misses] == ["its settings do not fit its inputs (IndexError)"]
    assert [m.reason for m in fitting(draft, Trips()).misses] == [m.reason for m in found.misses]
