import random

import numpy as np
import pytest

from benchmarks.split.problems import a_problem, every_split, plain_costs
from edgeplan.splitting.fitting import cheapest_fitting
from edgeplan.splitting.mincut import Cutter


@pytest.mark.parametrize("seed", range(12))
def test_what_is_found_fits_and_lies_between_its_bound_and_every_other(seed: int) -> None:
    """Held against every split: never better than the best that fits, never worse than the bound says it may be."""
    exact = found_any = 0
    for case in range(12):
        rng = random.Random(900 * seed + case)
        problem, prices = a_problem(rng, most=9, constrained=case % 3 == 0)
        cutter = Cutter(problem)
        if cutter.conflict is not None:
            continue
        weights = np.array([rng.choice([0, 1, 10, 100]) * rng.random() for _ in range(problem.ops)])
        limit = rng.random() * float(weights.sum())
        found = cheapest_fitting(cutter, prices, weights, limit, lambda device, w=weights: float(w[device].sum()))
        splits = every_split(problem.ops)
        costs = plain_costs(problem, prices, splits)
        costs[splits @ weights > limit] = np.inf
        best = float(costs.min())
        if found is None:
            continue
        found_any += 1
        assert weights[found.device].sum() <= limit
        assert found.bound <= best * (1 + 1e-9)
        assert found.cost >= best * (1 - 1e-9)
        exact += found.cost <= best * (1 + 1e-9)
    assert exact >= found_any / 2


def test_the_smallest_part_is_found_however_dear_it_is() -> None:
    rng = random.Random(8)
    for _ in range(30):
        problem, prices = a_problem(rng, most=10)
        weights = np.ones(problem.ops)
        found = cheapest_fitting(Cutter(problem), prices, weights, 0.5, lambda device: float(device.sum()))
        assert found is not None
        assert not found.device.any()


def test_what_cannot_fit_is_none() -> None:
    problem, prices = a_problem(random.Random(2), most=6)
    assert cheapest_fitting(Cutter(problem), prices, np.ones(problem.ops), 1.0, lambda device: 2.0) is None
