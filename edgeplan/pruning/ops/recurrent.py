"""Recurrent layers: input features go with what makes them, hidden units with all their gates and their own state."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from edgeplan.graph import Op
from edgeplan.pruning.atoms import Labels
from edgeplan.pruning.layout import Block
from edgeplan.pruning.trace import Trace

__all__ = ["TABLE"]

_GATES = {"GRU": 3, "LSTM": 4, "RNN": 1}
_PEEPHOLES = 3


def _recurrent(trace: Trace, op: Op) -> None:
    """X [time, batch, in], W [dirs, gates H, in], R [dirs, gates H, H], B [dirs, 2 gates H], states [dirs, batch, H].

    Y is [time, dirs, batch, H]. Both directions lose the same units.
    """
    w, r = op.inputs[1], op.inputs[2]
    if not (trace.is_weight(w) and trace.is_weight(r)) or op.attrs.get("layout"):
        trace.refuse(op, f"{op.label} with computed weights or the batch first")
        return
    gates = _GATES[op.type]
    for name in op.inputs[1:]:
        if trace.is_weight(name) and len(trace.shape(name) or ()) > 1:
            trace.stick(trace.axis(trace.layout(name), 0), "directions")
    given = trace.without(trace.layout(op.inputs[0]), (0, 1), "steps")
    weights, states = trace.layout(w), trace.layout(r)
    trace.tie(trace.axis(given, 2), trace.axis(weights, 2), "what it reads keeps its features")
    hidden = trace.axis(states, 2)
    _gated(trace, hidden, trace.axis(weights, 1), gates)
    _gated(trace, hidden, trace.axis(states, 1), gates)
    for port, parts in (("B", 2 * gates), ("P", _PEEPHOLES)):
        if (rows := op.input(port)) is not None:
            _gated(trace, hidden, trace.axis(trace.layout(rows), 1), parts)
    for port in ("initial_h", "initial_c"):
        if (given_state := op.input(port)) is not None:
            state = trace.without(trace.layout(given_state), (0, 1), "states")
            trace.tie(hidden, trace.axis(state, 2), "its state comes from outside")
    for out in op.outputs:
        rank = len(trace.shape(out) or ())
        trace.set(out, [Block((rank - 1,), hidden) if hidden is not None else None])


def _gated(trace: Trace, hidden: Labels | None, rows: Labels | None, parts: int) -> None:
    """The rows of every gate of a hidden unit go with it."""
    if hidden is None or rows is None:
        trace.stick(hidden if hidden is not None else rows, "a single hidden unit", passive=True)
        return
    trace.atoms.tie(hidden[None], rows.reshape(parts, -1))


TABLE: Mapping[str, Callable[[Trace, Op], None]] = dict.fromkeys(_GATES, _recurrent)
