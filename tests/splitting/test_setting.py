"""The sums that a cut makes small, held against every split of drawn graphs, step by step."""

import random
from math import inf

import numpy as np
import pytest

from edgeplan.splitting.pricing import Bill
from edgeplan.splitting.question import SplitError
from edgeplan.splitting.setting import Setting
from edgeplan.splitting.sweeping import by_uplink, cheapest_by_weighing, line_by_sum
from tests.splitting.drawn import Taken, a_setting, splits, taken

OUTAGE = {"outage": 0.2, "timeout": 0.3}


def bills(setting: Setting) -> list[Bill]:
    found = [setting.latency, setting.energy, setting.cost]
    assert not any(isinstance(b, str) for b in found)
    return [b for b in found if not isinstance(b, str)]


def figures(one: Taken) -> tuple[float, float, float]:
    return one.seconds, one.joules, one.dollars


@pytest.mark.parametrize("asked", [{}, OUTAGE])
@pytest.mark.parametrize("seed", range(10))
def test_a_split_takes_by_the_sum_what_its_steps_take(seed: int, asked: dict[str, float]) -> None:
    for case in range(12):
        setting = a_setting(random.Random(500 * seed + case), **asked)
        for mask in splits(setting)[:64]:
            found = [setting.total(bill, mask) for bill in bills(setting)]
            assert found == pytest.approx(figures(taken(setting, mask)), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("asked", [{}, OUTAGE])
@pytest.mark.parametrize("seed", range(10))
def test_the_cut_and_the_ends_hold_the_best_of_all_splits(seed: int, asked: dict[str, float]) -> None:
    told = 0
    for case in range(12):
        setting = a_setting(random.Random(900 * seed + case), **asked)
        block = setting.block[: len(setting.wiring.ops)]
        whole = [m for m in splits(setting) if all(len(set(m[block == b].tolist())) == 1 for b in set(block.tolist()))]
        every = np.array([figures(taken(setting, m)) for m in whole]).min(axis=0)
        if setting.cutter.conflict is not None:
            assert every[0] == inf
            continue
        told += 1
        for bill, best in zip(bills(setting), every, strict=True):
            cut = setting.ops_of(setting.cutter.cut(setting.blocks(bill.at(setting.x))).device)
            found = min(setting.total(bill, m) for m in (cut, np.ones_like(cut), np.zeros_like(cut)))
            assert found == pytest.approx(best, rel=1e-6, abs=1e-12)
    assert told > 6


@pytest.mark.parametrize("seed", range(8))
def test_the_spans_hold_the_best_of_all_splits_at_every_uplink(seed: int) -> None:
    """The downlink is as much faster as the uplink is, in time as in energy."""
    for case in range(8):
        setting = a_setting(random.Random(1300 * seed + case))
        setting = setting if setting.cutter.conflict is None else a_setting(random.Random(case))
        if setting.cutter.conflict is not None or setting.cutter.problem.ops < setting.problem.ops:
            continue
        for bill, which in zip(bills(setting)[:2], (0, 1), strict=True):
            at = [line_by_sum(setting, bill, m) for m in splits(setting)]
            spans, masks = by_uplink([setting], lambda m, b=bill, s=setting: line_by_sum(s, b, m))
            for span in spans:
                up = max(span.low, 1e3) * 1.01
                line = line_by_sum(setting, bill, masks[span.way])
                assert line is not None
                own = figures(taken(setting, masks[span.way], up))[which]
                assert line.at(1 / up) == pytest.approx(own, rel=1e-9)
                if which == 0:  # the cuts that `by_uplink` makes are of what is made small
                    assert own == pytest.approx(min(o.at(1 / up) for o in at if o is not None), rel=1e-6)


@pytest.mark.parametrize("seed", range(6))
def test_weighing_finds_the_least_of_each_figure(seed: int) -> None:
    for case in range(8):
        setting = a_setting(random.Random(77 * seed + case))
        found = cheapest_by_weighing(setting, bills(setting))
        if setting.cutter.conflict is not None:
            assert not found
            continue
        assert len({m.tobytes() for m in found}) == len(found)
        cut = setting.ops_of(setting.cutter.cut(setting.blocks(setting.latency.at(setting.x))).device)
        best = min(setting.total(setting.latency, m) for m in (cut, np.ones_like(cut), np.zeros_like(cut)))
        assert min(setting.total(setting.latency, m) for m in found) <= best * 1.01 + 1e-9


def test_no_energy_is_told_of_a_link_that_is_out() -> None:
    with pytest.raises(SplitError, match="while it has no link"):
        a_setting(random.Random(1), objective="energy", **OUTAGE)
