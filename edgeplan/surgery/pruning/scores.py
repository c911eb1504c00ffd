"""How much each unit of pruning matters: from the weights it lies in, or from what flows through it on samples.

A unit lies in several weights: in those that make its channels, and in all that read them. Each of these is measured by
itself and divided by its mean over the group's units, so that a weight of many elements drowns no small one, and the
score of a unit is the mean over its weights: so DepGraph (Fang et al., CVPR 2023) sums over the parameters that go
together, and torch-pruning's GroupMagnitudeImportance reduces and normalises them, both by the mean. Kernels, matrices,
tables and the scales of norms count, as they do there; biases and statistics do not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from edgeplan.graph import Graph
from edgeplan.pruning.atoms import Labels
from edgeplan.pruning.structure import Structure
from edgeplan.surgery.compressing.calibration import Samples
from edgeplan.surgery.draft import Draft
from edgeplan.surgery.pruning.activations import Channels, mean_sizes
from edgeplan.surgery.pruning.weights import Use, Weights, uses_of

__all__ = ["SCORES", "scores_of"]

SCORES = ("l2", "l1", "bn", "fpgm", "activation")
"""Norms of weights; |scale| of BatchNormalization (Liu et al., Network Slimming, ICCV 2017); the distances of a filter
to the others of its layer (He et al., FPGM, CVPR 2019); |w| times the mean |x| it meets (after Wanda, Sun et al. 2023).
"""

Array = NDArray[np.float64]
Measured = Iterator[tuple[int, Array]]
"""The index of a group, and a number for each of its units: the part of one weight in their scores."""

Uses = Mapping[str, tuple[Use, ...]]
Read = tuple[str, Use, Channels]
"""A weight, the contraction that reads channels with it, and where these lie."""

_PAIRS = 10**11
"""Multiplications that the distances of a layer's filters may take; beyond it some of their elements stand for all."""

_OTHERS = 1 << 12
"""Filters that each is held against at least where there are as many: of more, some evenly spread stand for all."""

_HELD = 1 << 24
"""Distances that are held at once."""


def scores_of(
    draft: Draft,
    structure: Structure,
    method: str,
    samples: Samples | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> tuple[Array, ...] | str:
    """The scores of the units of each group, in their order: at least 0, and 1 in the mean where any is above 0.

    `structure` must be of the draft's own graph. Groups of which a method has nothing to say have scores by L2, and
    `tell` hears how many these are. A reason where the method cannot be used at all.
    """
    if method not in SCORES:
        return f"there are no scores by {method!r}, only by {', '.join(SCORES)}"
    uses, weights, units = uses_of(structure.graph), Weights(draft), _Units(structure)
    counted = [n for n, mine in uses.items() if any(use.counts for use in mine)]
    if method == "activation":
        if samples is None or not samples.feeds:
            return "scores by activation need samples of the model's inputs"
        reads = list(_reads(structure, uses, weights))
        means = mean_sizes(draft, [channels for _, _, channels in reads], samples.feeds)
        if isinstance(means, str):
            return means
        found = _combined(_flows(units, weights, reads, means))
    elif method == "bn":
        found = _combined(_norms(units, weights, 1, [n for n, u in uses.items() if any(map(_is_slimming, u))]))
    elif method == "fpgm":
        found = _combined(_distances(units, weights, uses))
    else:
        found = _combined(_norms(units, weights, int(method[1]), counted))
    left = [i for i in range(len(structure.groups)) if i not in found]
    if left and method not in ("l1", "l2"):
        tell(f"{len(left)} of {len(structure.groups)} groups have no scores by {method}: they are scored by l2")
        named = {place.weight for i in left for place in structure.groups[i].axes}
        other = _combined(_norms(units, weights, 2, [n for n in counted if n in named]))
        found = {**other, **found}
    return tuple(found.get(i, np.ones(len(g.units))) for i, g in enumerate(structure.groups))


def _is_slimming(use: Use) -> bool:
    return use.op.type == "BatchNormalization" and use.role == "scale"


class _Units:
    """Where the atoms of a structure stand: in which group, and as which of its units."""

    def __init__(self, structure: Structure) -> None:
        self.structure = structure
        self._group = np.full(structure.atoms, -1)
        self._place = np.zeros(structure.atoms, np.int64)
        for i, group in enumerate(structure.groups):
            self._group[group.units], self._place[group.units] = i, np.arange(len(group.units))

    def axes(self, name: str) -> Mapping[int, Labels]:
        """The atoms along those axes of a value that have any."""
        return self.structure.axes.get(name, {})

    def along(self, labels: Labels) -> Iterator[tuple[int, Labels, Labels]]:
        """The groups along an axis, the indices of theirs, and which of its units each of them is."""
        for group in np.unique(self._group[labels]).tolist():
            at = np.flatnonzero(self._group[labels] == group)
            if group >= 0:
                yield group, at, self._place[labels[at]]

    def summed(self, labels: Labels, values: Array) -> Measured:
        """The sums over each unit's indices of numbers along an axis."""
        for group, at, unit in self.along(labels):
            yield group, np.bincount(unit, values[at], len(self.structure.groups[group].units)).astype(np.float64)


def _combined(measured: Measured) -> dict[int, Array]:
    """The mean over weights, each as a part of its own mean; one that is nothing throughout is left out."""
    totals: dict[int, Array] = {}
    counts: dict[int, int] = {}
    for group, found in measured:
        mean = found.mean()
        if 0 < mean < np.inf:
            totals[group] = totals.get(group, np.zeros(len(found))) + found / mean
            counts[group] = counts.get(group, 0) + 1
    return {group: total / counts[group] for group, total in totals.items()}


def _norms(units: _Units, weights: Weights, power: int, names: Iterable[str]) -> Measured:
    """The sum of |w|, or the root of the sum of squares."""
    for name in names:
        axes = units.axes(name)
        if not axes or not weights.has(name):
            continue
        for labels, sums in zip(axes.values(), weights.sums(name, [(a,) for a in axes], power), strict=True):
            for group, found in units.summed(labels, sums):
                yield group, found ** (1 / power)


def _distances(units: _Units, weights: Weights, uses: Uses) -> Measured:
    """The sum of the distances of each unit's filters to those of the others, in each weight that makes it."""
    for name, mine in uses.items():
        axes = units.axes(name)
        making = {c[0] for use in mine if use.role == "weight" and (c := use.channels())} & axes.keys()
        if not making or not weights.has(name):
            continue
        array = weights.whole(name)
        for axis in making:
            rows = np.moveaxis(array, axis, 0).reshape(array.shape[axis], -1)
            for group, at, unit in units.along(axes[axis]):
                count = len(units.structure.groups[group].units)
                if (np.bincount(unit, minlength=count) * count == len(at)).all():  # all of each unit lies here
                    yield group, _apart(rows[at[np.argsort(unit, kind="stable")]].reshape(count, -1))


def _apart(points: NDArray[np.float32]) -> Array:
    """The sum of the Euclidean distances of each point to all others."""
    count, width = points.shape
    points = points[:, :: max(count * count * width // _PAIRS, 1)]
    points = points - points.mean(0)
    squares = (points.astype(np.float64) ** 2).sum(1)
    others = slice(None, None, max(count // _OTHERS, 1))
    found, step = np.empty(count), max(_HELD // len(squares[others]), 1)
    for start in range(0, count, step):
        part = slice(start, start + step)
        apart = squares[part, None] + squares[others] - 2 * (points[part] @ points[others].T)
        found[part] = np.sqrt(np.maximum(apart, 0)).sum(1)
    return found


def _flows(units: _Units, weights: Weights, reads: Iterable[Read], means: Mapping[Channels, Array]) -> Measured:
    """The sum of |w| times the mean |x| of the channel it meets, over the weights of each contraction."""
    for name, use, (value, axis) in reads:
        out, inner = use.channels() or (0, 0)
        groups = use.op.attrs.get("group", 1)
        assert isinstance(groups, int)
        if use.op.type == "Conv" and groups > 1:  # every group reads channels of its own
            (sums,) = weights.sums(name, [sorted((out, inner))], 1)
            rows = sums if out < inner else sums.T
            size = rows.reshape(groups, -1, rows.shape[1]).sum(1).reshape(-1)
        else:
            (size,) = weights.sums(name, [(inner,)], 1)
        with np.errstate(over="ignore", invalid="ignore"):  # samples far beyond what a model computes with
            met = size * means[value, axis]
        yield from units.summed(units.axes(value)[axis], met)


def _reads(structure: Structure, uses: Uses, weights: Weights) -> Iterator[Read]:
    """The weights that multiply channels which can go; what multiplies a recurrent layer's own state is not seen."""
    for name, use in ((n, u) for n, mine in uses.items() if weights.has(n) for u in mine):
        met = _met(structure.graph, use) if use.role == "weight" and use.axes is not None else None
        if met is not None and met[1] in structure.axes.get(met[0], {}) and not structure.graph.values[met[0]].const:
            yield name, use, met


def _met(graph: Graph, use: Use) -> Channels | None:
    """The value whose channels a weight multiplies, and their axis."""
    op, (x, other) = use.op, use.op.inputs[:2]
    if use.port == "W":
        return x, 1 if op.type.startswith("Conv") else 2
    if use.port == "B" and op.type in ("Gemm", "MatMul"):
        return x, 0 if op.attrs.get("transA") else len(graph.values[x].shape or ()) - 1
    if use.port == "A":
        rank = len(graph.values[other].shape or ())
        return other, 1 if op.attrs.get("transB") else max(rank - 2, 0)
    return None
