from __future__ import annotations

from edgeplan.cost.energy import Energy, UnitEnergy
from edgeplan.cost.estimate import Estimate
from edgeplan.cost.latency import Latency
from edgeplan.finding import Evidence
from edgeplan.report.energy import energy_lines, energy_rows

TIMED = Latency(Estimate(1e-3, 2e-3, 3e-3, "timed"))
PAPER = Evidence("paper", "device-measured", "table 1", "https://example.org/paper")
NPU = UnitEnergy("npu", 8e-3, (2.0, 4.0, 8.0), "the whole chip, above idle: metered on a sibling", (PAPER,))
CPU = UnitEnergy("cpu", 4e-3, (1.0, 2.0, 4.0), "the whole chip, above idle: metered", (PAPER,))


def test_a_figure_says_what_it_counts_once() -> None:
    energy = Energy(Estimate(8e-3, 12e-3, 20e-3, "2 to 8 W"), "", (NPU, CPU))
    assert list(energy_rows(energy, TIMED)) == [
        ("energy", "12.0 mJ (8.00 to 20.0 mJ): the whole chip, above idle", "estimated")
    ]


def test_an_energy_that_is_not_known_says_why() -> None:
    assert list(energy_rows(Energy(None, "nobody has metered it"), TIMED)) == [
        ("energy", "not known: nobody has metered it", "")
    ]


def test_without_a_time_nothing_is_said() -> None:
    assert not list(energy_rows(Energy(None, "no latency is known"), Latency(None, "sizes are open")))


def test_everything_tells_the_watts_and_each_source_once() -> None:
    energy = Energy(Estimate(8e-3, 12e-3, 20e-3, "2 to 8 W"), "", (NPU, CPU))
    assert [str(line) for line in energy_lines(energy)] == [
        "4 W (2 to 8 W) of the whole chip, above idle: metered on a sibling",
        "2 W (1 to 4 W) of the whole chip, above idle: metered",
        "paper (device-measured): table 1 <https://example.org/paper>",
    ]
