from dataclasses import replace

from edgeplan.cost.estimate import Estimate
from edgeplan.splitting.rivals import apart, difference, with_outages
from edgeplan.splitting.split import Choice
from edgeplan.splitting.way import NOTHING, Way


def parts(**seconds: tuple[float, float, float]) -> dict[str, Estimate]:
    return {name: Estimate(*figures, "") for name, figures in seconds.items()}


def choice(**seconds: tuple[float, float, float]) -> Choice:
    return Choice(Way("split", NOTHING, NOTHING), None, parts(**seconds), None, None, None)


def test_one_device_is_slow_in_both_ways() -> None:
    """The ranges overlap, and still the one that computes less there is the faster."""
    whole, half = parts(device=(50, 100, 200)), parts(device=(25, 50, 100), up=(10, 10, 10))
    assert difference(whole, half).low > 0
    assert whole["device"].low < half["device"].high


def test_errors_of_different_parts_do_not_cancel() -> None:
    assert not apart(choice(device=(50, 100, 200)), choice(cloud=(60, 110, 220)), "latency")
    assert apart(choice(device=(90, 100, 110)), choice(cloud=(150, 200, 250)), "latency")


def test_up_and_down_are_slow_together() -> None:
    one, other = parts(up=(10, 20, 40), down=(1, 2, 4)), parts(up=(1, 2, 4), down=(10, 20, 40))
    found = difference(one, other)
    assert (found.low, found.likely, found.high) == (0, 0, 0)


def test_a_difference_goes_both_ways() -> None:
    one, other = parts(device=(1, 2, 4), trip=(5, 6, 9)), parts(device=(3, 5, 9), cloud=(1, 1, 2))
    there, back = difference(one, other), difference(other, one)
    assert (there.low, there.likely, there.high) == (-back.high, -back.likely, -back.low)


def test_energy_and_money() -> None:
    def costing(energy: Estimate | None, cost: Estimate | None) -> Choice:
        return Choice(Way("cloud", NOTHING, NOTHING), None, {}, energy, cost, None)

    little, much = Estimate(1, 2, 3, ""), Estimate(2, 4, 6, "")
    assert not apart(costing(little, None), costing(much, None), "energy")
    assert apart(costing(None, little), costing(None, much), "cost")  # one price: the same error in both
    assert not apart(costing(None, None), costing(much, None), "energy")
    assert apart(costing(Estimate(0.1, 0.2, 0.3, ""), None), costing(much, None), "energy")


def test_what_is_surely_worse_is_apart_too() -> None:
    little, much = choice(device=(1, 2, 3)), choice(device=(1, 2, 3), up=(5, 6, 7))
    assert apart(little, much, "latency")
    assert apart(much, little, "latency")


def test_outages_are_waited_for_and_then_run_on_the_device() -> None:
    whole = replace(choice(device=(80, 100, 130)), way=Way("device", NOTHING, NOTHING))
    split = choice(device=(1, 2, 3), up=(4, 4, 4), trip=(10, 10, 20), cloud=(1, 1, 1), down=(0, 0, 0))
    expected = with_outages(split, whole, 0.25, 60)
    assert expected.parts["device"].likely == 2 + 0.25 * 100
    assert expected.parts["up"].likely == 0.75 * 4
    assert sum(p.likely for p in expected.parts.values()) == 2 + 0.75 * (4 + 10 + 1) + 0.25 * (60 + 100)
    assert with_outages(whole, whole, 0.25, 60) is whole
    assert with_outages(split, whole, 0.0, 60) is split
