"""The least cut, held against every split there is."""

import random
from itertools import pairwise

import networkx as nx
import numpy as np
import pytest

from benchmarks.split.problems import a_problem, every_split, plain_costs
from edgeplan.splitting.forced import Conflict, forced
from edgeplan.splitting.lines import cheapest_lines, envelope
from edgeplan.splitting.mincut import Cutter
from edgeplan.splitting.prefix import least_prefix, prefix_costs
from edgeplan.splitting.problem import INPUT, Prices, cost_of, grouped, problem_of, regrouped


@pytest.mark.parametrize("seed", range(20))
def test_no_split_is_cheaper(seed: int) -> None:
    for case in range(25):
        problem, prices = a_problem(random.Random(1000 * seed + case), most=9)
        found = Cutter(problem).cut(prices)
        best = float(plain_costs(problem, prices, every_split(problem.ops)).min())
        assert found.cost == pytest.approx(best, rel=1e-9)
        assert plain_costs(problem, prices, found.device[None]) == pytest.approx(found.cost, rel=1e-12)


@pytest.mark.parametrize("seed", range(20))
def test_constraints_hold_and_what_is_impossible_is_told(seed: int) -> None:
    for case in range(25):
        problem, prices = a_problem(random.Random(7000 * seed + case), most=8, constrained=True)
        best = float(plain_costs(problem, prices, every_split(problem.ops)).min())
        cutter = Cutter(problem)
        if cutter.conflict is not None:
            assert best == float("inf")
            with pytest.raises(ValueError, match="no split is allowed"):
                cutter.cut(prices)
        else:
            assert cutter.cut(prices).cost == pytest.approx(best, rel=1e-9)


@pytest.mark.parametrize("seed", range(10))
def test_what_is_forced_is_what_every_allowed_split_has(seed: int) -> None:
    for case in range(20):
        problem, prices = a_problem(random.Random(31 * seed + 17 * case), most=7, constrained=True)
        splits = every_split(problem.ops)
        allowed = splits[np.isfinite(plain_costs(problem, prices, splits))]
        found = forced(problem)
        if isinstance(found, Conflict):
            assert not len(allowed)
        else:
            assert (found.device == np.all(allowed, axis=0)).all()
            assert (found.cloud == ~np.any(allowed, axis=0)).all()


@pytest.mark.parametrize("seed", range(10))
def test_a_prefix_costs_what_its_split_costs(seed: int) -> None:
    for case in range(20):
        problem, prices = a_problem(random.Random(97 * seed + case), constrained=case % 2 == 1)
        costs = plain_costs(problem, prices, np.arange(problem.ops) < np.arange(problem.ops + 1)[:, None])
        assert prefix_costs(problem, prices) == pytest.approx(costs, rel=1e-9, abs=1e-12)
        best = least_prefix(problem, prices)
        assert (best is None) == (not np.isfinite(costs).any())
        assert best is None or cost_of(problem, prices, best) == pytest.approx(costs.min(), rel=1e-9)


def test_a_chain_is_cut_where_its_best_prefix_is() -> None:
    rng = random.Random(5)
    n = 200
    problem = problem_of(n, [(i - 1, [i]) for i in range(n)])
    prices = Prices(*(np.array([rng.uniform(0, 9) for _ in range(n)]) for _ in range(3)))
    assert Cutter(problem).cut(prices).cost == pytest.approx(float(prefix_costs(problem, prices).min()))


def test_networkx_agrees_on_larger_graphs() -> None:
    rng = random.Random(3)
    for _ in range(5):
        problem, prices = a_problem(rng, most=60)
        graph = nx.DiGraph()
        graph.add_nodes_from(("device", "cloud"))
        unit = 1e9 / max(float(prices.there.sum()), 1e-30)
        for op in range(problem.ops):
            graph.add_edge("device", op, capacity=round(float(prices.there[op]) * unit))
            graph.add_edge(op, "cloud", capacity=round(float(prices.here[op]) * unit))
        for tensor, maker in enumerate(problem.maker.tolist()):
            hub = ("tensor", tensor)
            graph.add_edge(
                "device" if maker == INPUT else maker, hub, capacity=round(float(prices.send[tensor]) * unit)
            )
        for tensor, reader in zip(problem.tensor.tolist(), problem.reader.tolist(), strict=True):
            graph.add_edge(("tensor", tensor), reader)
            if problem.maker[tensor] != INPUT:
                graph.add_edge(reader, int(problem.maker[tensor]))
        value = nx.maximum_flow_value(graph, "device", "cloud")
        assert Cutter(problem).cut(prices).cost * unit == pytest.approx(value, abs=3 * problem.ops)


def test_what_the_cloud_has_made_does_not_come_back() -> None:
    """A chain whose second op is slow on the device and whose third is slow in the cloud: no cut in and out again."""
    problem = problem_of(3, [(INPUT, [0]), (0, [1]), (1, [2])])
    prices = Prices(np.array([1.0, 50.0, 1.0]), np.array([5.0, 1.0, 60.0]), np.array([1.0, 1.0, 1.0]))
    found = Cutter(problem).cut(prices)
    assert found.device.tolist() == [True, True, True]
    assert found.cost == 52


def test_a_tensor_that_several_read_is_sent_once() -> None:
    problem = problem_of(3, [(INPUT, [0]), (0, [1, 2])])
    prices = Prices(np.array([1.0, 9.0, 9.0]), np.array([99.0, 1.0, 1.0]), np.array([99.0, 10.0]))
    assert Cutter(problem).cut(prices).cost == 1 + 10 + 2


@pytest.mark.parametrize("seed", range(8))
def test_the_lines_are_the_cheapest_splits_at_every_factor(seed: int) -> None:
    for case in range(10):
        rng = random.Random(400 * seed + case)
        problem, prices = a_problem(rng, most=8, constrained=case % 3 == 0)
        cutter = Cutter(problem)
        if cutter.conflict is not None:
            continue
        none = np.zeros(problem.ops)
        fixed = Prices(prices.here, prices.there, np.zeros(len(prices.send)))
        per = Prices(none, none, prices.send)
        stretches = envelope(cheapest_lines(cutter, fixed, per, 0.001, 1000), 0.001, 1000)
        assert stretches[0].low == 0.001
        assert stretches[-1].high == 1000
        assert all(a.high == b.low for a, b in pairwise(stretches))
        for stretch in stretches:
            for x in (stretch.low, (stretch.low * stretch.high) ** 0.5, stretch.high):
                best = float(plain_costs(problem, fixed + per * x, every_split(problem.ops)).min())
                assert stretch.line.at(x) == pytest.approx(best, rel=1e-6)


def test_splits_need_not_be_nested_over_the_bandwidth() -> None:
    """More bandwidth moves ops back to the device, where the cloud is the slower one for them."""
    problem = problem_of(3, [(INPUT, [0]), (0, [1]), (1, [2])])
    fixed = Prices(np.array([10.0, 5.0, 85.0]), np.array([90.0, 10.0, 30.0]), np.zeros(3))
    per = Prices(np.zeros(3), np.zeros(3), np.array([40.0, 10.0, 20.0]))
    found = [line.device.sum() for line in cheapest_lines(Cutter(problem), fixed, per, 1e-3, 1e3)]
    assert found == [2, 1, 3]


@pytest.mark.parametrize("seed", range(5))
def test_groups_cost_what_their_ops_cost_together(seed: int) -> None:
    for case in range(20):
        rng = random.Random(60 * seed + case)
        problem, prices = a_problem(rng, constrained=case % 2 == 0)
        group = np.cumsum([0, *(rng.random() < 0.6 for _ in range(problem.ops - 1))])
        together = grouped(problem, group)
        priced = regrouped(prices, group)
        for device in every_split(together.ops)[:64]:
            assert cost_of(together, priced, device) == pytest.approx(cost_of(problem, prices, device[group]))


def test_ops_come_in_the_order_they_run() -> None:
    with pytest.raises(ValueError, match="op 0 reads what op 1 makes"):
        problem_of(2, [(1, [0])])
