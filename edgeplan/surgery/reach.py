"""What a part of a model needs to hand out some values: ops, inputs, and what is known before the model runs."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from edgeplan.surgery.doubles import CHANCE
from edgeplan.surgery.looking import KNOWN, bodies, captured, is_constant

__all__ = ["Reach", "Settled"]

Array = NDArray[Any]


@dataclass(slots=True)
class Settled:
    """What is known before the model runs: `weights` need no op, `computed` need ops that read nothing else.

    `given` are constants whose contents shape inference knows, though activations' shapes may be what they are made of;
    `follows` what ops make of these three alone.
    """

    weights: set[ir.Value]
    computed: set[ir.Value] = field(default_factory=set)
    given: dict[ir.Value, Array] = field(default_factory=dict)
    follows: set[ir.Value] = field(default_factory=set)

    @classmethod
    def of(cls, graph: ir.Graph) -> Settled:
        """What is known of a graph whose ops are in order."""
        found = cls({v for v in graph.initializers.values() if is_constant(v)})
        for node in graph:
            reads = _reads(node)
            sure = not _by_chance(node)
            if sure and all(v in found.weights or v in found.computed for v in reads):
                found.computed.update(node.outputs)
                continue
            found.given |= {v: np.asarray(v.meta[KNOWN]) for v in node.outputs if v.meta.get(KNOWN) is not None}
            if sure and all(v in found for v in reads):
                found.follows.update(node.outputs)
        return found

    def __contains__(self, value: ir.Value) -> bool:
        held = value in self.weights or value in self.computed
        return held or value in self.given or value in self.follows

    def as_constant(self, value: ir.Value) -> Array | None:
        """The contents to be used in the place of an op; None where there are none, or an op computes them as well.

        Whole numbers are: they are the same however they are computed. Floats only where no op can make them here.
        """
        found = self.given.get(value)
        return None if found is None or (found.dtype.kind not in "iub" and value in self.follows) else found


@dataclass(slots=True)
class Reach:
    """What one side needs: `inputs` of the model, `foreign` values that the other side makes, each with its first
    reader, and contents that are `known`.
    """

    settled: Settled
    nodes: Collection[ir.Node]
    inputs: set[ir.Value] = field(default_factory=set)
    foreign: dict[ir.Value, ir.Node] = field(default_factory=dict)
    known: dict[ir.Value, Array] = field(default_factory=dict)

    def follow(self, wanted: Iterable[ir.Value]) -> None:
        """Go back from what a side hands out, to where it all comes from."""
        seen: set[ir.Node] = set()
        left: list[ir.Node] = []
        for value in wanted:
            maker = value.producer()
            if maker is not None:
                left.append(maker)
            elif value not in self.settled.weights:
                self.inputs.add(value)
        while left:
            node = left.pop()
            if node in seen:
                continue
            seen.add(node)
            for value in _reads(node):
                maker = self._needed(value, node)
                if maker is not None:
                    left.append(maker)

    def _needed(self, value: ir.Value, reader: ir.Node) -> ir.Node | None:
        """The op that this side runs for a value, if any."""
        settled, maker = self.settled, value.producer()
        if value in settled.weights or value in settled.computed:
            return maker
        if maker is None:
            self.inputs.add(value)
            return None
        contents = settled.as_constant(value)
        if contents is not None:
            self.known[value] = contents
            return None
        if value in settled.follows or maker in self.nodes:
            return maker
        self.foreign.setdefault(value, reader)
        return None


def _reads(node: ir.Node) -> tuple[ir.Value, ...]:
    """What a node reads, what its bodies read of the graph around it included."""
    return (*(v for v in node.inputs if v is not None), *(captured(node) if bodies(node) else ()))


def _by_chance(node: ir.Node) -> bool:
    """Whether a node, or one inside it, may give something else each time."""
    return node.op_type in CHANCE or any(_by_chance(inner) for body in bodies(node) for inner in body)
