"""The figures of `rules/networks` that no paper states, worked out again from the measurements that papers released.

    python -m benchmarks.split.links [--drive FOLDER] [--radio FOLDER]

`--drive` is `raw_data/data_2024/app_data` of the repository that the source `conext25-drive` names: the percentiles of
`vehicle-cellular`. `--radio` is the repository of the source `sigcomm21-5g`: the lines of `lte-2021` and `5g-2021`.
"""

from __future__ import annotations

import argparse
import csv
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

_HALF_SECOND = re.compile(r"MB /\s+0\.\d+ sec =\s+([\d.]+) Mbps")
_ROUND_TRIP = re.compile(r"time=([\d.]+) ms")
_LOST = re.compile(r"(\d+) packets transmitted, (\d+) received")
_WHOLE_TEST = 100
"""Half seconds: tests that broke off before are left out; pings likewise below half as many."""


def drive(folder: Path) -> Iterator[str]:
    """Percentiles of the throughput by half seconds, of the round trip by pings, and the part of pings lost."""
    for way in ("tcp_uplink", "tcp_downlink"):
        tests = [[float(m) for m in _HALF_SECOND.findall(text)] for text in _texts(folder, way)]
        tests = [test for test in tests if len(test) > _WHOLE_TEST]
        rates = np.concatenate([np.array(test) for test in tests])
        low, likely, high = np.percentile(rates, [10, 50, 90])
        yield (
            f"{way}: {len(tests)} tests, {len(rates)} half seconds, p10 {low:.2f}, p50 {likely:.2f}, p90 {high:.2f} "
            f"Mbit/s, {(rates == 0).mean():.1%} without a byte"
        )
    trips: list[float] = []
    sent = received = 0
    for text in _texts(folder, "icmp_ping"):
        counts = _LOST.search(text)
        if counts and int(counts[1]) >= _WHOLE_TEST // 2:
            sent, received = sent + int(counts[1]), received + int(counts[2])
            trips += [float(m) for m in _ROUND_TRIP.findall(text)]
    low, likely, high = np.percentile(trips, [10, 50, 90])
    yield f"ping: {sent} sent, {1 - received / sent:.2%} lost, p10 {low:.1f}, p50 {likely:.1f}, p90 {high:.1f} ms"


def radio(folder: Path) -> Iterator[str]:
    """The line through the means by target rate, for each network and way, and what the phone draws without traffic."""
    with (folder / "Data-Transfer-Power/MN-Transfer/data-processed/MN-Transfer_combined.csv").open() as f:
        rows = list(csv.DictReader(f))
    for key in sorted({(row["network type"], row["direction"]) for row in rows}):
        mine = [row for row in rows if (row["network type"], row["direction"]) == key]
        means = [
            np.mean(
                [(float(r["throughput"]), float(r["avg_power"])) for r in mine if r["target bandwidth"] == t], axis=0
            )
            for t in sorted({row["target bandwidth"] for row in mine})
        ]
        slope, base = np.polyfit(*np.array(means).T, 1)
        fastest = max(float(r["throughput"]) for r in mine)
        yield f"{key[0]} {key[1]}: {slope:.2f} mW/Mbps and {base:.0f} mW, to {fastest:.0f} Mbps"
    with (folder / "Power-Model/MN-Wild/data-processed/baseline_power.csv").open() as f:
        idle = [float(row["base_power"]) for row in csv.DictReader(f) if row["base_power"]]
    yield f"without traffic: {np.mean(idle):.0f} mW, the mean of {len(idle)} runs"


def _texts(folder: Path, kind: str) -> Iterator[str]:
    return (path.read_text("utf-8", "replace") for path in sorted(folder.glob(f"*/*/{kind}_*.out")))


def main() -> None:
    """Print what is asked for."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.split.links",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--drive", type=Path)
    parser.add_argument("--radio", type=Path)
    given = parser.parse_args()
    for folder, lines in ((given.drive, drive), (given.radio, radio)):
        if folder is not None:
            print("\n".join(lines(folder)))


if __name__ == "__main__":
    main()
