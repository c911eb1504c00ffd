"""What is cut out counts for nothing: a pruned network gives what the whole one gives with zeros in the same places."""

from __future__ import annotations

from random import Random

import numpy as np
import onnx_ir as ir
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from edgeplan.pruning.reform import Kept
from edgeplan.pruning.structure import structure_of
from edgeplan.surgery.draft import Draft
from edgeplan.surgery.pruning.cut import cut
from edgeplan.surgery.pruning.prepare import prepare
from edgeplan.surgery.runs import random_inputs
from tests.surgery.graphs import Fuzzed
from tests.surgery.harness import model
from tests.surgery.pruning.motifs import MOTIFS
from tests.surgery.pruning.net import Motif, built, networks
from tests.surgery.pruning.trial import misnamed, some_of, wrong

few = settings(
    max_examples=100,
    derandomize=True,  # benchmarks/prune/fuzz.py is for new networks
    database=None,
    phases=[Phase.generate],  # what fails is small as it is
    suppress_health_check=list(HealthCheck),
)


def look(found: Fuzzed, seed: int) -> int:
    """Assert that a network is pruned exactly; how many units went."""
    draft = prepare(Draft.open(found.model))
    structure = structure_of(draft.graph)
    assert not misnamed(structure)
    kept = some_of(structure, Random(seed))
    assert wrong(draft, kept, found.feeds[:2], found.outputs) == ""
    return int((~kept.choice).sum())


@few
@given(networks(MOTIFS), st.integers(0, 99))
def test_a_pruned_network_gives_what_the_whole_one_gives_with_zeros_in_the_same_places(net: Fuzzed, seed: int) -> None:
    look(net, seed)


@pytest.mark.parametrize("motif", dict.fromkeys(MOTIFS), ids=lambda m: f"{m.__module__.split('.')[-1]}-{m.__name__}")
def test_every_form_is_pruned_exactly(motif: Motif) -> None:
    tried = 0
    for seed in range(12):
        found = built(Random(seed), [motif])
        if found is not None:
            tried += 1
            look(found, seed)
        if tried == 5:
            return
    assert tried


@few
@given(networks(MOTIFS), st.integers(0, 99))
def test_what_is_kept_may_be_said_in_any_order_and_nothing_cut_is_nothing_changed(net: Fuzzed, seed: int) -> None:
    draft = prepare(Draft.open(net.model))
    structure = structure_of(draft.graph)
    assert ir.to_proto(cut(draft, Kept(structure, structure.all_kept)).model) == ir.to_proto(draft.model)
    kept = some_of(structure, Random(seed))
    mine = {i: g.units[kept.choice[g.units]] for i, g in enumerate(structure.groups)}
    turned = {i: units[::-1] for i, units in reversed(mine.items())}
    assert np.array_equal(structure.without(mine), structure.without(turned))
    assert np.array_equal(structure.without(mine), kept.choice)


@few
@given(networks(MOTIFS, 3), st.integers(0, 99))
def test_cutting_twice_is_cutting_once(net: Fuzzed, seed: int) -> None:
    draft = prepare(Draft.open(net.model))
    structure, rng = structure_of(draft.graph), Random(seed)
    less = some_of(structure, rng)
    least = Kept(structure, less.choice & some_of(structure, rng).choice)
    if any(not least.choice[g.units].any() for g in structure.groups):
        return
    half = cut(draft, less)
    again = structure_of(half.graph)
    choice = again.all_kept.copy()
    for name, axes in again.axes.items():
        for axis, labels in axes.items():
            (was, now) = (k.mask(name, axis) for k in (less, least))
            if was is not None and now is not None:
                choice[labels[~now[was]]] = False
    twice, once = cut(half, Kept(again, choice)), cut(draft, least)
    rest = {n: v for n, v in once.model.graph.initializers.items() if n in draft.model.graph.initializers}
    made = {n: v for n, v in twice.model.graph.initializers.items() if n in rest}
    if any(v.shape != made[n].shape for n, v in rest.items()):
        return  # few groups of many channels may have become many of few, and go as a whole from then on
    for name, value in rest.items():
        assert value.const_value is not None
        other = made[name].const_value
        assert other is not None
        assert np.array_equal(value.const_value.numpy(), other.numpy())


def test_nodes_may_have_one_name_or_none() -> None:
    text = """g (float[1,3,2,2] x, float[4,3,1,1] w, float[6,4,1,1] v, float[24,2] z) => (float[1,2] y) {
        s = Constant <value = int64[3] {1, 4, 4}> () t = Constant <value = int64[4] {1, 4, 2, 2}> ()
        u = Constant <value = int64[2] {1, 24}> ()
        [same] a = Conv (x, w) [same] r = Reshape (a, s) [same] q = Reshape (r, t) b = Conv (q, v) p = Reshape (b, u)
        y = MatMul (p, z)
    }"""
    source = model(text, weights=["w", "v", "z"])
    draft = prepare(Draft.open(source))
    structure = structure_of(draft.graph)
    kept = Kept(structure, structure.without({i: g.units[1:3] for i, g in enumerate(structure.groups)}))
    feeds = random_inputs({"x": (np.dtype(np.float32), (1, 3, 2, 2))}, 0)
    assert [len(g.units) for g in structure.groups] == [4, 6]
    assert wrong(draft, kept, [feeds], ["y"]) == ""
