"""One op's inputs and outputs as the formulas of work look at them."""

from __future__ import annotations

from math import prod

from edgeplan.graph import Graph, Op, Value

__all__ = ["Ports", "per", "product"]


class Ports:
    """Element counts and axes of one op's ports, with None for what is unknown."""

    def __init__(self, graph: Graph, op: Op) -> None:
        self.graph = graph
        self.op = op

    def value(self, *ports: str) -> Value | None:
        """The value at the first of these ports that the op has."""
        name = next((n for n in map(self.op.input, ports) if n is not None), None)
        return None if name is None else self.graph.values[name]

    def elements(self, *ports: str) -> int | None:
        """Elements at a port; 0 when the op has no such input."""
        found = self.value(*ports)
        return 0 if found is None else found.elements

    def axis(self, axis: int, *ports: str) -> int | None:
        """One axis of a port, None when unknown."""
        found = self.value(*ports)
        if found is None or found.shape is None or not -len(found.shape) <= axis < len(found.shape):
            return None
        size = found.shape[axis]
        return size if isinstance(size, int) else None

    @property
    def out(self) -> int | None:
        """Elements of the first output."""
        return self.graph.values[self.op.outputs[0]].elements if self.op.outputs else None


def product(*factors: int | None) -> int | None:
    """The product; 0 when one factor is, None when one is not known."""
    known = [f for f in factors if f is not None]
    return 0 if 0 in known else prod(known) if len(known) == len(factors) else None


def per(total: int | None, parts: int | None) -> int | None:
    """A total by its parts, None when either is not known."""
    return None if total is None or not parts else total // parts
