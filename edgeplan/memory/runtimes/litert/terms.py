"""Every term of a LiteRT deployment, whatever units it runs on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from edgeplan.memory.deployment import Deployment
from edgeplan.memory.pool import Pool
from edgeplan.memory.range import Range
from edgeplan.memory.runtimes.litert import gpu
from edgeplan.memory.runtimes.litert.blocks import blocks
from edgeplan.memory.runtimes.litert.builtin import builtin_pools
from edgeplan.memory.runtimes.litert.converted import converted_terms
from edgeplan.memory.runtimes.litert.delegates import OWN, delegate_terms
from edgeplan.memory.runtimes.litert.growth import growth
from edgeplan.memory.runtimes.litert.partitions import Outside, outside, retimed
from edgeplan.memory.runtimes.litert.process import process_terms
from edgeplan.memory.runtimes.litert.sharing import reuse_of
from edgeplan.memory.runtimes.litert.written import idle_room, written
from edgeplan.memory.runtimes.litert.xnnpack import UNIT, xnnpack_terms, xnnpack_workspace
from edgeplan.memory.term import Phase, Term

__all__ = ["litert_pools", "litert_terms"]


def litert_pools(given: Deployment) -> tuple[Pool, ...]:
    """The interpreter's regions, then XNNPACK's workspace and the GPU's activations where there are any."""
    left = given.once(_outside)
    reuse = reuse_of(given.figures)
    pools = [retimed(pool, left.spans) for pool in builtin_pools(left.graph, left.own, reuse)]
    delegates = (xnnpack_workspace(given), gpu.gpu_activations(given))
    found = (*pools, *(pool for pool in delegates if pool is not None))
    order = tuple(i for segment in given.segments for i in segment.ops)
    if order == tuple(range(len(order))):
        return found
    return tuple(replace(pool, order=order) for pool in found)


def litert_terms(given: Deployment, pools: Sequence[Pool]) -> Iterable[Term]:
    """The file, the process, each region, and what each delegate adds."""
    yield from process_terms(given)
    left = given.once(_outside)
    idle = idle_room(left)
    for pool in pools:
        if pool.name != gpu.POOL:  # of which the plan is one bound of a range
            yield _region(given, pool, idle)
    yield from _growth(given, left)
    yield from _blocks(given)
    yield from converted_terms(given)
    if UNIT in given.units:
        yield from xnnpack_terms(given)
    yield from gpu.gpu_terms(given, pools)
    yield from delegate_terms(given)


def _outside(given: Deployment) -> Outside:
    return outside(given.graph, given.segments, OWN)


_BASES: Mapping[str, tuple[Phase, str]] = {
    "arena": ("run", "activations that the interpreter places, and its kernels' temporaries"),
    "persistent arena": ("always", "what outlives a call: variables, unpacked constants, transposed weights"),
    "heap": ("run", "tensors whose size only the run tells, and what kernels compute while they are prepared"),
    "bodies": ("run", "the arenas of the bodies of control flow"),
    "XNNPACK workspace": ("always", "activations inside XNNPACK's parts, which share one workspace"),
}


def _region(given: Deployment, pool: Pool, idle: Counter[tuple[str, int]]) -> Term:
    phase, basis = _BASES.get(pool.name, ("run", "activations"))
    name = "xnnpack-alignment" if pool.name == "XNNPACK workspace" else "arena-alignment"
    words = f"{basis}, {pool.arena.method}"
    used = written(pool, idle) if idle and pool.name in _PLANNED else pool.arena.size
    if used < pool.arena.size:
        words += f", {pool.arena.size - used} bytes of it set aside and never written"
    size = Range(used, used, pool.arena.size)
    return Term(pool.name, size, "computed", phase, words, given.figures.evidence(name))


_PLANNED = ("arena", "persistent arena")


def _growth(given: Deployment, left: Outside) -> Iterable[Term]:
    twice = growth(left)
    if twice:
        yield Term(
            "arena growth",
            Range(0, twice, twice),
            "estimated",
            "run",
            "the persistent arena once more while it moves: it grows as the run tells sizes",
            given.figures.evidence("arena-alignment"),
        )


def _blocks(given: Deployment) -> Iterable[Term]:
    found = blocks(given.graph, (i for s in given.segments if s.unit in OWN for i in s.ops))
    if found.on_arm:
        size = given.figures["matrix-blocks"].of(found.cached) + Range.exactly(found.packed)
        yield Term(
            "matrix blocks",
            Range(size.low, size.likely, max(size.high, found.on_arm)),
            "estimated",
            "run",
            "blocks that builtin convolutions copy their operands to: of floats as large as caches suggest on a PC,"
            " of integers, in 3-D and on ARM at most all of both, and what is kept of them for the next",
            given.figures.evidence("matrix-blocks"),
        )
