"""All the memory a network takes under TensorRT on a Jetson, where the GPU and the CPU share the main memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from edgeplan.graph import Graph
from edgeplan.memory.deployment import Deployment
from edgeplan.memory.lifetimes import ArenaRules, lifetimes
from edgeplan.memory.live import lower_bound
from edgeplan.memory.pool import Pool
from edgeplan.memory.range import Range
from edgeplan.memory.runtimes.tensorrt.dla import dla_tensors
from edgeplan.memory.runtimes.tensorrt.region import plan_region, without_workspaces
from edgeplan.memory.runtimes.tensorrt.values import ALIGNMENT, bytes_of
from edgeplan.memory.runtimes.tensorrt.weights import weights_of
from edgeplan.memory.term import Term

__all__ = ["pools", "terms"]

_GPU = "gpu"


def pools(given: Deployment) -> tuple[Pool, ...]:
    """The region of activations and workspaces of what runs on the GPU."""
    workspace = given.figures["workspace"].bytes.likely
    elsewhere = frozenset(i for i, unit in enumerate(given.units) if unit != _GPU)
    return (plan_region(given.graph, workspace, elsewhere, _half(given)),)


def terms(given: Deployment, planned: Sequence[Pool]) -> Iterable[Term]:
    """Every term, device memory first."""
    figures = given.figures
    weights = weights_of(given, _half(given))
    engine = figures["weights"].of(weights)
    said = "every constant once, in the type it is computed in; in float16 with what pads an odd number of channels"
    yield Term("weights", engine, "estimated", "always", said, figures.evidence("weights"), "driver")
    (region,) = planned
    yield from _region(given, region)
    if "dla" in given.units:
        yield Term(
            "DLA tensors",
            dla_tensors(given, figures["dla-local-dram"].bytes.high),
            "estimated",
            "run",
            "what the DLA's subgraphs keep between ops; its SRAM, 1 MiB a core on Orin, is not main memory",
            figures.evidence("dla-local-dram"),
            "driver",
        )
    yield _ends(given)
    code = figures["engine-code"].bytes
    said = "kernels and descriptions in the engine, beside its weights"
    yield Term("engine code", code, "estimated", "always", said, figures.evidence("engine-code"), "driver")
    said = "CUDA's context and the libraries that TensorRT loads, whatever the network"
    context = figures["context"].bytes
    yield Term("CUDA context", context, "estimated", "always", said, figures.evidence("context"))
    whole = engine + code
    said = "the engine's file, read whole before it is deserialised; nothing where it is streamed from the file"
    evidence = figures.evidence("engine-code")
    yield Term("engine file", Range(0, whole.likely, whole.high), "estimated", "load", said, evidence)
    yield _build(given, weights)


def _half(given: Deployment) -> bool:
    """Whether float32 is computed as float16: where it is asked for, and with the DLA, which takes nothing wider."""
    return given.target.precision == "float16" or "dla" in given.units


def _region(given: Deployment, region: Pool) -> Iterator[Term]:
    """Activations and, as what they add to the region, workspaces."""
    figures, arena = given.figures, region.arena
    values = without_workspaces(region, len(given.graph.ops))
    loose = _unfused(given.graph, _half(given))
    likely = (values.bound + values.size) // 2
    said = (
        "what kernels leave to each other, fused and placed as TensorRT-RTX does for Ampere: from the most alive at "
        "once to first fit, at most what they take unfused; the device's own TensorRT chooses kernels by timing them"
    )
    size = Range(values.bound, likely, max(values.size, loose))
    yield Term(region.name, size, "estimated", "run", said, figures.evidence("region"), "driver")
    one = figures["workspace"]
    low, mean, high = one.bounds()
    added = max((arena.bound + arena.size) // 2 - likely, 0)
    most = max(arena.size - values.bound, added)
    size = Range(round(added * low / mean), added, round(most * high / mean))
    said = (
        "for convolutions and matrix products, one for each stream that runs beside others; the least without streams"
    )
    yield Term("workspace", size, "estimated", "run", said, figures.evidence("workspace"), "driver")


def _unfused(graph: Graph, half: bool) -> int:
    """The most bytes alive at once if every op wrote what it makes."""
    rules = ArenaRules(alignment=ALIGNMENT, size=lambda value: bytes_of(value, half))
    found = lifetimes(graph, rules, lambda body: (_unfused(body, half), ()))
    return lower_bound(found.buffers, found.steps)[0]


def _ends(given: Deployment) -> Term:
    """The caller's own buffers, which are in no figure of TensorRT's."""
    names = dict.fromkeys((*given.graph.inputs, *given.graph.outputs))
    once = sum(given.graph.values[n].bytes or 0 for n in names)
    said = "the caller's buffers: once where the GPU reads the caller's memory, twice with a copy on each side"
    return Term("inputs and outputs", Range(once, 2 * once, 2 * once), "estimated", "run", said)


def _build(given: Deployment, weights: int) -> Term:
    """What compiling on the device itself takes: the builder, copies of the weights, and trying kernels."""
    figures = given.figures
    size = figures["builder"].bytes + figures["builder-copies"].of(weights) + figures["tactics"].bytes
    said = (
        "the builder's libraries, the weights of the network and of the engine beside each other, and the buffers in "
        "which it times kernels; those that ask for more than is free are left out"
    )
    evidence = figures.evidence("builder", "builder-copies", "tactics")
    return Term("build on the device", size, "estimated", "build", said, evidence)
