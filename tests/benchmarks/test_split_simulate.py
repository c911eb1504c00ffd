"""The table of what changing the way is worth, on links drawn small."""

from __future__ import annotations

import sys

import pytest

from benchmarks.split import simulate


def test_the_table_of_a_small_link(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    network = "up=8,down=40,rtt=50"
    monkeypatch.setattr(sys, "argv", ["simulate", "--networks", network, "--seconds", "60"])
    simulate.main()
    told = capsys.readouterr().out
    assert [line.split(":")[0] for line in told.splitlines() if line.startswith(network)] == [
        f"{network}, now and then dead",
        f"{network}, now and then slow",
        f"{network}, wandering",
    ]
    rows = [line for line in told.splitlines() if line.startswith("| ") and "ms" not in line]
    assert len(rows) == 3 * (5 + 3 + 1)
    assert all(float(row.split("|")[-2]) >= 1 for row in rows)


@pytest.mark.parametrize("up", [2e5, 1e6, 8e6, 3e7, 1e9])
def test_the_spans_name_the_fastest_way(up: float):
    ways = simulate.made_up_ways()
    (span,) = (s for s in simulate.spans_of(ways, 40e6, 0.05) if s.low <= up < s.high)
    assert span.way == min(range(len(ways)), key=lambda i: ways[i].seconds(up, 40e6, 0.05))
