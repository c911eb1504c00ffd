"""What ONNX Runtime takes: weights, its session, an arena that grows by powers of two, and copies while it loads.

The arena is computed: which values share a buffer (`onnxruntime_sharing`), how they are laid out, and how the allocator
grows over the first runs (`onnxruntime_arena`). The rest are figures measured with the CPU provider on x86-64, and for
what the Core ML provider takes over ranges of reports (`rules/onnxruntime-coreml/memory.toml`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import prod

from edgeplan.graph import DType, Graph, Op, Value
from edgeplan.memory.arena import arrange
from edgeplan.memory.deployment import Deployment
from edgeplan.memory.lifetimes import ArenaRules, Buffer, lifetimes
from edgeplan.memory.pool import Pool
from edgeplan.memory.range import Range
from edgeplan.memory.runtimes.onnxruntime_arena import grow
from edgeplan.memory.runtimes.onnxruntime_sharing import in_running_order, reused
from edgeplan.memory.runtimes.profile import Profile
from edgeplan.memory.term import Term

__all__ = ["PROFILE", "cpu_pool", "cpu_terms", "working_buffer"]

_METHOD = "best fit in the order of the ops"
_ALIGNMENT = 256
_CPU = "cpu"
_SEGMENT = 128 * 128 * 4
_RANK_2D = 4
_CONVOLUTIONS = frozenset({"Conv", "ConvTranspose"})


def cpu_pool(graph: Graph, elsewhere: frozenset[str] = frozenset()) -> Pool:
    """What the arena of the CPU provider holds: every activation but the inputs and those that live `elsewhere`."""
    return _pool(graph, "arena", {*graph.inputs, *elsewhere})


def cpu_terms(given: Deployment, pool: Pool, elsewhere: frozenset[str] = frozenset()) -> Iterator[Term]:
    """Weights, session, arena and inputs of the CPU provider, and what it holds while it loads.

    `pool` is the `cpu_pool` of the same graph and the same values `elsewhere`.
    """
    figures = given.figures
    weights = _Weights.of(given.graph)
    size = Range.exactly(weights.all - weights.half) + figures["half-weights"].of(weights.half)
    said = "every constant once" + (
        "; float16 ones as float32 where the CPU has no kernel for them" * bool(weights.half)
    )
    used = ["half-weights"] if weights.half else []
    yield Term("weights", size, "computed" if size.exact else "estimated", "always", said, figures.evidence(*used))
    ops = sum(1 for op in given.graph.ops if any(not given.graph.values[name].const for name in op.outputs))
    size = figures["session"].bytes + figures["session-per-op"].of(1024 * ops)
    said = f"the session's own objects, {ops:,} ops, fitted"
    yield Term("session", size, "estimated", "always", said, figures.evidence("session", "session-per-op"))
    yield _arena(given, pool, elsewhere)
    fed = sum(given.graph.values[name].bytes or 0 for name in given.graph.inputs)
    if fed:
        yield Term("inputs", Range.exactly(fed), "computed", "run", "what the caller hands in, in its own memory")
    size = figures["load-conv"].of(weights.conv) + figures["load-rest"].of(weights.others)
    said = "weights read, packed for the kernels and copied while the session is created, fitted on x86-64"
    yield Term("loading", size, "estimated", "load", said, figures.evidence("load-conv", "load-rest"))


def working_buffer(graph: Graph, op: Op, threads: int) -> int:
    """Bytes that MLAS's convolution takes to lay out its input as a matrix; 0 where it needs none or sizes are open.

    As `MlasConvPrepare` of onnxruntime/core/mlas/lib/convolve.cpp (microsoft/onnxruntime@00b8ce2).
    """
    if op.type != "Conv" or op.domain or len(op.inputs) < len(("X", "W")):
        return 0
    weight, out = (graph.values[name].sizes for name in (op.inputs[1], op.outputs[0]))
    source = graph.values[op.inputs[0]].sizes
    if not weight or not out or not source:
        return 0
    groups = op.attrs.get("group", 1)
    groups = groups if isinstance(groups, int) and groups > 0 else 1
    spatial, k, filters = prod(out[2:]), prod(weight[1:]), weight[0] // groups
    if prod(weight[2:]) == 1 and out[2:] == source[2:]:
        return 0
    if filters > spatial:
        return spatial * k * 4
    if out[0] * groups == 1:
        return min(threads, 1 + spatial * k * filters // 2**16) * _SEGMENT
    return min(threads, out[0] * groups) * max(spatial * k * 4, filters * spatial * 4, _SEGMENT)


def _pool(graph: Graph, name: str, without: Iterable[str], *, widen: bool = False) -> Pool:
    """`widen` counts values of float16 as float32, in which x86-64 computes them."""
    left_out = frozenset(without)

    def size(value: Value) -> int | None:
        if value.name in left_out or value.bytes is None:
            return 0 if value.name in left_out else None
        return value.bytes * (2 if widen and value.dtype is DType.FLOAT16 else 1)

    rules = ArenaRules(
        shared=reused,
        alignment=_ALIGNMENT,
        size=size,
        scratch=_scratch,
    )

    def body(inner: Graph) -> tuple[int, Sequence[str]]:
        found = lifetimes(inner, rules, body)
        return arrange(found.buffers, _in_order(found.buffers), found.steps, _METHOD).size, found.unsized

    found = lifetimes(graph, rules, body)
    return Pool(name, arrange(found.buffers, _in_order(found.buffers), found.steps, _METHOD), found.unsized)


def _scratch(graph: Graph, index: int) -> Iterator[int]:
    """Working memory on one thread; that of two-dimensional convolutions only counts as the most there may be."""
    op = graph.ops[index]
    if op.outputs and len(graph.values[op.outputs[0]].shape or ()) != _RANK_2D:
        yield working_buffer(graph, op, 1)


def _in_order(buffers: Sequence[Buffer]) -> list[int]:
    return sorted(range(len(buffers)), key=lambda i: buffers[i].born)


def _arena(given: Deployment, pool: Pool, elsewhere: frozenset[str]) -> Term:
    """At least what is alive, likely the pages the allocator ever hands out, at most all it takes from the system."""
    graph = given.graph
    ran = _pool(in_running_order(graph), pool.name, {*graph.inputs, *elsewhere}, widen=True)
    returned = frozenset(graph.outputs)
    traced = [b for b in ran.arena.buffers if b.role == "activation" and b.value not in returned]
    steps = len(graph.ops)
    pattern = arrange(traced, _in_order(traced), steps, _METHOD).size
    grown = grow(ran.arena.buffers, steps, pattern, [b.size for b in ran.arena.buffers if b.value in returned])
    on_cpu = given.on(_CPU)
    scratch = max((working_buffer(graph, op, 1) for i, op in enumerate(graph.ops) if i in on_cpu), default=0)
    likely = max(grown.touched, ran.arena.bound)
    size = Range(min(pool.arena.bound, likely), likely, max(grown.taken, likely) + scratch)
    said = f"the allocator after two runs: {_METHOD}, its chunks grow by powers of two"
    evidence = given.figures.evidence("arena-growth")
    return Term(pool.name, size, "computed" if size.exact else "estimated", "run", said, evidence)


@dataclass(frozen=True, slots=True)
class _Weights:
    """Bytes of constants: all, those in float16, and those of two-dimensional convolutions."""

    all: int
    half: int
    conv: int

    @property
    def others(self) -> int:
        """All but those of two-dimensional convolutions."""
        return self.all - self.conv

    @classmethod
    def of(cls, graph: Graph) -> _Weights:
        """Each constant once, by the first op that reads it."""
        total = half = conv = 0
        seen: set[str] = set()
        for owner, op in graph.walk():
            for name in op.inputs:
                value = owner.values[name]
                if value.const and name not in owner.producer and name not in seen:
                    seen.add(name)
                    total += value.bytes or 0
                    half += (value.bytes or 0) * (value.dtype is DType.FLOAT16)
                    conv += (value.bytes or 0) * (op.type in _CONVOLUTIONS and len(value.shape or ()) == _RANK_2D)
        return cls(total, half, conv)


def _inside(given: Deployment) -> frozenset[str]:
    """The values that never leave the Core ML provider."""
    graph, units = given.graph, given.units
    returned = frozenset(graph.outputs)
    return frozenset(
        name
        for i, op in enumerate(graph.ops)
        if units[i] != _CPU
        for name in op.outputs
        if name not in returned and all(units[j] != _CPU for j in graph.consumers.get(name, ()))
    )


def _pools(given: Deployment) -> tuple[Pool, ...]:
    inside = given.once(_inside)
    own = cpu_pool(given.graph, inside)
    if not inside:
        return (own,)
    return own, _pool(given.graph, "Core ML arena", set(given.graph.values) - inside)


def _terms(given: Deployment, pools: Sequence[Pool]) -> Iterable[Term]:
    yield from cpu_terms(given, pools[0], given.once(_inside))
    for pool in pools[1:]:
        said = "activations inside the parts that Core ML runs"
        yield Term(pool.name, Range.exactly(pool.arena.size), "computed", "run", said)
    taken = sum(given.constants[name].bytes or 0 for name in _constants_off_cpu(given))
    if taken:
        said = "the model that the Core ML provider writes for its parts holds their weights again"
        size = given.figures["core-ml-copy"].of(taken)
        yield Term("Core ML copy", size, "estimated", "always", said, given.figures.evidence("core-ml-copy"))
    expanded = given.expanded_for({*given.units} - {_CPU})
    if expanded:
        said = "weights that the CPU expands at every inference and hands to Core ML, those of a part all at once"
        yield Term("expanded weights", Range.exactly(expanded), "estimated", "run", said)


def _constants_off_cpu(given: Deployment) -> frozenset[str]:
    return frozenset(
        name
        for i, op in enumerate(given.graph.ops)
        if given.units[i] != _CPU
        for name in op.inputs
        if name in given.constants
    )


PROFILE = Profile(_pools, _terms)
"""The CPU provider's arena as its allocator grows it; the Core ML provider's share as a range."""
