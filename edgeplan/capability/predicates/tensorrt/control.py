"""Conditions on control flow: what a body reads of its loop, and what a branch reads of a loop inside it."""

from __future__ import annotations

from edgeplan.graph import Graph, Op, Value

__all__ = ["body_reads_counter", "branch_drops_last_of_loop"]

_LAST = {"LSTM": 0, "GRU": 0, "RNN": 0, "Loop": -1}
"""Which output the importer makes last: all states of a recurrent layer, the last output of a Loop."""


def body_reads_counter(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """The body of a Loop reads the number of the iteration."""
    if op.type != "Loop" or not op.bodies or not op.bodies[0].graph.inputs:
        return False
    body = op.bodies[0].graph
    return _read(body, body.inputs[0])


def branch_drops_last_of_loop(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """The condition is not known beforehand, and a branch leaves the last output of a loop in it unread."""
    if op.type != "If" or not inputs or inputs[0].const:
        return False
    for body in op.bodies:
        for inner in body.graph.ops:
            if inner.domain == "" and inner.type in _LAST:
                last = inner.outputs[_LAST[inner.type]] if inner.outputs else ""
                if not last or not _read(body.graph, last):
                    return True
    return False


def _read(graph: Graph, name: str) -> bool:
    return name in graph.consumers or name in graph.outputs
