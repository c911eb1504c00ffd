"""Rewrites on random graphs: `python -m benchmarks.rewrite.fuzz --applications 10000 --seed 0 [-o F.md]`.

Each graph (`tests.surgery.graphs`) is made of what rewrites look for. Every rewrite is applied to it by itself, without
proofs, so that the rewrite is on trial and not the proof; then those that fold and tidy are applied together, in their
order and in others. What comes of it must be a valid model with the same results, and leave nothing more to do.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import onnx

from edgeplan.surgery.draft import Draft
from edgeplan.surgery.ledger import Ledger
from edgeplan.surgery.rewrite import Rewrite, Stage
from edgeplan.surgery.rewrites import rewrite, rewrites
from edgeplan.surgery.sweep import sweep
from tests.surgery.graphs import Fuzzed, seeded
from tests.surgery.motifs import MOTIFS
from tests.surgery.sketch import Sketch
from tests.surgery.trial import Trial, tidied, trial

TOGETHER = "together"
"""The row of the rewrites that fold and tidy, at once."""

_TURN = 4
"""Of so many graphs, one is tidied."""

_MARGIN = 40
"""Graphs looked at, at most, for each application asked for."""


@dataclass
class Count:
    """What became of one rewrite."""

    sites: int = 0
    graphs: int = 0
    misses: int = 0
    proved: int = 0
    unproved: int = 0
    faults: Counter[str] = field(default_factory=Counter)


class Fuzz:
    """The tally of a run."""

    def __init__(self, chosen: Sequence[Rewrite], keep: Path | None, together: bool, prove: int) -> None:
        self.chosen, self.keep, self.together, self.prove = chosen, keep, together, prove
        self.counts: dict[str, Count] = defaultdict(Count)
        self.seen: Counter[str] = Counter()  # motifs
        self.led: dict[str, Counter[str]] = defaultdict(Counter)  # by rewrite, the motifs of the graphs it fitted
        self.opsets: dict[str, list[int]] = defaultdict(list)
        self.graphs = self.valid = 0
        self.folding = [r for r in rewrites() if r.stage <= Stage.FOLD]

    @property
    def sites(self) -> int:
        """Applications of single rewrites so far."""
        return sum(c.sites for name, c in self.counts.items() if name != TOGETHER)

    def least(self) -> int:
        """Applications of the rewrite that was applied least."""
        return min(self.counts[r.id].sites for r in self.chosen)

    def go(self, seed: int) -> None:
        """Try everything on the graph of a seed, three times out of four one made for what was applied least."""
        self.graphs += 1
        rng = Random(seed)
        wanted = [r.id for r in self.chosen if self.counts[r.id].sites > 0]
        name = min(wanted, key=lambda n: self.counts[n].sites) if wanted and seed % 4 else ""
        wish = [self._leading(name, rng)] * rng.randint(1, 2) if name else []
        graph = seeded(seed, most=3 if wish else 5, wish=wish, opset=rng.choice(self.opsets[name]) if name else 0)
        if graph is None:
            return
        self.valid += 1
        self.seen.update(set(graph.motifs))
        opset = next(o.version for o in graph.model.opset_import if o.domain == "")
        draft = Draft.open(graph.model)
        for one in self.chosen:
            found = trial(graph, draft, one)
            self._note(seed, graph, found)
            if found.sites:
                self.led[one.id].update(set(graph.motifs))
                self.opsets[one.id].append(opset)
            if self.prove and seed % self.prove == 0 and self.counts[one.id].graphs:
                self._prove(seed, graph, draft, one)
        if self.together and seed % _TURN == 0:
            some = rng.sample(self.folding, rng.randint(2, len(self.folding)))
            for chosen in (self.folding, some):
                try:
                    fault, why = tidied(graph, draft, chosen)
                except Exception as e:  # any is a fault
                    fault, why = "crash", f"{type(e).__name__}: {e}"
                self._note(seed, graph, Trial(TOGETHER, 1, 0, fault, why))

    def _leading(self, rewritten: str, rng: Random) -> Callable[[Sketch], None]:
        """One of the motifs that most surely lead to a rewrite."""
        best = sorted(self.led[rewritten], key=lambda m: self.led[rewritten][m] / self.seen[m])[-3:]
        name = rng.choice(best)
        return next(m for m in MOTIFS if m.__name__ == name)

    def _prove(self, seed: int, graph: Fuzzed, draft: Draft, one: Rewrite) -> None:
        found = sweep(draft.copy(), [one], Ledger())
        self.counts[one.id].proved += len(found.sites)
        self.counts[one.id].unproved += sum(m.reason.startswith("not proved") for m in found.misses)
        for miss in found.misses:
            if miss.reason.startswith("not proved"):
                print(f"  {seed} {one.id} at {miss.op}: {miss.reason}"[:200], file=sys.stderr)
                self._save(seed, graph, one.id)

    def _note(self, seed: int, graph: Fuzzed, found: Trial) -> None:
        count = self.counts[found.rewrite]
        count.sites += found.sites
        count.misses += found.misses
        count.graphs += found.sites > 0
        if found.fault:
            count.faults[found.fault] += 1
            print(
                f"{seed} {found.rewrite} {found.fault}: {found.why} [{', '.join(graph.motifs)}]"[:600], file=sys.stderr
            )
            self._save(seed, graph, found.rewrite)

    def _save(self, seed: int, graph: Fuzzed, name: str) -> None:
        if self.keep is not None:
            self.keep.mkdir(parents=True, exist_ok=True)
            onnx.save(graph.model, self.keep / f"{seed}.{name}.onnx")

    def table(self, seed: int, seconds: float) -> Iterator[str]:
        """The page."""
        faults = sum((c.faults for c in self.counts.values()), Counter[str]())
        yield f"{self.sites} applications of {len(self.chosen)} rewrites to {self.valid} random graphs (seed {seed})."
        said = ", ".join(f"{faults[k]} {k}" for k in ("wrong", "invalid", "crash", "unstable"))
        yield f"Faults: {said}. Fewest applications of one rewrite: {self.least()}. It took {seconds:.0f} s."
        yield ""
        yield "| rewrite | applied | graphs | near misses | wrong | invalid | crash | unstable |"
        yield "|---|--:|--:|--:|--:|--:|--:|--:|"
        for name in [*(r.id for r in self.chosen), *([TOGETHER] if self.together else [])]:
            c = self.counts[name]
            numbers = [c.sites, c.graphs, c.misses, *(c.faults[k] for k in ("wrong", "invalid", "crash", "unstable"))]
            yield f"| {name} | {' | '.join(map(str, numbers))} |"


def main() -> int:
    """Run until so many applications are made, and every rewrite has had its share."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--applications", type=int, default=10000)
    parser.add_argument("--least", type=int, default=50, help="applications of every rewrite at least")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--graphs", type=int, default=0, help="graphs at most")
    parser.add_argument("--only", nargs="*", default=[], help="these rewrites alone")
    parser.add_argument("--keep", type=Path, help="where graphs that found a fault are written")
    parser.add_argument("--prove", type=int, default=0, help="have every so many graphs' sites proved, too")
    parser.add_argument("-o", "--output", type=Path)
    args = parser.parse_args()
    chosen = [rewrite(n) for n in args.only] if args.only else rewrites()
    fuzz = Fuzz(chosen, args.keep, not args.only, args.prove)
    start = time.perf_counter()
    most = args.graphs or args.applications * _MARGIN
    try:
        while fuzz.graphs < most and (fuzz.sites < args.applications or fuzz.least() < args.least):
            fuzz.go((args.seed << 24) + fuzz.graphs)
    except KeyboardInterrupt:  # what was found so far counts
        print(f"stopped after {fuzz.graphs} graphs", file=sys.stderr)
    text = "\n".join(fuzz.table(args.seed, time.perf_counter() - start))
    print(text)
    if args.output is not None:
        args.output.write_text(text + "\n")
    return int(any(c.faults for c in fuzz.counts.values()))


if __name__ == "__main__":
    sys.exit(main())
