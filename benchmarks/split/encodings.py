"""How fast tensors are encoded for the wire and read back, and how small they get.

    python -m benchmarks.split.encodings [--elements N]

Three kinds of activations stand for what networks send: after a ReLU (half zeros, drawn and then smoothed, as
neighbouring pixels are alike), before one (a bell, likewise), and noise. Each figure is the median of the runs, in
10^9 elements a second; `rules/networks/encodings.toml` holds the slowest kind's.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeplan.links.encoding import ENCODINGS
from edgeplan.links.wire import decode, encode

_RUNS = 15


def activations(elements: int) -> Mapping[str, NDArray[np.float32]]:
    """The three kinds, by name."""
    random = np.random.default_rng(7)
    noise = random.standard_normal(elements, dtype=np.float32)
    bell = np.convolve(noise, np.full(8, 1 / 8, np.float32), mode="same").astype(np.float32)
    return {"after a ReLU": np.maximum(bell, 0), "before it": bell, "noise": noise}


def seconds(work: Callable[[], Any]) -> float:
    """The median of some runs, the first left out."""
    times = []
    for _ in range(_RUNS + 1):
        start = perf_counter()
        work()
        times.append(perf_counter() - start)
    return median(times[1:])


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.split.encodings",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--elements", type=int, default=56 * 56 * 64, help="of a tensor (default: 56 by 56 by 64)")
    given = parser.parse_args()
    print("| encoding | activations | bytes an element | encode, 10^9 elements/s | decode | error, dB |")
    print("|---|---|--:|--:|--:|--:|")
    for name in ENCODINGS[1:]:
        for kind, array in activations(given.elements).items():
            data = encode(array, name)
            back = decode(data, "float32", array.shape, name)
            there = seconds(lambda a=array, n=name: encode(a, n))
            here = seconds(lambda d=data, a=array, n=name: decode(d, "float32", a.shape, n))
            ratio = float((array**2).sum(dtype=np.float64) / ((array - back) ** 2).sum(dtype=np.float64))
            rates = " | ".join(f"{array.size / t / 1e9:.3f}" for t in (there, here))
            print(f"| {name} | {kind} | {len(data) / array.size:.3f} | {rates} | {10 * np.log10(ratio):.1f} |")


if __name__ == "__main__":
    main()
