"""Ops with graphs inside: what is done to a graph is done to the bodies of its ops as well."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from edgeplan.graph import Body, Graph, Op

__all__ = ["with_bodies"]


def with_bodies(op: Op, change: Callable[[Graph], Graph]) -> Op:
    """The op with each of its bodies changed; itself when it has none."""
    if not op.bodies:
        return op
    return replace(op, bodies=tuple(Body(b.name, change(b.graph), b.trips) for b in op.bodies))
