from __future__ import annotations

import pytest

from edgeplan.pruning.goal import Goal

SAID = {
    "40.0 MiB of memory": Goal("memory", 40 * 2**20),
    "8.00 ms": Goal("latency", 8e-3),
    "50 % of the MACs": Goal("macs", 0.5),
    "150.0 MMACs": Goal("macs", 150e6),
    "30 % fewer channels": Goal("ratio", 0.3),
}


@pytest.mark.parametrize("said", SAID)
def test_a_goal_is_said_in_a_few_words(said: str) -> None:
    assert SAID[said].said() == said


def test_one_goal_is_given() -> None:
    assert Goal.of(memory=1e6) == Goal("memory", 1e6)
    assert Goal.of(latency=1e-3) == Goal("latency", 1e-3)
    assert Goal.of(macs=1.0) == Goal("macs", 1.0)
    assert Goal.of(ratio=0.5) == Goal("ratio", 0.5)


@pytest.mark.parametrize("given", [{}, {"memory": 1e6, "ratio": 0.5}])
def test_none_and_two_are_refused(given: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="one goal"):
        Goal.of(**given)


@pytest.mark.parametrize("given", [{"memory": 0}, {"latency": -1}, {"macs": 0}, {"ratio": 1}, {"ratio": float("nan")}])
def test_what_is_no_goal(given: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="no goal of"):
        Goal.of(**given)
