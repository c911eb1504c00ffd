from __future__ import annotations

from pathlib import Path

import msgspec
import onnx_ir as ir
import pytest

from edgeplan.surgery.draft import Draft
from edgeplan.surgery.improve import SIMPLIFY, Step, act, improve
from edgeplan.surgery.ledger import Ledger
from edgeplan.surgery.recipe import Recipe, RecipeError, read_recipe, recipe_of, redo, structure, write_recipe
from tests.surgery.harness import model, types

PADDED = """g (float[N,2,8,8] x, float[4,2,3,3] w) => (float[N,4,8,8] y) <int64[8] p = {0,0,1,1,0,0,1,1}> {
    [pad] a = Pad (x, p) [conv] b = Conv (a, w) [same] y = Identity (b)
}"""


def draft(text: str = PADDED, seed: int = 0) -> Draft:
    return Draft.open(model(text, weights=["w"], seed=seed))


def recipe(source: Draft) -> Recipe:
    found = improve(source, None)
    before = structure(source)
    return recipe_of("m.onnx", before, found.draft, found.steps, dims={}, inputs={}, values={}, opset=0)


def test_it_is_done_again_to_the_same_model_with_other_weights() -> None:
    kept = recipe(draft())
    other = draft(seed=1)
    redo(kept, other, Ledger())
    assert types(ir.to_proto(other.model)) == ["Conv"]
    assert structure(other) == kept.after


def test_the_structure_is_that_of_any_weights_but_of_no_other_ops() -> None:
    assert structure(draft(seed=0)) == structure(draft(seed=1))
    for was, now in (("[conv]", "[other]"), ("[4,2,3,3] w", "[6,2,3,3] w"), ("{0,0,1,1", "{0,0,0,1"), ("[N,", "[2,")):
        text = PADDED.replace(was, now).replace("[N,4,8", "[N,6,8" if "6" in now else "[N,4,8")
        assert structure(draft(text)) != structure(draft())


def test_it_survives_a_file(tmp_path: Path) -> None:
    kept = recipe(draft())
    (tmp_path / "p.json").write_text(write_recipe(kept), "utf-8")
    assert read_recipe(tmp_path / "p.json") == kept


def test_another_model_is_refused() -> None:
    kept = recipe(draft())
    with pytest.raises(RecipeError, match=r"not the model the plan was made for \(m.onnx\)"):
        redo(kept, draft(PADDED.replace("Identity", "Relu")), Ledger())


def test_steps_that_fit_elsewhere_or_end_elsewhere_are_refused() -> None:
    kept = recipe(draft())
    more = msgspec.structs.replace(kept, steps=(msgspec.structs.replace(kept.steps[0], sites=7), *kept.steps[1:]))
    with pytest.raises(RecipeError, match="was done at 7 places and now fits"):
        redo(more, draft(), Ledger())
    with pytest.raises(RecipeError, match="another model comes of the plan"):
        redo(msgspec.structs.replace(kept, after="0" * 64), draft(), Ledger())


def test_it_hears_of_each_step() -> None:
    kept = recipe(draft())
    heard = []
    redo(kept, draft(), Ledger(), after=lambda done, found: heard.append((done.rewrite, len(found.sites))))
    assert heard == [(s.rewrite, s.sites) for s in kept.steps]


def test_each_step_folds_with_what_it_folded_with_at_first() -> None:
    source, made = draft(), draft()
    act(made, SIMPLIFY, (), [], Ledger())
    steps = [Step(SIMPLIFY, (), (), "", None, None)]
    kept = recipe_of("m.onnx", structure(source), made, steps, dims={}, inputs={}, values={}, opset=0)
    again = draft()
    redo(kept, again, Ledger())
    assert [n.op_type for n in again.model.graph] == ["Pad", "Conv", "Identity"]
