"""Models beside each other on a target: what each takes, which is surely faster, and which is beaten in everything."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from itertools import combinations

from edgeplan.cost.estimate import Estimate
from edgeplan.finding import Finding
from edgeplan.memory.range import Range
from edgeplan.plan import Outcome, Plan
from edgeplan.summary import TargetSummary

__all__ = ["Candidate", "Comparison", "Order", "Pair", "Standing", "candidate", "less", "order_of", "standing"]

SCHEMA_VERSION = 1

_SAME = 0.02
"""Of memory or weights: who differ by less are alike."""


class Order(Enum):
    """How sure it is that one model is faster than another.

    `SURE`: the ranges do not meet; of pairs of held-out runs on one device 99 in 100 were in that order. `LIKELY`: the
    range of the ratio lies above 1; of those it were 95 in 100.
    """

    SURE = "sure"
    LIKELY = "likely"
    NOT_TOLD = "cannot-be-told-apart"


@dataclass(frozen=True, slots=True)
class Candidate:
    """One model on the target: seconds, joules, bytes of memory at the peak and of weights on disk, its worst finding.

    `among` is the latency with a range of what is wrong of this model alone: what is wrong of a device's figures is
    wrong of all models that rest on the same ones, and does not change their order. Without a latency `why` says what
    is missing; `unsized` says that the memory is a lower bound. `accelerated` is the share (0 to 1) of the MACs on
    accelerators, of the bytes where there are no MACs.
    """

    model: str
    outcome: Outcome
    latency: Estimate | None
    among: Estimate | None
    why: str
    energy: Estimate | None
    memory: Range
    unsized: bool
    size: int
    macs: int | None
    parameters: int | None
    accelerated: float
    worst: Finding | None


@dataclass(frozen=True, slots=True)
class Pair:
    """Two candidates, by index: `faster` is so many times (`ratio`) as fast as `slower`, and how sure the order is."""

    faster: int
    slower: int
    ratio: Estimate
    order: Order


@dataclass(frozen=True, slots=True)
class Standing:
    """The candidates on one target, as they were given; `front` are those that no other beats, by index.

    `pairs` leave out candidates whose latency is not known. `beaten` has for each candidate off the front one that
    beats it: no more time, memory or weights, and less of one. A shorter time alone counts only where it is sure. What
    does not fit is neither.
    """

    target: TargetSummary
    candidates: tuple[Candidate, ...]
    front: tuple[int, ...]
    beaten: Mapping[int, int]
    pairs: tuple[Pair, ...]

    def pair(self, one: int, other: int) -> Pair | None:
        """The pair of two candidates, whichever is the faster; None while the latency of one is not known."""
        return next((p for p in self.pairs if {p.faster, p.slower} == {one, other}), None)


@dataclass(frozen=True)
class Comparison:
    """The same models on every target."""

    standings: tuple[Standing, ...]
    schema_version: int = field(default=SCHEMA_VERSION)


def candidate(model: str, plan: Plan) -> Candidate:
    """What a comparison keeps of a plan; `model` is the name to show."""
    fast = [u for u in plan.units if u.accelerator]
    share = sum(u.macs_share if plan.model.macs else u.bytes_share for u in fast)
    worst = max(plan.findings, key=lambda f: f.severity.rank, default=None)
    latency, memory = plan.latency, plan.memory
    return Candidate(
        model,
        plan.outcome,
        latency.total,
        latency.among,
        latency.why,
        plan.energy.total,
        memory.peak,
        bool(memory.unsized),
        memory.stored,
        plan.model.macs,
        plan.model.parameters,
        min(share, 1.0),
        worst,
    )


def standing(target: TargetSummary, candidates: Sequence[Candidate]) -> Standing:
    """The order and the front of models on a target."""
    pairs = tuple(_pairs(candidates))
    surely = {(p.faster, p.slower) for p in pairs if p.order is Order.SURE}
    fitting = [i for i, c in enumerate(candidates) if c.outcome is not Outcome.DOES_NOT_FIT]
    beaten: dict[int, int] = {}
    for i in fitting:
        rivals = (j for j in fitting if j != i and _beats(candidates[j], candidates[i], (j, i) in surely))
        beating = next(rivals, None)
        if beating is not None:
            beaten[i] = beating
    return Standing(target, tuple(candidates), tuple(i for i in fitting if i not in beaten), beaten, pairs)


def _pairs(candidates: Sequence[Candidate]) -> Iterator[Pair]:
    for i, j in combinations(range(len(candidates)), 2):
        one, other = _comparable(candidates[i], candidates[j])
        if one is None or other is None or min(one.low, other.low) <= 0:
            continue
        faster, slower, fast, slow = (i, j, one, other) if one.likely <= other.likely else (j, i, other, one)
        yield Pair(faster, slower, *order_of(fast, slow))


def _comparable(one: Candidate, other: Candidate) -> tuple[Estimate | None, Estimate | None]:
    """The two times, each with what it does not share with the other of its error."""
    shared = one.latency is not None and other.latency is not None and one.latency.basis == other.latency.basis
    return (one.among, other.among) if shared else (one.latency, other.latency)


def order_of(fast: Estimate, slow: Estimate) -> tuple[Estimate, Order]:
    """How many times as long the slower of two takes, and how sure the order is: surely where the ranges are apart."""
    ratio = slow.over(fast)
    return ratio, Order.SURE if fast.apart(slow) else Order.LIKELY if ratio.low > 1 else Order.NOT_TOLD


def _beats(one: Candidate, other: Candidate, surely_faster: bool) -> bool:
    if (one.latency is None) != (other.latency is None) or one.unsized or other.unsized:
        return False
    if one.latency is not None and other.latency is not None and one.latency.likely > other.latency.likely:
        return False
    bytes_ = ((one.memory.likely, other.memory.likely), (one.size, other.size))
    if any(less(theirs, mine) for mine, theirs in bytes_):
        return False
    return surely_faster or any(less(mine, theirs) for mine, theirs in bytes_)


def less(one: int, other: int) -> bool:
    """Whether one figure in bytes is less than another by more than makes no difference."""
    return one < (1 - _SAME) * other
