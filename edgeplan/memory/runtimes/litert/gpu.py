"""What LiteRT's GPU delegate, ML Drift, takes: weights and activations on the GPU, and what it needs on the way there.

Phones share one memory between CPU and GPU, so all of it takes from it. What is on the GPU is the driver's on Android
and counted to the app on Apple's systems.
Source: google-ai-edge/LiteRT@f67457790, tflite/delegates/gpu: cl/inference_context.cc, AllocateBufferBasedTensors
(packed greedily) and AllocateStrongShapesTensors (textures, given on to tensors of the same shape alone).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from heapq import heappop, heappush
from math import prod

from edgeplan.graph import Dim, Graph, Value
from edgeplan.memory.deployment import Deployment, constants
from edgeplan.memory.lifetimes import ArenaRules, lifetimes
from edgeplan.memory.pool import Pool, plan_pool
from edgeplan.memory.range import Range
from edgeplan.memory.runtimes.litert.partitions import part, retimed, starts
from edgeplan.memory.term import Holder, Term
from edgeplan.place.runs import Segment
from edgeplan.units import round_up

__all__ = ["POOL", "UNIT", "gpu_activations", "gpu_terms"]

UNIT = "gpu"
POOL = "GPU activations"

_SINGLE, _HALF = 4, 2


def gpu_activations(given: Deployment) -> Pool | None:
    """The activations of the parts on the GPU, packed as buffers in the likely precision; None without any."""
    width = _width(given)
    begun = (start for s, start in zip(given.segments, starts(given.segments), strict=True) if _held(s))
    found = [
        retimed(_packed(graph, width), [(start + k, start + k) for k in range(len(graph.ops))])
        for graph, start in zip(given.once(_parts), begun, strict=True)
    ]
    largest = max(found, key=lambda pool: pool.arena.size, default=None)
    return largest if largest and (largest.arena.size or largest.unsized) else None


def gpu_terms(given: Deployment, pools: Sequence[Pool]) -> Iterator[Term]:
    """Weights, activations, copies made while loading, and the driver's own; nothing where no op runs on the GPU."""
    parts = given.once(_parts)
    if not parts:
        return
    figures, width = given.figures, _width(given)
    holder: Holder = "app" if "coreml" in given.target.device.backends else "driver"
    narrow = width if given.target.precision == "float32" else _HALF
    held = [v for graph in parts for v in constants(graph).values() if v.quantization or (v.dtype and v.dtype.is_float)]
    weights = sum(_padded(v) for v in held)
    least = sum((v.bytes or 0) if v.quantization else narrow * _padded(v) for v in held)
    yield Term(
        "GPU weights",
        Range(least, width * weights, _SINGLE * weights),
        "computed",
        "always",
        "weights on the GPU as float16, or as float32 where no loss of precision is allowed, quantised ones"
        " dequantised but for some of matrix products, channels rounded up to 4",
        figures.evidence("gpu-channels", "gpu-half"),
        holder,
    )
    packed = sum(pool.arena.size for pool in pools if pool.name == POOL)
    textures = sum(_textures(graph) for graph in parts)
    shaped = figures["gpu-textures"].of(textures)
    yield Term(
        POOL,
        Range(
            packed * narrow // width, max(shaped.likely * width, packed), max(shaped.high, packed // width) * _SINGLE
        ),
        "estimated",
        "always",
        "activations on the GPU: packed greedily where they are buffers, and where they are textures each reused for"
        " tensors of its own shape alone; what is fused is not known",
        figures.evidence("gpu-channels", "gpu-textures"),
        holder,
    )
    yield Term(
        "GPU loading",
        figures["gpu-loading"].of(_SINGLE * weights),
        "estimated",
        "load",
        "weights as float32 in main memory and in the GPU's order until they are uploaded",
        figures.evidence("gpu-loading"),
    )
    basis = "the driver, compiled kernels and queues: measured on a software driver, not known of a phone's"
    yield Term(
        "GPU library and kernels",
        figures["gpu-driver"].bytes,
        "estimated",
        "always",
        basis,
        figures.evidence("gpu-driver"),
    )


def _parts(given: Deployment) -> list[Graph]:
    """The parts on the GPU, each as a graph of its own."""
    return [part(given.graph, s.ops) for s in given.segments if _held(s)]


def _held(segment: Segment) -> bool:
    return segment.unit == UNIT and bool(segment.ops)


def _width(given: Deployment) -> int:
    """Bytes of a float on the GPU: half precision unless single is asked for."""
    return _SINGLE if given.target.precision == "float32" else _HALF


def _packed(graph: Graph, width: int) -> Pool:
    pool = plan_pool(graph, ArenaRules(size=lambda v: _sized(v, width)), POOL)
    return replace(pool, unsized=tuple(n for n in pool.unsized if n in graph.producer))


def _sized(value: Value, width: int) -> int | None:
    return None if value.elements is None else _padded(value) * width


def _padded(value: Value) -> int:
    """Elements with the last axis, the channels, rounded up to 4; of a 4-D filter its first as well."""
    if not value.shape or value.elements is None:
        return value.elements or 0
    return _rounded(value.shape, value.const)


@lru_cache(maxsize=4096)  # a network has few shapes, each on hundreds of values
def _rounded(shape: tuple[Dim, ...], const: bool) -> int:
    sizes = [n for n in shape if isinstance(n, int)]
    sizes[-1] = round_up(sizes[-1], 4)
    if const and len(sizes) == 4 and sizes[0] > 1:
        sizes[0] = round_up(sizes[0], 4)
    return prod(sizes)


def _textures(graph: Graph) -> int:
    """Elements of all textures when each is given on to later tensors of exactly its shape."""
    shaped = ArenaRules(shared=lambda where: {}, size=lambda v: _sized(v, 1), alignment=1)
    found = lifetimes(graph, shaped, lambda body: (0, ()))
    free: dict[object, int] = {}
    alive: list[tuple[int, str]] = []
    total = 0
    for buffer in sorted(found.buffers, key=lambda b: b.born):
        while alive and alive[0][0] < buffer.born:
            _, name = heappop(alive)
            free[graph.values[name].shape] = free.get(graph.values[name].shape, 0) + 1
        if buffer.role == "activation":
            shape = graph.values[buffer.value].shape
            if free.get(shape):
                free[shape] -= 1
            else:
                total += buffer.size
            heappush(alive, (buffer.dies, buffer.value))
    return total
