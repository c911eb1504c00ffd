"""Structures as tests read them: the units along an axis as letters, those that must stay as dots."""

from __future__ import annotations

from dataclasses import dataclass
from string import ascii_letters

import numpy as np

from edgeplan.graph import Graph
from edgeplan.pruning.narrow import narrow
from edgeplan.pruning.reform import Kept
from edgeplan.pruning.structure import Structure
from tests.pruning.networks import of_text, text


@dataclass(frozen=True)
class Found:
    """The structure of a small graph."""

    structure: Structure

    def axis(self, name: str, axis: int) -> str:
        """The units along an axis of a value in the order of their first index; empty where all of it stays."""
        labels = self.structure.axes.get(name, {}).get(axis)
        if labels is None:
            return ""
        live = {int(u) for g in self.structure.groups for u in g.units}
        names: dict[int, str] = {}
        for label in labels.tolist():
            if label in live:
                names.setdefault(label, ascii_letters[len(names)])
        return "".join(names.get(label, ".") for label in labels.tolist())

    def units(self) -> dict[str, int]:
        """Groups by name, with the number of their units."""
        return {g.name: len(g.units) for g in self.structure.groups}

    def weights(self, name: str) -> dict[str, int]:
        """The axes of weights that a group lies in, as `weight.axis`, with the indices of each unit."""
        group = next(g for g in self.structure.groups if g.name == name)
        return {f"{a.weight}.{a.axis}": a.indices for a in group.axes}

    def why(self) -> dict[str, str]:
        """Why layers must stay."""
        return {f.op: f.reason for f in self.structure.frozen}

    def keeping(self, **places: list[int]) -> Kept:
        """The choice that keeps of each named group the units at these places."""
        groups = {g.name: (i, g.units) for i, g in enumerate(self.structure.groups)}
        kept = {groups[name][0]: groups[name][1][np.array(at, int)] for name, at in places.items()}
        return Kept(self.structure, self.structure.without(kept))

    def narrowed(self, **places: list[int]) -> Graph:
        """The graph that is left when of each named group the units at these places stay."""
        return narrow(self.keeping(**places))


def find(ends: str, ops: str, **weights: tuple[int, ...]) -> Found:
    """The structure of a graph in ONNX text with weights of these shapes."""
    return Found(of_text(text(ends, ops, **weights)))
