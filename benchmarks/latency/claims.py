"""How often the orders that `edgeplan compare` claims are right, on networks that no fit saw."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

from benchmarks.latency.validation import Held, spread_of
from edgeplan.comparison import Order, order_of
from edgeplan.cost.estimate import Estimate

__all__ = ["Claims", "claims_of"]


@dataclass(frozen=True, slots=True)
class Claims:
    """Pairs of networks by how sure their order is said to be, those ordered right, and ratios inside their range."""

    pairs: dict[Order, int]
    right: dict[Order, int]
    inside: int

    @property
    def all(self) -> int:
        """All pairs."""
        return sum(self.pairs.values())


def claims_of(tables: Iterable[Sequence[Held]]) -> Claims:
    """Every two networks of one table, device and precision, with the range of the table."""
    pairs, right, inside = dict.fromkeys(Order, 0), dict.fromkeys(Order, 0), 0
    for held in tables:
        low, high = spread_of(held)
        alike: dict[tuple[str, ...], list[Held]] = {}
        for h in held:
            run = h.loaded.run
            alike.setdefault((run.device, run.precision, run.assume, run.scale), []).append(h)
        for one, other in (pair for hs in alike.values() for pair in combinations(hs, 2)):
            fast, slow = (one, other) if one.predicted <= other.predicted else (other, one)
            ratio, order = order_of(*(_estimate(h, low, high) for h in (fast, slow)))
            measured = slow.loaded.run.seconds / fast.loaded.run.seconds
            pairs[order] += 1
            right[order] += measured > 1
            inside += ratio.low <= measured <= ratio.high
    return Claims(pairs, right, inside)


def _estimate(held: Held, low: float, high: float) -> Estimate:
    return Estimate(held.predicted * low, held.predicted, held.predicted * high, "")
