from __future__ import annotations

import onnx_ir as ir
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from edgeplan.surgery.claim import EQUAL
from edgeplan.surgery.draft import Draft
from edgeplan.surgery.improve import improve
from edgeplan.surgery.ledger import Ledger
from edgeplan.surgery.recipe import recipe_of, redo, structure
from edgeplan.surgery.rewrite import Stage
from edgeplan.surgery.rewrites import rewrites
from edgeplan.surgery.sweep import sweep
from tests.surgery.graphs import Fuzzed, graphs
from tests.surgery.harness import model
from tests.surgery.mutants import EXAMPLES, Example
from tests.surgery.trial import judged, tidied, trial

ALL = rewrites()
FOLDING = [r for r in ALL if r.stage <= Stage.FOLD]

few = settings(
    max_examples=80,
    deadline=None,
    derandomize=True,  # benchmarks/rewrite/fuzz.py is for new graphs
    database=None,
    phases=[Phase.generate],  # what fails is small as it is, and shrinking it takes minutes
    suppress_health_check=list(HealthCheck),
)


@few
@given(graphs())
def test_every_rewrite_leaves_a_valid_model_with_the_same_results_and_nothing_more_to_do(graph: Fuzzed) -> None:
    draft = Draft.open(graph.model)
    for one in ALL:
        found = trial(graph, draft, one)
        assert not found.fault, (found.rewrite, found.fault, found.why)


@few
@given(graphs(), st.lists(st.sampled_from(FOLDING), min_size=2, unique_by=lambda r: r.id))
def test_tidying_ends_and_gives_the_same_results_in_any_order(graph: Fuzzed, some: list) -> None:
    draft = Draft.open(graph.model)
    for chosen in (FOLDING, some):
        assert tidied(graph, draft, chosen) == ("", "")


@few
@given(graphs(), st.booleans())
def test_a_recipe_makes_the_same_model_again(graph: Fuzzed, forms: bool) -> None:
    draft = Draft.open(graph.model)
    only = [r.id for r in (ALL if forms else FOLDING)]
    found = improve(draft, None, only=only, safe=True, ledger=Ledger(False))
    done = (found.draft, found.steps)
    opset = draft.context.opset
    recipe = recipe_of("fuzzed", structure(draft), *done, dims={}, inputs={}, values={}, opset=opset)
    again = Draft.open(graph.model)
    redo(recipe, again, Ledger(False))
    assert structure(again) == structure(found.draft)
    assert judged(graph, ir.to_proto(again.model), EQUAL) == ("", "")


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: e.mutant.id)
def test_a_wrong_rewrite_is_disproved(example: Example) -> None:
    source = model(example.text, example.weights, example.positive)
    assert len(sweep(Draft.open(source), [example.mutant], Ledger(False)).sites) > 0
    found = sweep(Draft.open(source), [example.mutant], Ledger())
    assert not found.sites
    assert "not proved: the results differ" in found.misses[0].reason


@settings(few, max_examples=40)
@given(graphs())
def test_what_is_proved_of_a_wrong_rewrite_happens_to_be_right(graph: Fuzzed) -> None:
    ledger = Ledger()
    for example in EXAMPLES:
        draft = Draft.open(graph.model)
        if not sweep(draft, [example.mutant], ledger).sites:
            continue
        assert judged(graph, ir.to_proto(draft.model), example.mutant.claim) == ("", ""), example.mutant.id
