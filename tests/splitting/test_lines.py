import random
from itertools import pairwise

import numpy as np
import pytest

from edgeplan.splitting.lines import Line, envelope
from edgeplan.splitting.mincut import Cutter
from edgeplan.splitting.problem import Prices, cost_of, problem_of

NONE = np.zeros(0, bool)


@pytest.mark.parametrize("seed", range(20))
def test_of_lines_that_meet_in_one_point_or_are_one_the_lowest_are_told(seed: int) -> None:
    """Small whole numbers: lines that are parallel, equal, or cross where others do, and at the ends."""
    rng = random.Random(seed)
    for _ in range(20):
        lines = [Line(rng.randint(0, 4), rng.randint(0, 4), NONE) for _ in range(rng.randint(1, 7))]
        found = envelope(lines, 0.5, 2.0)
        assert (found[0].low, found[-1].high) == (0.5, 2.0)
        assert all(a.high == b.low for a, b in pairwise(found))
        assert len({(s.line.a, s.line.b) for s in found}) == len(found)
        for stretch in found:
            for x in (stretch.low, (stretch.low + stretch.high) / 2, stretch.high):
                assert stretch.line.at(x) == pytest.approx(min(line.at(x) for line in lines))


def test_prices_of_all_sizes_are_cut_right() -> None:
    """A nanosecond beside an hour: what is lost is small beside the whole, and the cost is that of the cut."""
    rng = random.Random(5)
    for case in range(200):
        n = rng.randint(2, 8)
        problem = problem_of(
            n, [(-1, [0]), *((i, [j for j in range(i + 1, n) if rng.random() < 0.4]) for i in range(n))]
        )
        prices = Prices(*(10.0 ** np.array([rng.uniform(-9, 4) for _ in range(k)]) for k in (n, n, n + 1)))
        cut = Cutter(problem).cut(prices)
        every = (np.arange(1 << n)[:, None] >> np.arange(n)) & 1 == 1
        best = min(cost_of(problem, prices, mask) for mask in every)
        assert cut.cost == pytest.approx(best, rel=1e-9), case
        assert cut.cost == cost_of(problem, prices, cut.device)


def test_what_costs_nothing_goes_to_the_cloud() -> None:
    problem = problem_of(3, [(-1, [0]), (0, [1]), (1, [2])])
    free = Prices(np.zeros(3), np.zeros(3), np.zeros(3))
    assert not Cutter(problem).cut(free).device.any()
