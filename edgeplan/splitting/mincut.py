"""The cheapest split of a problem: a least cut, in whole numbers, so that the cut that is returned has its value.

The device is the network's source, the cloud its sink, and what the device runs is the source's side. The arcs:

    device -> op     there(op)            cut when the op is in the cloud
    op -> cloud      here(op)             cut when it is on the device
    maker -> tensor  send(tensor)         cut when the tensor is sent, once for all who read it
    tensor -> reader without end
    reader -> maker  without end          nothing comes back: what the device runs has all it reads on the device

The last kind is what the graph of DADS (Hu et al., INFOCOM 2019) lacks. Floats are made whole in units of a 2^40th of
the value of a split that is known before: solvers that test floats for zero return cuts that do not have their value.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeplan.splitting.flow import source_side
from edgeplan.splitting.forced import Conflict, Forced, forced
from edgeplan.splitting.prefix import least_prefix
from edgeplan.splitting.problem import INPUT, Prices, Problem, cost_of

__all__ = ["Cut", "Cutter"]

Array = NDArray[Any]

_UNITS = 1 << 40
"""Units that a split known before costs: what a sum of 2^20 of them is rounded by is a millionth."""


@dataclass(frozen=True, slots=True)
class Cut:
    """The ops [ops] that the device runs, and what that costs."""

    device: Array
    cost: float


class Cutter:
    """Cuts one problem at any prices. `conflict` says why it cannot be cut at all."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        found = forced(problem)
        self.conflict = found if isinstance(found, Conflict) else None
        self._forced = found if isinstance(found, Forced) else None
        if self._forced is not None:
            self._wire(problem, self._forced)

    def _wire(self, problem: Problem, known: Forced) -> None:
        """The arcs by their ends. What is known where it goes is one with the source or the sink."""
        free = ~(known.device | known.cloud)
        self._free = np.flatnonzero(free)
        n = len(self._free)
        self._source, self._sink = n, n + 1
        vertex = np.empty(problem.ops, np.int64)
        vertex[known.device], vertex[known.cloud] = self._source, self._sink
        vertex[self._free] = np.arange(n)
        given = problem.maker == INPUT
        made_at = np.where(given, self._source, vertex[np.where(given, 0, problem.maker)] if problem.ops else 0)
        read_at = vertex[problem.reader]
        start = made_at[problem.tensor]
        asked = (start != read_at) & (start != self._sink)
        pairs = np.unique(problem.tensor[asked] * (n + 2) + read_at[asked])  # forced readers are one vertex
        tensor, end = pairs // (n + 2), pairs % (n + 2)
        in_cloud = np.zeros(len(problem.maker), bool)
        in_cloud[tensor[end == self._sink]] = True  # then who else reads it changes nothing
        counted = ~in_cloud[tensor] | (end == self._sink)
        tensor, end = tensor[counted], end[counted]
        readers = np.bincount(tensor, minlength=len(problem.maker))
        several = np.flatnonzero(readers > 1)
        self._vertices = n + 2 + len(several)
        hub = np.full(len(problem.maker), -1, np.int64)
        hub[several] = n + 2 + np.arange(len(several))
        alone = readers[tensor] == 1
        self._charged = np.concatenate((several, tensor[alone]))
        charge_start = made_at[self._charged]
        charge_end = np.concatenate((hub[several], end[alone]))
        back_start, back_end = read_at, start
        needed = (back_start != back_end) & (back_start != self._source) & (back_end != self._source)
        needed &= (back_start != self._sink) & (back_end != self._sink)
        back = np.unique(back_start[needed] * (n + 2) + back_end[needed])
        ends = np.arange(n)
        self._tail = np.concatenate(
            (np.full(n, self._source), ends, charge_start, hub[tensor[~alone]], back // (n + 2))
        )
        self._head = np.concatenate((ends, np.full(n, self._sink), charge_end, end[~alone], back % (n + 2))).astype(
            np.int32
        )
        self._endless = len(back) + int((~alone).sum())

    def cut(self, prices: Prices) -> Cut:
        """The cheapest split at some prices, all of it on the device or in the cloud included.

        Of several as cheap the one with the fewest ops on the device. Raises `ValueError` where there is a `conflict`.
        """
        problem, known = self.problem, self._forced
        if known is None:
            raise ValueError("no split is allowed")
        bounds = (known.device, ~known.cloud)
        found = [Cut(d, cost_of(problem, prices, d)) for d in bounds]
        found += [Cut(d, cost_of(problem, prices, d)) for d in [least_prefix(problem, prices)] if d is not None]
        best = min(found, key=lambda c: c.cost)
        if not len(self._free) or not best.cost:
            return best
        device = known.device.copy()
        device[self._free] = self._source_side(prices, best.cost)
        exact = Cut(device, cost_of(problem, prices, device))
        return min(exact, best, key=lambda c: c.cost)

    def _source_side(self, prices: Prices, bound: float) -> Array:
        """Which of the free ops stand with the source; `bound` is what some split costs, so no dearer arc is cut."""
        unit = _UNITS / bound
        never = 4 * _UNITS
        asked = np.concatenate((prices.there[self._free], prices.here[self._free], prices.send[self._charged]))
        whole = np.rint(np.minimum(asked, 2 * bound) * unit).astype(np.int64)
        whole[2 * len(self._free) :][~self.problem.sendable[self._charged]] = never
        capacity = np.concatenate((whole, np.full(self._endless, never, np.int64)))
        side = np.zeros(self._vertices, bool)
        side[source_side(self._tail, self._head, capacity, self._source, self._sink)] = True
        found: Array = side[: len(self._free)]
        return found
