from __future__ import annotations

from typing import Any

import numpy as np
import onnx_ir as ir
import pytest

from edgeplan.frontends.onnx import parse_model
from edgeplan.surgery.apply import name_new
from edgeplan.surgery.claim import EQUAL, EXACT, Claim, changes
from edgeplan.surgery.draft import Draft
from edgeplan.surgery.proof import Disproof, Proof, prove
from edgeplan.surgery.region import Region, region
from edgeplan.surgery.rewrite import Edit
from tests.surgery.harness import model


def replaced(text: str, new: str, root: int = -1, **given: Any) -> Region:
    """The region in which the last op of a model is replaced by another type with the same inputs."""
    draft = Draft.open(model(text, **given) if given else parse_model(text))
    node = list(draft.model.graph)[root]
    edit = Edit()
    made = edit.op(new, list(node.inputs), {k: a.value for k, a in node.attributes.items()})
    part = region(edit_named(draft, node, edit, made), draft.context.opsets)
    assert isinstance(part, Region)
    return part


def edit_named(draft: Draft, node: ir.Node, edit: Edit, made: ir.Value) -> Any:
    new = edit.replaces([node], {node.outputs[0]: made})
    name_new(draft, node, new, "toy")
    return new


ADD = "g (float[N,4] x, float[N,4] z) => (float[] y) { y = Add (x, z) }"


def test_the_same_op_is_proved_at_three_sizes() -> None:
    found = prove(replaced(ADD, "Add"), EXACT)
    assert found == Proof(6, 0.0, False)


def test_another_op_is_disproved() -> None:
    found = prove(replaced(ADD, "Sub"), EQUAL)
    assert isinstance(found, Disproof)
    assert "should agree to 1e-06" in found.reason
    assert found.tried


def test_exact_means_every_bit() -> None:
    text = "g (float[64] x, float[64] z) => (float[] y) { y = Mul (x, z) }"
    assert isinstance(prove(replaced(text, "Mul"), EXACT), Proof)
    assert "bit by bit" in prove(replaced(text, "Div"), EXACT).reason


@pytest.mark.parametrize(("tolerance", "holds"), [(1e-3, False), (0.5, True)])
def test_a_change_is_held_to_what_it_states(tolerance: float, holds: bool) -> None:
    part = replaced("g (float[64] x) => (float[] y) { y = Tanh (x) }", "Softsign")
    assert isinstance(prove(part, changes(tolerance, "")), Proof) is holds


def test_equal_algebra_is_seen_in_float64() -> None:
    found = prove(replaced("g (float[64] x) => (float[] y) { y = Exp (x) }", "Exp"), EQUAL)
    assert isinstance(found, Proof)
    assert found.double


def test_weights_of_one_number_are_tried_with_random_ones() -> None:
    text = "g (float[2,64] x, float[64] w) => (float[2,64] y) { y = Mul (x, w) }"
    blank = replaced(text, "Div", constants={"w": np.ones(64)})  # by ones, Mul and Div agree
    assert isinstance(prove(blank, EQUAL), Disproof)


def test_half_precision_may_round() -> None:
    assert isinstance(prove(replaced(ADD.replace("float[", "float16["), "Add"), EQUAL), Proof)


def test_what_cannot_run_is_not_believed() -> None:
    part = replaced("g (float[2,3] x, float[4,5] z) => (float[] y) { y = Add (x, z) }", "Add")
    found = prove(part, EXACT)
    assert isinstance(found, Disproof)
    assert not found.tried
    assert found.reason.startswith("could not be tried")


def test_a_new_op_that_does_not_run_is_a_disproof() -> None:
    found = prove(replaced("g (float[4] x) => (float[] y) { y = Relu (x) }", "BitwiseNot"), EQUAL)
    assert isinstance(found, Disproof)
    assert found.tried
    assert found.reason.startswith("the new ops do not run")


def test_inputs_too_large_to_try_are_not_made() -> None:
    part = replaced("g (float[1048576,1048576] x) => (float[] y) { y = Relu (x) }", "Relu")
    assert prove(part, EXACT) == Disproof("could not be tried: its inputs are too large to try", tried=False)


@pytest.mark.parametrize("claim", [EXACT, EQUAL])
def test_nothing_equals_not_a_number_but_itself(claim: Claim) -> None:
    text = "g (float[8] x) => (float[] y) { y = Sqrt (x) }"  # of negative numbers, too
    assert isinstance(prove(replaced(text, "Sqrt"), claim), Proof)
    assert isinstance(prove(replaced(text, "Abs"), claim), Disproof)
