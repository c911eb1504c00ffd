"""The ops before and after the one that is lowered, for what a converter does with several ops at once."""

from __future__ import annotations

from edgeplan.graph import Op
from edgeplan.lower.builder import Builder

__all__ = ["consumers", "only_consumer", "producer", "used"]


_MOST = 64


def producer(b: Builder, name: str) -> Op | None:
    """The source op that makes a value; None for graph inputs, weights and values made by lowerings."""
    index = b.source.producer.get(name)
    return None if index is None else b.source.ops[index]


def consumers(b: Builder, name: str) -> tuple[Op, ...]:
    """The source ops that read a value, in order; none for more than 64, which no fusion looks through.

    Each of them asks again what its siblings are: the bound keeps that linear.
    """
    found = b.source.consumers.get(name, ())
    return tuple(b.source.ops[i] for i in found) if len(found) <= _MOST else ()


def only_consumer(b: Builder, name: str) -> Op | None:
    """The one source op that reads a value as its input, when nothing else does and it is no graph output."""
    found = consumers(b, name)
    if len(found) != 1 or name in b.returned or found[0].inputs.count(name) != 1 or not found[0].outputs:
        return None
    return None if any(name in body.graph.captured for body in found[0].bodies) else found[0]


def used(b: Builder, name: str) -> bool:
    """True when an op reads the value or the graph returns it."""
    return bool(b.source.consumers.get(name)) or name in b.returned
