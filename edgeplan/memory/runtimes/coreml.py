"""What Core ML takes: weights, compressed or not, activations, and what loading and the Neural Engine's compiler add.

Nobody outside Apple can ask Core ML for its plan of memory: what is computed here is what the graph needs at least, and
what may come on top are ranges of published reports (`rules/coreml/memory.toml`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from edgeplan.graph import Graph, Op, Value
from edgeplan.memory.deployment import Deployment
from edgeplan.memory.lifetimes import ArenaRules, Buffer
from edgeplan.memory.live import lower_bound
from edgeplan.memory.overwriting import joined, overwritten
from edgeplan.memory.pool import Pool, plan_pool
from edgeplan.memory.range import Range
from edgeplan.memory.runtimes.profile import Profile
from edgeplan.memory.term import Term
from edgeplan.units import round_up

__all__ = ["PROFILE", "package_weights", "padded"]

_ANE = "ane"
_BLOCK = 64


def padded(value: Value) -> int | None:
    """Bytes of a value on the Neural Engine, where the last axis is padded to 64 bytes; None while not known.

    Apple, Neural Engine Rules, 'Tensor memory alignment': inputs and outputs have to be so; intermediate tensors that
    stay in the engine's own memory 'may tolerate smaller widths'.
    """
    row, size = value.shape[-1] if value.shape else None, value.bytes
    if size is None or value.dtype is None or value.elements is None or not isinstance(row, int) or not row:
        return size
    return value.elements // row * round_up((row * value.dtype.bits + 7) // 8, _BLOCK)


@dataclass(frozen=True, slots=True)
class _Weights:
    """Bytes of constants on the Neural Engine and elsewhere: read as they are, stored compressed, and expanded."""

    plain: tuple[int, int]
    stored: tuple[int, int]
    dense: tuple[int, int]

    @property
    def on_ane(self) -> int:
        """What the Neural Engine's compiler is given, expanded."""
        return self.plain[0] + self.dense[0]


def _pools(given: Deployment) -> tuple[Pool, ...]:
    return (plan_pool(given.graph, ArenaRules()),)


def _terms(given: Deployment, pools: Sequence[Pool]) -> Iterable[Term]:
    weights = given.once(_weights)
    yield _plain(given, weights)
    if any(weights.stored):
        yield _compressed(given, weights)
    for pool in pools:
        yield _activations(given, pool)
    yield from _loading(given, weights)


def package_weights(given: Deployment) -> int:
    """Bytes of weights in the package: every constant once, as it is stored, those computed from others as results.

    Within 1 % of coremltools' `weight.bin` for most models; it holds equal constants once, and few elements not at all.
    """
    weights = given.once(_weights)
    return sum(weights.plain) + sum(weights.stored)


def _weights(given: Deployment) -> _Weights:
    """What is computed from constants alone is a constant of the package, but for what a constexpr op expands.

    Ops with bodies never run on the Neural Engine, so nothing in a body does.
    """
    found: Counter[tuple[str, bool]] = Counter()
    seen: set[str] = set()
    for graph, op, ane in _ops(given):
        expands = op.type.startswith("constexpr_")
        if expands:
            found["dense", ane] += sum(graph.values[name].bytes or 0 for name in op.outputs if _is_read(graph, name))
        elif op.outputs and all(graph.values[name].const for name in op.outputs):
            continue
        for name in op.inputs:
            value = graph.values[name]
            if not value.const or name in seen:
                continue
            maker = graph.producer.get(name)
            if maker is not None and graph.ops[maker].type.startswith("constexpr_"):
                continue
            seen.add(name)
            found["stored" if expands else "plain", ane] += value.bytes or 0
    plain, stored, dense = ((found[kind, True], found[kind, False]) for kind in ("plain", "stored", "dense"))
    return _Weights(plain, stored, dense)


def _is_read(graph: Graph, name: str) -> bool:
    """Whether another op reads what a constexpr op makes than the next constexpr op of its weight."""
    return not all(graph.ops[i].type.startswith("constexpr_") for i in graph.consumers.get(name, ()))


def _last(graph: Graph, at: int) -> int:
    """The last of the constexpr ops that expand a weight together, as joint forms need two; of others the op itself."""
    if graph.ops[at].type.startswith("constexpr_"):
        for i in (i for name in graph.ops[at].outputs for i in graph.consumers.get(name, ())):
            if graph.ops[i].type.startswith("constexpr_"):
                return _last(graph, i)
    return at


def _ops(given: Deployment) -> Iterator[tuple[Graph, Op, bool]]:
    """Every op and whether it runs on the Neural Engine: those that expand one weight together where the last does."""
    for i, op in enumerate(given.graph.ops):
        yield given.graph, op, given.units[_last(given.graph, i)] == _ANE
        for body in op.bodies:
            yield from ((graph, inner, False) for graph, inner in body.graph.walk())


def _plain(given: Deployment, weights: _Weights) -> Term:
    """The constants that ops read as they are stored."""
    figures, (ane, rest) = given.figures, weights.plain
    size = Range.exactly(rest) + figures["ane-weights-in-app"].of(ane)
    said, used = "every constant once, in the type it is computed in", []
    if ane:
        said += "; those of the Neural Engine may lie in another process"
        used.append("ane-weights-in-app")
    network = figures.get("network-weights")
    if network is not None:
        size = replace(size, high=max(size.high, network.of(ane + rest).high))
        said += "; a NeuralNetwork file holds them as float32"
        used.append("network-weights")
    return Term("weights", size, _kind(size), "always", said, figures.evidence(*used))


def _kind(size: Range) -> Literal["computed", "estimated"]:
    return "computed" if size.exact else "estimated"


def _compressed(given: Deployment, weights: _Weights) -> Term:
    """The constants that a constexpr op expands: as stored, as expanded, or in between, by release and unit.

    Those of the Neural Engine may lie in another process, as any other's.
    """
    figures, size, used = given.figures, Range(), []
    said = "expanded to float16 before the model runs"
    for i, name in enumerate(("expanded-on-ane", "expanded-elsewhere")):
        if not weights.stored[i]:
            continue
        held = Range.exactly(weights.stored[i]) + figures[name].of(max(weights.dense[i] - weights.stored[i], 0))
        if not held.exact:
            said = "as stored where they are expanded just in time, else as the float16 weights they stand for"
        size += held if i else replace(held, low=figures["ane-weights-in-app"].of(held.low).low)
        used.append(name)
    if weights.stored[0]:
        said += "; those of the Neural Engine may lie in another process"
        used.append("ane-weights-in-app")
    return Term("compressed weights", size, _kind(size), "always", said, figures.evidence(*used))


def _activations(given: Deployment, pool: Pool) -> Term:
    """The plan of unpadded values, and the same plan as it grows when the Neural Engine pads every row."""
    arena, figures = pool.arena, given.figures
    said = f"activations that live at the same time, {arena.method}"
    likely, most = _grown(given, pool)
    size = Range(_fused(given, pool), likely, most)
    used = ["padded-rows"] if _ANE in given.units else []
    if size.low < arena.size:
        said += "; less where element-wise ops are fused into what makes their input"
    if most > arena.size:
        said += "; up to what they take with rows padded to 64 bytes on the Neural Engine"
    network = figures.get("network-values")
    if network is not None:
        size = replace(size, high=max(size.high, network.of(arena.size).high))
        said += "; a NeuralNetwork's CPU computes in float32"
        used.append("network-values")
    return Term(pool.name, size, _kind(size), "run", said, figures.evidence(*used))


def _fused(given: Deployment, pool: Pool) -> int:
    """What is alive at most when every element-wise op that can writes over its input, or never makes one.

    Which of them the compilers of Core ML's units fuse is not published.
    """
    held = joined(pool, overwritten(given.graph, [pool]))
    return min(pool.arena.size, lower_bound(held, len(given.graph.ops))[0])


def _grown(given: Deployment, pool: Pool) -> tuple[int, int]:
    """The arena when values of the Neural Engine are padded, likely and at most: its size over its bound, times the
    new bound.

    Rows of a single element, which cost 32 times as much, are likely padded only where the caller sees the value:
    which layout the compiler chooses for the others is not known.
    """
    arena, graph = pool.arena, given.graph
    ane = {name for i in given.on(_ANE) for name in (*graph.ops[i].inputs, *graph.ops[i].outputs)}
    if not ane:
        return arena.size, arena.size
    seen = {*graph.inputs, *graph.outputs}
    likely: list[Buffer] = []
    most: list[Buffer] = []
    for b in arena.buffers:
        wide, value = b, graph.values[b.value] if b.role == "activation" and b.value in ane else None
        if value is not None and (size := padded(value) or 0) > b.size:
            wide = replace(b, size=size)
        most.append(wide)
        single = value is not None and value.shape is not None and value.shape[-1:] == (1,)
        likely.append(b if single and b.value not in seen else wide)

    def arena_of(bound: int) -> int:
        return max(arena.size, bound * arena.size // arena.bound if arena.bound else bound)

    steps = len(graph.ops)
    return arena_of(lower_bound(likely, steps)[0]), arena_of(lower_bound(most, steps)[0])


def _loading(given: Deployment, weights: _Weights) -> Iterator[Term]:
    """What is held only until the model is loaded: copies of the weights, and the Neural Engine's compiler."""
    figures = given.figures
    total = sum(weights.plain) + sum(weights.dense)
    if total:
        said = "weights copied while the model is loaded, as reported"
        yield Term("loading", figures["load-copy"].of(total), "estimated", "load", said, figures.evidence("load-copy"))
    if weights.on_ane:
        name = "ane-compile-before-h16" if _before_h16(given) else "ane-compile"
        said = "the Neural Engine's compiler, at the first load after an installation, as reported"
        size = figures[name].of(weights.on_ane)
        yield Term("Neural Engine compiler", size, "estimated", "load", said, figures.evidence(name))


def _before_h16(given: Deployment) -> bool:
    """Whether the Neural Engine is older than those on which compilations took many times the weights."""
    order = given.target.backend.units[_ANE].generations
    generation = given.target.unit(_ANE).generation
    return generation in order and order.index(generation) < order.index("H16")


PROFILE = Profile(_pools, _terms, stored=package_weights)
"""Ranges where no source says more: the layout on the Neural Engine, what is expanded when, what compiling takes."""
