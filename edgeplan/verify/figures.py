"""The figures that a compiler prints, beside what is predicted of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from edgeplan.graph import Graph
from edgeplan.memory.deployment import Deployment
from edgeplan.memory.plan import MemoryPlan, plan_memory
from edgeplan.memory.runtimes.litert.builtin import builtin_arena
from edgeplan.place.partition import Placement
from edgeplan.target import Target
from edgeplan.verify.agreement import Figure
from edgeplan.verify.answer import Answer

__all__ = ["figures"]

_BUILTIN = "builtin-activations"
"""LiteRT's arena when every op stays with the builtin kernels: the one whose tensors show their addresses."""


def figures(
    answer: Answer, graph: Graph, placement: Placement, target: Target, unit: str, known: Mapping[str, int]
) -> Iterator[Figure]:
    """Parts of the lowered graph on the referee's unit, fused kernels, and the facts of the answer, in its order.

    `known` are predictions that stand above those of the memory plan.
    """
    if unit in answer.said.partitions:
        parts = sum(s.unit == unit for s in placement.segments)
        yield Figure("partitions", parts, answer.said.partitions[unit], "partitions")
    plan = plan_memory(Deployment(graph, target, placement.units, placement.segments))
    predicted = {**_planned(plan), **known}
    fused = sum(len(kernel.ops) > 1 for kernel in answer.said.kernels)
    if fused:
        yield Figure("fused kernels", None, fused, "kernels")
    for fact in answer.said.facts:
        if fact.name == _BUILTIN:
            arena = builtin_arena(graph)
            predicted |= {} if arena.unsized else {_BUILTIN: arena.arena.size}
        if "/" not in fact.name:  # else it is that of one conversion among several
            yield Figure(fact.name, predicted.get(fact.name), fact.value, fact.unit)


def _planned(plan: MemoryPlan) -> dict[str, int]:
    """What the plan says of each figure, the likely value of a range.

    TensorRT's activations are one region with the workspaces of its kernels in it, its engine weights and code.
    """
    terms = {term.name: term.size.likely for term in plan.terms}
    found = {"weights": terms.get("weights", plan.weights)}
    if "engine code" in terms:
        found["engine"] = found["weights"] + terms["engine code"]
    if not plan.unsized:
        region = terms.get("activations", 0) + terms["workspace"] if "workspace" in terms else plan.activations
        found["activations"] = region
    if plan.traffic is not None:
        moved = plan.traffic
        found |= {
            "ddr-read": moved.read.likely,
            "ddr-write": moved.write.likely,
            "ddr-spill": moved.spill.likely,
            "ddr-fill": moved.fill.likely,
        }
        found |= {} if moved.onchip is None else {"vtcm": moved.onchip}
    return found
