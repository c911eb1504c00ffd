"""Cuts of random graphs: `python -m benchmarks.split.fuzz --cuts 10000 --seed 0 [--keep FOLDER]`.

Each graph (`tests.surgery.graphs`) is cut behind a random place of its order, and where all but a few ops and what they
need is left to the cloud. Both halves must be valid models and give, one behind the other, every bit of what the whole
gives; what is known before it runs must not cross. Where onnxruntime gives a tensor that is handed over another size
than onnx says (ConvTranspose with SAME and output_padding), the second half refuses it: those are counted apart.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from pathlib import Path
from random import Random

import onnx

from edgeplan.graph import DType
from edgeplan.surgery.draft import Draft
from edgeplan.surgery.halves import cut_in_two
from tests.surgery.graphs import Fuzzed, seeded
from tests.surgery.splitting.trial import closed, prefix, wrong


class Fuzz:
    """The tally of a run."""

    def __init__(self, keep: Path | None) -> None:
        self.keep = keep
        self.graphs = self.cuts = self.proper = self.crossing = self.sizes = 0
        self.faults: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()

    def go(self, seed: int) -> None:
        """Cut the graph of a seed in two ways."""
        found = seeded(seed)
        if found is None:
            return
        self.graphs += 1
        try:
            fault = self._cut(found, Random(seed))
        except Exception as e:  # any is a fault
            fault = f"crash: {type(e).__name__}: {e}"
        if fault:
            self.faults[fault.split(":")[0]] += 1
            print(f"{seed} {fault} [{', '.join(found.motifs)}]"[:600], file=sys.stderr)
            if self.keep is not None:
                self.keep.mkdir(parents=True, exist_ok=True)
                onnx.save(found.model, self.keep / f"{seed}.onnx")

    def _cut(self, found: Fuzzed, random: Random) -> str:
        draft = Draft.open(found.model)
        values = draft.graph.values
        half = any(v.dtype is DType.FLOAT16 for v in values.values())  # rounded once more where it is handed over
        for ops in (prefix(draft.graph, random), closed(draft.graph, random)):
            halves = cut_in_two(draft, ops, sized=False)
            if isinstance(halves, str):
                self.refused[halves.split("would")[-1]] += 1
                continue
            self.cuts += 1
            self.proper += halves.device is not None and halves.cloud is not None
            self.crossing += len(halves.boundary)
            known = [name for name in halves.boundary if values[name].const]
            if known:
                return f"constants cross: {known}"
            for feeds in found.feeds:
                fault = wrong(found.model, halves, feeds)
                if "Got invalid dimensions" in fault:
                    self.sizes += 1
                elif fault and not (half and fault.startswith("another result")):
                    return fault
        return ""


def main() -> int:
    """Run until so many cuts are made."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cuts", type=int, default=10000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, help="where graphs that found a fault are written")
    args = parser.parse_args()
    fuzz, start, seed = Fuzz(args.keep), time.perf_counter(), args.seed << 24
    while fuzz.cuts < args.cuts:
        fuzz.go(seed)
        seed += 1
    print(
        f"{fuzz.graphs} graphs, {fuzz.cuts} cuts ({fuzz.proper} with something on both sides, {fuzz.crossing} tensors"
        f" handed over), {sum(fuzz.refused.values())} refused, {time.perf_counter() - start:.0f} s"
    )
    print(f"  {fuzz.sizes} runs with tensors of other sizes than onnx says")
    for what, tally in (("refused", fuzz.refused), ("faults", fuzz.faults)):
        for why, count in tally.most_common(12):
            print(f"  {what} {count}: {why}")
    return 1 if fuzz.faults else 0


if __name__ == "__main__":
    sys.exit(main())
