"""What a runtime's memory profile is given: a lowered graph on a target."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

from edgeplan.graph import Graph, Value
from edgeplan.memory.figures import Figures, load_figures
from edgeplan.place.runs import Segment
from edgeplan.target import Target

__all__ = ["Deployment", "constants"]

_T = TypeVar("_T")


@dataclass(frozen=True)
class Deployment:
    """A graph as the runtime runs it, with the unit of each op, by index, and the parts that makes.

    `file_bytes` is the size of the model's own file with its weights, None where it is not known or another file is
    made of it first.
    """

    graph: Graph
    target: Target
    units: tuple[str, ...]
    segments: tuple[Segment, ...]
    file_bytes: int | None = None

    @cached_property
    def figures(self) -> Figures:
        """The measured and stated figures of the target's runtime."""
        return load_figures(self.target.backend, self.target.release)

    @cached_property
    def constants(self) -> Mapping[str, Value]:
        """The constants that ops read, bodies included, each once; those an op expands at run time as stored."""
        return constants(self.graph)

    @cached_property
    def weights(self) -> int:
        """Bytes of the constants of known size."""
        return sum(v.bytes or 0 for v in self.constants.values())

    def once(self, make: Callable[[Deployment], _T]) -> _T:
        """What `make` gives of this deployment, made the first time: a profile's stages share it."""
        if make not in self._made:
            self._made[make] = make(self)
        found: _T = self._made[make]
        return found

    def expanded_for(self, units: Collection[str]) -> int:
        """Bytes of what ops on other units make of constants at every run, for ops on these units to read.

        ONNX Runtime folds no DequantizeLinear, so a provider that takes none is handed its weights in floats.
        """
        values = self.graph.values
        placed = tuple(zip(self.graph.ops, self.units, strict=True))
        made = {name for op, unit in placed if unit not in units for name in op.outputs if values[name].const}
        read = {name for op, unit in placed if unit in units for name in op.inputs}
        return sum(values[name].bytes or 0 for name in made & read)

    @cached_property
    def _made(self) -> dict[Callable[[Deployment], Any], Any]:
        return {}

    def on(self, unit: str) -> frozenset[int]:
        """The ops, by index, that run on a unit."""
        return frozenset(i for i, where in enumerate(self.units) if where == unit)


def constants(graph: Graph) -> dict[str, Value]:
    """The constants that ops read, bodies included, each once."""
    found: dict[str, Value] = {}
    for owner, op in graph.walk():
        for name in op.inputs:
            value = owner.values[name]
            if value.const and name not in owner.producer:
                found[name] = value
    return found
