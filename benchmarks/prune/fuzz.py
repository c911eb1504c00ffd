"""Pruning of random networks: `python -m benchmarks.prune.fuzz --applications 10000 --seed 0 [--keep FOLDER]`.

Each network (`tests.surgery.pruning.net`) is made of layers, and of what rewrites look for now and then. Some units of
every group go, chosen at random; what is left must be a valid model of the shapes that were foretold, and give what the
whole one gives with zeros in the place of what went. An application is a network from which something went.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from pathlib import Path
from random import Random

import onnx

from edgeplan.pruning.structure import structure_of
from edgeplan.surgery.draft import Draft
from edgeplan.surgery.pruning.prepare import prepare
from tests.surgery.graphs import Fuzzed
from tests.surgery.pruning.motifs import MOTIFS
from tests.surgery.pruning.net import seeded
from tests.surgery.pruning.trial import misnamed, some_of, wrong


class Fuzz:
    """The tally of a run."""

    def __init__(self, keep: Path | None, odd: float) -> None:
        self.keep, self.odd = keep, odd
        self.networks = self.pruned = self.groups = self.gone = 0
        self.faults: Counter[str] = Counter()
        self.frozen: Counter[str] = Counter()
        self.seen: Counter[str] = Counter()

    def go(self, seed: int) -> None:
        """Prune the network of a seed."""
        found = seeded(seed, MOTIFS, 5, self.odd)
        if found is None:
            return
        self.networks += 1
        try:
            fault = self._pruned(found, seed)
        except Exception as e:  # any is a fault
            fault = f"crash: {type(e).__name__}: {e}"
        if fault:
            self.faults[fault.split(":")[0].split(" (")[0]] += 1
            print(f"{seed} {fault} [{', '.join(found.motifs)}]"[:600], file=sys.stderr)
            if self.keep is not None:
                self.keep.mkdir(parents=True, exist_ok=True)
                onnx.save(found.model, self.keep / f"{seed}.onnx")

    def _pruned(self, found: Fuzzed, seed: int) -> str:
        draft = prepare(Draft.open(found.model))
        structure = structure_of(draft.graph)
        self.frozen.update(f.reason for f in structure.frozen)
        kept = some_of(structure, Random(seed))
        gone = int((~kept.choice).sum())
        self.pruned, self.groups, self.gone = (
            self.pruned + (gone > 0),
            self.groups + len(structure.groups),
            self.gone + gone,
        )
        if gone:
            self.seen.update(dict.fromkeys(found.motifs, 1))
        return misnamed(structure) or wrong(draft, kept, found.feeds, found.outputs)


def main() -> int:
    """Run until so many networks are pruned."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--applications", type=int, default=10000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--odd", type=float, default=0.15, help="share of the forms that rewrites look for")
    parser.add_argument("--keep", type=Path, help="where networks that found a fault are written")
    args = parser.parse_args()
    fuzz, start, seed = Fuzz(args.keep, args.odd), time.perf_counter(), args.seed << 24
    try:
        while fuzz.pruned < args.applications and seed < (args.seed << 24) + 100 * args.applications:
            fuzz.go(seed)
            seed += 1
    except KeyboardInterrupt:  # what was found so far counts
        print(f"stopped after {fuzz.networks} networks", file=sys.stderr)
    print(
        f"{fuzz.pruned} of {fuzz.networks} random networks pruned (seed {args.seed}), "
        f"{time.perf_counter() - start:.0f} s"
    )
    print(
        f"{fuzz.groups} groups of units, {fuzz.gone} units gone; {sum(fuzz.faults.values())} faults {dict(fuzz.faults)}"
    )
    least = ", ".join(f"{name} {n}" for name, n in fuzz.seen.most_common()[:-11:-1])
    print(f"forms that were in the fewest networks pruned: {least}")
    for reason, n in fuzz.frozen.most_common(15):
        print(f"{n:8} layers stay: {reason}")
    return int(bool(fuzz.faults))


if __name__ == "__main__":
    sys.exit(main())
