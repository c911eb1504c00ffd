"""Memory of ONNX Runtime on a server: that of the GPU where the CUDA provider runs, else what the CPU provider takes.

What a server with a GPU holds in its main memory is not counted: the GPU's own is what runs out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from edgeplan.graph import Graph, Value
from edgeplan.memory.arena import arrange
from edgeplan.memory.deployment import Deployment
from edgeplan.memory.lifetimes import ArenaRules, Buffer, lifetimes
from edgeplan.memory.pool import Pool
from edgeplan.memory.range import Range
from edgeplan.memory.runtimes.onnxruntime import cpu_pool, cpu_terms
from edgeplan.memory.runtimes.onnxruntime_arena import grow
from edgeplan.memory.runtimes.onnxruntime_sharing import reused
from edgeplan.memory.runtimes.profile import Profile
from edgeplan.memory.term import Term

__all__ = ["PROFILE"]

_METHOD = "best fit in the order of the ops"
_ALIGNMENT = 256
_GPU = "cuda"


def _pools(given: Deployment) -> tuple[Pool, ...]:
    return (given.once(_gpu_pool) if _GPU in given.units else cpu_pool(given.graph),)


def _terms(given: Deployment, pools: Sequence[Pool]) -> Iterable[Term]:
    if _GPU not in given.units:
        yield from cpu_terms(given, pools[0])
        return
    on_gpu = given.on(_GPU)
    read = {name for i, op in enumerate(given.graph.ops) if i in on_gpu for name in op.inputs}
    weights = sum(v.bytes or 0 for name, v in given.constants.items() if name in read)
    yield Term("weights", Range.exactly(weights), "computed", "always", "every constant that the GPU reads, once")
    yield _arena(given, pools[0])
    figures = given.figures
    said = "CUDA's own on the GPU, once a process uses it"
    yield Term("context", figures["context"].bytes, "estimated", "always", said, figures.evidence("context"))
    said = "what cuDNN works in, by the kernels it picks"
    yield Term("workspace", figures["workspace"].bytes, "estimated", "run", said, figures.evidence("workspace"))


def _gpu_pool(given: Deployment) -> Pool:
    """The activations that an op on the GPU makes or reads, the inputs copied there included."""
    graph = given.graph
    on_gpu = given.on(_GPU)
    there = {name for i, op in enumerate(graph.ops) if i in on_gpu for name in (*op.inputs, *op.outputs)}

    def size(value: Value) -> int | None:
        return value.bytes if value.name in there else 0

    rules = ArenaRules(shared=reused, alignment=_ALIGNMENT, size=size)

    def body(inner: Graph) -> tuple[int, Sequence[str]]:
        found = lifetimes(inner, rules, body)
        return arrange(found.buffers, _in_order(found.buffers), found.steps, _METHOD).size, found.unsized

    found = lifetimes(graph, rules, body)
    arena = arrange(found.buffers, _in_order(found.buffers), found.steps, _METHOD)
    return Pool("GPU arena", arena, found.unsized)


def _arena(given: Deployment, pool: Pool) -> Term:
    """At least what is alive, likely and at most what the allocator takes: on a GPU nobody else can have it."""
    buffers, steps = pool.arena.buffers, len(given.graph.ops)
    returned = frozenset(given.graph.outputs)
    traced = [b for b in buffers if b.role == "activation" and b.value not in returned]
    pattern = arrange(traced, _in_order(traced), steps, _METHOD).size
    grown = grow(buffers, steps, pattern, [b.size for b in buffers if b.value in returned])
    taken = max(grown.taken, pool.arena.bound)
    said = f"the allocator after two runs: {_METHOD}, its chunks grow by powers of two"
    evidence = given.figures.evidence("arena-growth")
    return Term(pool.name, Range(pool.arena.bound, taken, taken), "estimated", "run", said, evidence)


def _in_order(buffers: Sequence[Buffer]) -> list[int]:
    return sorted(range(len(buffers)), key=lambda i: buffers[i].born)


PROFILE = Profile(_pools, _terms)
"""The GPU's memory, or that of the CPU provider on a server without one."""
