"""How each kind of op hands channel indices on: one family a file, each with its table of ops."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from edgeplan.graph import Op
from edgeplan.pruning.layout import MOST
from edgeplan.pruning.ops import contraction, elementwise, join, norm, pick, recurrent, spatial, view
from edgeplan.pruning.trace import Trace

__all__ = ["follow"]

_TABLE: Mapping[str, Callable[[Trace, Op], None]] = {
    label: step
    for family in (contraction, elementwise, join, norm, pick, recurrent, spatial, view)
    for label, step in family.TABLE.items()
}


_UNSAID = ("roi", "scales")
"""Ports of Resize at which nothing is said by a tensor of no elements."""

_TOLD = frozenset((
    "axes", "axis", "ends", "k", "pads", "ratio", "repeats", "roi", "scales", "sequence_lens", "shape", "sizes",
    "split", "starts", "steps",
))  # fmt: skip
"""Ports at which an op is told sizes and places. A constant there stays as it is, whoever else reads it; where a size
that is said shrinks, the op gets a constant of its own."""


def follow(trace: Trace, op: Op) -> None:
    """Lay out what an op makes. What is in no table, has bodies or an unknown shape keeps all it reads as it is."""
    step = None if op.bodies else _TABLE.get(op.label)
    if step is None:
        trace.refuse(op, f"{op.label} is not known to keep channels apart")
    elif any(trace.shape(name) is None for name in (*op.inputs, *op.outputs)):
        trace.refuse(op, f"{op.label} has a shape that is not known")
    elif any(0 in (trace.shape(n) or ()) for p, n in zip(op.ports, op.inputs, strict=True) if p not in _UNSAID):
        trace.refuse(op, f"{op.label} reads a tensor of no elements")
    elif any(0 in (trace.shape(name) or ()) for name in op.outputs):
        trace.refuse(op, f"{op.label} makes a tensor of no elements")
    elif any(isinstance(d, int) and d > MOST for name in op.outputs for d in trace.shape(name) or ()):
        trace.refuse(op, f"{op.label} makes an axis that is too long to follow")
    else:
        for port, name in zip(op.ports, op.inputs, strict=True):
            if port in _TOLD:
                trace.stick(trace.layout(name), "sizes and places")
        step(trace, op)
