from __future__ import annotations

import pytest

from edgeplan.plan import analyze_graph
from edgeplan.pruning.prices import Prices, of_bytes, of_macs, of_memory, of_seconds
from edgeplan.pruning.search import total_macs
from edgeplan.target import resolve
from tests.pruning.networks import chain


def total(prices: Prices) -> float:
    values = chain().graph.values
    return sum(price * (values[name].elements or 0) for name, price in prices.items())


def test_prices_times_elements_are_the_whole() -> None:
    graph = chain().graph
    assert total(of_macs(graph)) == pytest.approx(total_macs(graph))
    weights = {name: price for name, price in of_bytes(graph).items() if not name.endswith("_shape")}
    assert total(weights) == 4 * (32 * 27 + 32 + 64 * 288 + 64 + 640)


def test_seconds_are_those_of_the_kernels() -> None:
    graph = chain().graph
    plan = analyze_graph(graph, resolve("iphone14pro"))
    assert total(of_seconds(graph, plan)) == pytest.approx(sum(t.busy for t in plan.latency.kernels), rel=0.05)


def test_memory_is_weights_and_what_is_alive_at_once() -> None:
    graph = chain().graph
    plan = analyze_graph(graph, resolve("iphone14pro"))
    prices = of_memory(graph, plan)
    assert total(prices) == pytest.approx(plan.memory.weights + plan.memory.activations)
    assert {"r1", "c2"} <= prices.keys() or {"c2", "r2"} <= prices.keys()
    assert "p" not in prices
