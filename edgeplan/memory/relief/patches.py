"""Less memory by running the first stage of a network patch by patch.

The idea is that of J. Lin et al., "MCUNetV2: Memory-Efficient Patch-based Inference for Tiny Deep Learning" (NeurIPS
2021, arXiv 2110.15352): while the ops look only at a neighbourhood, one part of the image after the other can go
through all of them. A patch needs a halo as wide as the stage's receptive field, and what lies in it is computed again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from edgeplan.graph import Graph
from edgeplan.memory.deployment import Deployment
from edgeplan.memory.lifetimes import Buffer
from edgeplan.memory.live import live_bytes
from edgeplan.memory.pool import Pool
from edgeplan.memory.relief.value import NoRelief, Relief
from edgeplan.memory.relief.windows import Window, plane, windows
from edgeplan.units import say_percent

__all__ = ["patches"]

_NAME = "patches"
_LONGEST = 400
"""Ops of a stage at most."""
_CUTS = 24
"""Ends of a stage that are looked at."""
_SIDES = (2, 3, 4)
"""Patches along a side."""
_LEAST = 0.05
"""Share of the peak below which the trouble is not worth it."""
_WORK = 0.25
"""How much of the peak a doubling of the work has to save."""

_Span = tuple[int, int]
_Windows = tuple[Window, Window]
_Spans = tuple[_Span, ...]
"""The rows, or the columns, that each patch covers of a tensor: half-open, halo included."""


@dataclass(frozen=True, slots=True)
class _Way:
    """A stage of the ops up to `cut` in `side` by `side` patches: its peak in bytes, and MACs done once too often."""

    cut: int
    side: int
    peak: int
    extra: int


def patches(given: Deployment, pools: Sequence[Pool], macs: Sequence[int | None] = ()) -> Relief | NoRelief:
    """The best end and number of patches of a leading stage that can be run so. `macs` are those of each op.

    While a patch runs, what it needs at its size is alive beside the whole input and everything whole that leaves the
    stage; behind it nothing changes. Estimated: sizes of live sets, no offsets. Work is bounded: 24 ends, stages of 400
    ops.
    """
    graph = given.graph
    local = _stage(graph)
    if sum(window is not None for window in local) < 2:
        return NoRelief(_NAME, "the model does not begin with convolutions, pooling and element-wise ops")
    buffers = [b for pool in pools for b in pool.arena.buffers]
    live = live_bytes(buffers, len(graph.ops))
    behind = [*list(accumulate(reversed(live), max))[::-1][1:], 0]  # the most alive after each op
    peak = max(live)
    cuts = _cuts([max(_passing(buffers, cut), behind[cut]) for cut in range(len(local))], peak)
    if not cuts:
        return NoRelief(_NAME, "the peak lies behind the leading ops that could run patch by patch, or at their end")
    known = [n or 0 for n in macs] or [0] * len(graph.ops)
    work = sum(known) or 1
    ways = [_try(graph, buffers, local, cut, side, behind[cut], known) for cut in cuts for side in _SIDES]
    price, best = min(((way.peak / peak + _WORK * way.extra / work, way) for way in ways), key=lambda pair: pair[0])
    if price > 1 - _LEAST:
        return NoRelief(_NAME, "with their halos, patches save too little for the work they do once more")
    before = sum(pool.arena.size for pool in pools)
    return Relief(
        _NAME,
        before,
        round(before * best.peak / peak),
        "estimated",
        f"the first {best.cut + 1} ops, to {graph.ops[best.cut].name}, run in {best.side} x {best.side} patches",
        f"{say_percent(best.extra / work) if best.extra else 'no'} more MACs" if any(known) else "halos computed again",
    )


def _stage(graph: Graph) -> list[_Windows | None]:
    """The windows of the leading ops, up to the first that looks at more than a neighbourhood of a patch.

    None for an op that has nothing to do with patches: it prepares the image as a whole, or something beside it.
    """
    found: list[_Windows | None] = []
    patched: set[str] = set()
    for op in graph.ops[:_LONGEST]:
        window = windows(graph, op)
        if window is None and not patched.isdisjoint(graph.reads(op)):
            break
        if window is not None:
            patched.update(op.outputs)
        found.append(window)
    return found


def _cuts(least: Sequence[int], peak: int) -> list[int]:
    """Ends of a stage worth a look: a later one has wider halos, so it must be able to lower the peak further.

    `least` is what stays alive with the stage ending at each op, however small the patches.
    """
    found: list[int] = []
    best = int(peak * (1 - _LEAST))
    for cut, size in enumerate(least):
        if size < best:
            best = size
            found.append(cut)
    step = -(-len(found) // _CUTS) or 1
    return found[::step]


def _passing(buffers: Sequence[Buffer], cut: int) -> int:
    """Bytes that are whole while a stage runs: what is there before it, and what it leaves behind."""
    return sum(b.size for b in buffers if b.born <= cut < b.dies)


def _try(
    graph: Graph,
    buffers: Sequence[Buffer],
    local: Sequence[_Windows | None],
    cut: int,
    side: int,
    behind: int,
    macs: Sequence[int],
) -> _Way:
    made = {name for i in range(cut + 1) if local[i] is not None for name in graph.ops[i].outputs}
    rows = _covered(graph, local, cut, side, made, 0)
    columns = _covered(graph, local, cut, side, made, 1)
    whole, parts = 0, []
    for b in buffers:
        if b.born > cut:
            continue
        name = graph.ops[b.born].outputs[0] if b.role == "scratch" else b.value
        if b.dies > cut or (name not in rows and local[b.dies] is not None):
            whole += b.size  # what patches read is there for all of them
        else:
            share = _share(graph, name, rows, columns, max) if name in rows else 1.0
            parts.append(Buffer(b.value, b.born, b.dies, round(b.size * share)))
    peak = max(whole + max(live_bytes(parts, cut + 1)), behind)
    again = 0.0
    for i in range(cut + 1):
        name = graph.ops[i].outputs[0]
        if name in rows:
            again += macs[i] * (_share(graph, name, rows, columns, sum) - 1)
    return _Way(cut, side, peak, max(round(again), 0))


def _leaves(graph: Graph, name: str, cut: int) -> bool:
    return name in graph.outputs or max(graph.consumers.get(name, (0,))) > cut


def _share(
    graph: Graph,
    name: str,
    rows: Mapping[str, _Spans],
    columns: Mapping[str, _Spans],
    of: Callable[[Iterable[int]], int],
) -> float:
    """How much of a tensor the largest patch (`max`) has, or all patches together (`sum`): 1 is all of it."""
    height, width = plane(graph, name) or (1, 1)
    tall = of(high - low for low, high in rows[name])
    broad = of(high - low for low, high in columns[name])
    return tall * broad / (height * width or 1)


def _covered(
    graph: Graph, local: Sequence[_Windows | None], cut: int, side: int, made: set[str], axis: int
) -> dict[str, _Spans]:
    """What each patch needs, along an axis, of the tensors `made` by patches, told backwards from what leaves them."""
    found: dict[str, _Spans] = {}
    for name in made:
        if _leaves(graph, name, cut):
            size = (plane(graph, name) or (1, 1))[axis]
            cuts = [size * k // side for k in range(side + 1)]
            found[name] = tuple((low, max(high, low + 1)) for low, high in pairwise(cuts))
    for i in range(cut, -1, -1):
        op, pair = graph.ops[i], local[i]
        if pair is None:
            continue
        window = pair[axis]
        for out in op.outputs:
            for name in op.inputs if out in found else ():
                sides = plane(graph, name) if name in made else None
                if sides is None or sides[axis] != window.size:
                    continue  # weights, what is whole, and what is broadcast over rows and columns
                reached = tuple(window.reaches(low, high) for low, high in found[out])
                found[name] = _union(found[name], reached) if name in found else reached
    return found


def _union(one: _Spans, other: _Spans) -> _Spans:
    return tuple((min(a, c), max(b, d)) for (a, b), (c, d) in zip(one, other, strict=True))
