"""A model's graph as a problem of cutting: which ops can be on either side, and what each tensor joins."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeplan.graph import Graph, Op
from edgeplan.splitting.problem import INPUT, Problem, problem_of

__all__ = ["Wiring", "portion_of", "wiring_of"]

Array = NDArray[Any]


@dataclass(frozen=True)
class Wiring:
    """The ops of a graph that make anything but constants, by their places in `graph.ops`, and the tensors they make.

    Constants, also those that follow from shapes alone, are in no tensor: either side has them. A tensor is an input
    of the model or what an op makes; `tensors` are their names, in the order of `problem`'s.
    """

    graph: Graph
    ops: tuple[int, ...]
    tensors: tuple[str, ...]
    problem: Problem

    @cached_property
    def at(self) -> dict[str, int]:
        """The place of an op in `ops`, by its name."""
        return {self.graph.ops[i].name: at for at, i in enumerate(self.ops)}

    def names(self, device: Array) -> tuple[str, ...]:
        """The names of the ops of a mask [ops]."""
        return tuple(self.graph.ops[self.ops[at]].name for at in np.flatnonzero(device))

    def portion(self, ops: Array) -> Graph:
        """The part of the graph that runs the ops of a mask [ops]."""
        return portion_of(self.graph, {self.ops[at] for at in np.flatnonzero(ops).tolist()})


def wiring_of(graph: Graph) -> Wiring:
    """How the ops of a graph hang together. Linear."""
    values, reads = graph.values, [graph.reads(op) for op in graph.ops]
    ops = tuple(i for i, op in enumerate(graph.ops) if not _constant(graph, op))
    readers: dict[str, list[int]] = {}
    for at, i in enumerate(ops):
        for name in dict.fromkeys(reads[i]):
            if not values[name].const:
                readers.setdefault(name, []).append(at)
    tensors: list[tuple[str, int]] = [(name, INPUT) for name in graph.inputs if not values[name].const]
    tensors += [(out, at) for at, i in enumerate(ops) for out in graph.ops[i].outputs if not values[out].const]
    problem = problem_of(len(ops), [(maker, readers.get(name, ())) for name, maker in tensors])
    return Wiring(graph, ops, tuple(name for name, _ in tensors), problem)


def _constant(graph: Graph, op: Op) -> bool:
    """Whether an op makes constants alone, or, where it makes nothing but writes a variable, reads them alone."""
    return all(graph.values[name].const for name in op.outputs or graph.reads(op))


def portion_of(graph: Graph, ops: Collection[int]) -> Graph:
    """The part of a graph that has some of its ops, and what they need of the ops that make constants.

    What they read of others becomes an input, what others read of them or the model hands out an output. A constant
    that follows from the shape of what is not there is a weight.
    """
    values = graph.values
    within: set[str] = set()
    kept: list[Op] = []
    for i, op in enumerate(graph.ops):
        if i in ops or (_constant(graph, op) and all(_ready(graph, n, within) for n in graph.reads(op))):
            kept.append(op)
            within.update(op.outputs)
    read = list(dict.fromkeys(n for op in kept for n in graph.reads(op)))
    chosen = {name for i in ops for name in graph.ops[i].outputs}
    asked = _read_elsewhere(graph, ops)
    outputs = {n for n in chosen if n in asked and not values[n].const}
    outputs.update(n for n in graph.outputs if n in chosen)
    missing = {n: None for n in read if n not in within and not values[n].const}
    given = tuple(dict.fromkeys((*(n for n in graph.inputs if n in missing), *missing)))
    named = dict.fromkeys((*read, *(o for op in kept for o in op.outputs)))
    return replace(
        graph,
        ops=tuple(kept),
        values={n: values[n] for n in named},
        inputs=given,
        outputs=_in_order(graph, outputs),
    )


def _ready(graph: Graph, name: str, within: Collection[str]) -> bool:
    """Whether a constant is there to be read: made within, or stored."""
    return name in within or (graph.values[name].const and name not in graph.producer)


def _read_elsewhere(graph: Graph, ops: Collection[int]) -> set[str]:
    found: set[str] = set()
    for i, op in enumerate(graph.ops):
        if i not in ops and not _constant(graph, op):
            found.update(graph.reads(op))
    return found


def _in_order(graph: Graph, outputs: Collection[str]) -> tuple[str, ...]:
    """The model's own outputs as it has them, then what is handed over in the order it is made."""
    own = [n for n in graph.outputs if n in outputs]
    rest = sorted(set(outputs).difference(own), key=lambda n: (graph.producer[n], n))
    return (*own, *rest)
