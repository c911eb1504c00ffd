"""An order of the ops whose activations take less memory, and the proof that they can run in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from edgeplan.graph import Graph
from edgeplan.lower.views import is_view
from edgeplan.memory.effects import has_effect
from edgeplan.memory.frontier import Block, best_order
from edgeplan.memory.lifetimes import ArenaRules, Lifetimes
from edgeplan.memory.live import live_bytes, lower_bound
from edgeplan.memory.pool import buffers_of

__all__ = ["Order", "broken_by", "lower_peak_order", "reordered"]

_WORK = 300_000
"""Ops to try in all, about a second."""
_LARGEST = 10_000
"""Ops of a part beyond which it stays as it is."""


@dataclass(frozen=True, slots=True)
class Order:
    """Ops by index, in the order to run them. `before` and `after` are the most bytes alive at once, as they stood and
    in this order.
    """

    order: tuple[int, ...]
    before: int
    after: int

    @property
    def moved(self) -> int:
        """How many ops stand elsewhere than before."""
        return sum(i != j for i, j in enumerate(self.order))


def broken_by(graph: Graph, order: Sequence[int]) -> str | None:
    """Why the ops cannot run in an order, given by their indices; None when they can.

    Each op must come once, after those that make what it reads, and those that do more than make their outputs must
    stay in the order in which they stand.
    """
    if sorted(order) != list(range(len(graph.ops))):
        return "not every op comes once"
    made = {*graph.inputs}
    makers = graph.producer
    for i in order:
        for name in graph.reads(graph.ops[i]):
            if name in makers and name not in made:
                return f"{graph.ops[i].name!r} reads {name!r} before it is made"
        made.update(graph.ops[i].outputs)
    effects = [i for i in order if has_effect(graph.ops[i])]
    for one, other in pairwise(effects):
        if one > other:
            return f"{graph.ops[one].name!r} comes before {graph.ops[other].name!r}, whose effect it may depend on"
    return None


def reordered(graph: Graph, order: Sequence[int]) -> Graph:
    """The graph with its ops in another order, given by their indices. Raises `ValueError` where they cannot run so."""
    reason = broken_by(graph, order)
    if reason is not None:
        raise ValueError(reason)
    return replace(graph, ops=tuple(graph.ops[i] for i in order))


def lower_peak_order(graph: Graph, rules: ArenaRules) -> Order:
    """An order in which less is alive at the peak; the one there is where none is found.

    An op that comes before or after every other one has its place. Between two such ops the order is the best there
    is when few ops stand side by side, and a good one found in bounded time when many do; only where the peak lies is
    anything moved. Near-linear in ops.
    """
    given = tuple(range(len(graph.ops)))
    found = buffers_of(graph, rules)
    before, _ = lower_bound(found.buffers, found.steps)
    order = _improved(graph, rules, found)
    if order == given or broken_by(graph, order) is not None:
        return Order(given, before, before)
    changed = buffers_of(reordered(graph, order), rules)
    after, _ = lower_bound(changed.buffers, changed.steps)
    return Order(order, before, after) if after < before else Order(given, before, before)


def _improved(graph: Graph, rules: ArenaRules, found: Lifetimes) -> tuple[int, ...]:
    """The ops with those parts changed that have the highest peaks, as long as that lowers the whole."""
    live = live_bytes(found.buffers, found.steps)
    needs = _needs(graph, rules)
    blocks = sorted(_between_cuts(needs), key=lambda part: -max(live[part.start : part.stop]))
    inside = {i for part in blocks for i in part}
    floor = max((bytes_ for i, bytes_ in enumerate(live) if i not in inside), default=0)
    order = list(range(len(graph.ops)))
    if not blocks:
        return tuple(order)
    memory = _Memory(graph, rules, found)
    for part in blocks:
        peak = max(live[part.start : part.stop])
        if peak <= floor or len(part) > _LARGEST:
            break
        block = memory.block(part, needs, live[part.start])
        better = best_order(block, floor, peak, _WORK // len(blocks))
        if better is None:
            break
        order[part.start : part.stop] = [part.start + i for i in better]
        floor = max(floor, block.peak(better))
    return tuple(order)


def _needs(graph: Graph, rules: ArenaRules) -> list[set[int]]:
    """For each op those that must run before it."""
    makers = graph.producer
    needs = [{makers[name] for name in graph.reads(op) if name in makers} for op in graph.ops]
    for one, other in pairwise(i for i, op in enumerate(graph.ops) if has_effect(op)):
        needs[other].add(one)
    for name, source in rules.shared(graph).items():
        i = makers.get(name)
        if i is not None and not is_view(graph, graph.ops[i]):  # it writes over what the others have to read first
            for reader in graph.consumers.get(source, ()):
                if reader != i:
                    needs[max(i, reader)].add(min(i, reader))
    return needs


def _between_cuts(needs: Sequence[set[int]]) -> list[range]:
    """The runs of ops between those that come before or after every other op in any order."""
    count = len(needs)
    soonest = [count] * count  # of the ops that need one, the first
    for i, before in enumerate(needs):
        for maker in before:
            soonest[maker] = min(soonest[maker], i)
    reaches_all = [True] * count
    latest = count
    for i in range(count - 1, -1, -1):  # every op after it needs it or another op after it
        reaches_all[i] = latest >= i
        latest = min(latest, max(needs[i], default=-1))
    cuts = [-1]
    furthest = -1
    for i in range(count):  # every op before it is needed by it or by another op before it
        if reaches_all[i] and furthest <= i:
            cuts.append(i)
        furthest = max(furthest, soonest[i])
    return [range(a + 1, b) for a, b in pairwise([*cuts, count]) if b - a > 2]


class _Memory:
    """Which bytes come alive with each op of a graph, and which ops use them."""

    def __init__(self, graph: Graph, rules: ArenaRules, found: Lifetimes) -> None:
        shared = rules.shared(graph)
        sizes = {b.value: b.size for b in found.buffers if b.role == "activation"}
        self._makes = [0] * len(graph.ops)
        self._extra = [0] * len(graph.ops)
        for b in found.buffers:
            if b.role in ("scratch", "body"):
                self._extra[b.born] += b.size
        self._uses: list[set[str]] = [set() for _ in graph.ops]
        self._users: dict[str, list[int]] = {}
        self._sizes = sizes
        root: dict[str, str] = {}
        for i, op in enumerate(graph.ops):
            used = {root.get(name, name) for name in graph.reads(op)}
            for name in op.outputs:
                source = root.get(shared[name], shared[name]) if name in shared else ""
                root[name] = source if source in sizes else name
                used.add(root[name])
                if root[name] == name:
                    self._makes[i] += sizes.get(name, 0)
            self._uses[i] = used & sizes.keys()
            for name in self._uses[i]:
                self._users.setdefault(name, []).append(i)
        self._stay = {root.get(name, name) for name in graph.outputs} if rules.outputs_stay else set()
        self._stay.update(graph.inputs if rules.inputs_stay else ())
        self._unused = sum(sizes.get(name, 0) for name in graph.inputs if name not in self._users)

    def block(self, part: range, needs: Sequence[set[int]], live: int) -> Block:
        """The ops of a part by number, given what is alive while the first runs."""
        start = part.start
        unused = 0 if start or self._unused == 0 else self._unused
        masks: dict[str, int] = {}
        for i in part:
            for name in self._uses[i] - self._stay:
                if self._users[name][-1] in part:
                    masks[name] = masks.get(name, 0) | 1 << i - start
        return Block(
            tuple(sum(1 << j - start for j in needs[i] if j >= start) for i in part),
            tuple(self._makes[i] for i in part),
            tuple(self._extra[i] for i in part),
            tuple(tuple((masks[n], self._sizes[n]) for n in sorted(self._uses[i] & masks.keys())) for i in part),
            live - self._makes[start] - self._extra[start] - unused,
        )
