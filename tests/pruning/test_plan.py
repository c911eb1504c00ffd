from __future__ import annotations

import numpy as np
import pytest

from edgeplan.pruning.goal import Goal
from edgeplan.pruning.plan import plan_pruning
from edgeplan.target import resolve
from tests.pruning.networks import chain, of_text, residual, text

PHONE = resolve("iphone14pro")


def test_half_the_channels_of_every_group() -> None:
    found = plan_pruning(chain(), None, Goal("ratio", 0.5))
    assert [(g.before, g.after) for g in found.groups] == [(32, 16), (64, 32)]
    assert found.met
    assert found.after.parameters == 16 * 27 + 16 + 32 * 144 + 32 + 320
    assert found.before.macs == 32 * 27 * 256 + 64 * 288 * 256 + 640


def test_a_ratio_is_rounded_to_the_next_width_that_pays() -> None:
    found = plan_pruning(chain(), None, Goal("ratio", 0.3), step=16)
    assert [g.after for g in found.groups] == [32, 48]


@pytest.mark.parametrize("part", [0.9, 0.5, 0.25])
def test_a_part_of_the_macs_is_reached_from_below_and_no_further_than_needed(part: float) -> None:
    found = plan_pruning(chain(), None, Goal("macs", part))
    assert found.met
    assert (part - 0.05) * found.before.macs < found.after.macs <= part * found.before.macs


def test_macs_may_be_a_number() -> None:
    found = plan_pruning(chain(), None, Goal("macs", 1_000_000))
    assert found.after.macs <= 1_000_000


def test_memory_is_met_in_the_planner() -> None:
    before = plan_pruning(chain(), PHONE, Goal("macs", 1.0)).before
    assert before.peak is not None
    found = plan_pruning(chain(), PHONE, Goal("memory", before.peak * 0.8))
    assert found.met
    assert found.after.peak is not None
    assert found.after.peak <= before.peak * 0.8
    assert found.plans is not None
    assert found.plans[1].memory.peak.likely == found.after.peak


def test_widths_are_multiples_of_what_the_unit_pays_for() -> None:
    found = plan_pruning(chain(), PHONE, Goal("macs", 0.5))
    assert found.step.multiple == 16
    assert all(g.after % 16 == 0 for g in found.groups)
    assert found.step.evidence


def test_what_is_out_of_reach_says_the_floor_and_what_sets_it() -> None:
    found = plan_pruning(chain(), None, Goal("macs", 0.001), floor=0.5)
    assert not found.met
    assert "every group at its floor" in found.why
    assert "MACs are left" in found.why
    assert [g.note for g in found.groups] == ["at its floor", "at its floor"]


def test_memory_out_of_reach_names_the_term() -> None:
    found = plan_pruning(chain(), PHONE, Goal("memory", 1000))
    assert not found.met
    assert "it needs" in found.why


def test_latency_out_of_reach_names_the_slowest_op() -> None:
    found = plan_pruning(chain(), PHONE, Goal("latency", 1e-9))
    assert not found.met
    assert "for any width" in found.why


def test_nothing_is_done_for_a_goal_that_is_met() -> None:
    found = plan_pruning(chain(), PHONE, Goal("memory", 1e9))
    assert found.met
    assert all(g.before == g.after for g in found.groups)


def test_ops_to_keep_stay_whole() -> None:
    structure = chain()
    found = plan_pruning(structure, None, Goal("ratio", 0.5), keep=[structure.groups[0].name])
    assert [(g.after, g.note) for g in found.groups] == [(32, "kept as asked for"), (32, "")]


def test_the_units_that_matter_least_go() -> None:
    structure = chain()
    scores = [np.arange(len(g.units), dtype=np.float64) for g in structure.groups]
    found = plan_pruning(structure, None, Goal("ratio", 0.5), scores)
    assert found.kept.choice[structure.groups[0].units].tolist() == [False] * 16 + [True] * 16
    assert found.groups[0].lost == pytest.approx(sum(range(16)) / sum(range(32)))


def test_a_network_of_one_layer_has_nothing_to_prune() -> None:
    structure = of_text(text("(float[1,3,8,8] x) => (float[1,4,8,8] y)", "y = Conv (x, w)", w=(4, 3, 1, 1)))
    found = plan_pruning(structure, None, Goal("macs", 0.5))
    assert not found.met
    assert found.why == "no group of channels can be narrowed: an output of the model"
    assert [f.width for f in found.frozen] == [4]


def test_a_ratio_that_takes_nothing_is_told() -> None:
    found = plan_pruning(chain(), None, Goal("ratio", 0.01))
    assert not found.met
    assert "so small a part" in found.why


def test_a_residual_is_one_group() -> None:
    found = plan_pruning(residual(), None, Goal("ratio", 0.5))
    assert sorted((g.before, g.after, len(g.ops)) for g in found.groups) == [(16, 8, 4), (48, 24, 2)]


def test_memory_and_latency_need_a_target() -> None:
    with pytest.raises(ValueError, match="--target"):
        plan_pruning(chain(), None, Goal("memory", 1))


def test_open_sizes_are_told() -> None:
    ops = "c = Conv (x, w)\ny = Conv (c, v)"
    ends = "(float[n,3,8,8] x) => (float[n,4,8,8] y)"
    structure = of_text(text(ends, ops, w=(8, 3, 1, 1), v=(4, 8, 1, 1)))
    for goal in (Goal("memory", 100), Goal("macs", 0.5)):
        found = plan_pruning(structure, PHONE, goal, free=["n"])
        assert not found.met
        assert "--dim" in found.why
    assert plan_pruning(structure, None, Goal("ratio", 0.5)).met


def test_a_ratio_counts_as_decimals_do() -> None:
    wide = text(
        "(float[1,3,4,4] x) => (float[1,2,4,4] y)",
        "a = Conv (x, w) y = Conv (a, z)",
        w=(100, 3, 1, 1),
        z=(2, 100, 1, 1),
    )
    assert [g.after for g in plan_pruning(of_text(wide), None, Goal("ratio", 0.29)).groups] == [71]
