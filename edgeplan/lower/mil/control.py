"""Branches and loops: cond and while_loop."""

from __future__ import annotations

from edgeplan.graph import Body, DType, Op
from edgeplan.lower.mil.builder import Builder
from edgeplan.lower.mil.registry import lowers

__all__ = ["branch", "loop", "scan"]


@lowers("If")
def branch(op: Op, b: Builder) -> bool:
    """If(cond) -> cond(pred) with the bodies `_true_fn` and `_false_fn`."""
    names = {"then_branch": "_true_fn", "else_branch": "_false_fn"}
    bodies = {body.name: Body(names[body.name], body.graph, body.trips) for body in op.bodies if body.name in names}
    pred = op.input("cond")
    if pred is None or len(bodies) != 2 or len(op.bodies) != 2:
        return False
    b.emit("cond", {"pred": pred}, to=op.outputs, bodies=(bodies["then_branch"], bodies["else_branch"]))
    return True


@lowers("Loop")
def loop(op: Op, b: Builder) -> bool:
    """Loop(M, cond, v_initial) -> while_loop(loop_vars = counter, condition, v_initial) with the body `_body`.

    What each step appends to a scan output is written to it by the loop itself; MIL's lists are not spelled out, nor is
    the small block that compares the counter with M.
    """
    if len(op.bodies) != 1:
        return False
    going = op.input("cond") or b.constant((True,), DType.BOOL, ())
    first = [n for p, n in zip(op.ports, op.inputs, strict=True) if p == "v_initial"]
    return _while(op, b, [b.constant((0,), DType.INT32, ()), going, *first])


@lowers("Scan")
def scan(op: Op, b: Builder) -> bool:
    """Scan(states, sequences) -> while_loop(loop_vars = counter, states, sequences) with the body `_body`."""
    if len(op.bodies) != 1 or not op.inputs:
        return False
    return _while(op, b, [b.constant((0,), DType.INT32, ()), *op.inputs])


def _while(op: Op, b: Builder, given: list[str]) -> bool:
    body = op.bodies[0]
    b.emit("while_loop", {"loop_vars": given}, to=op.outputs, bodies=(Body("_body", body.graph, body.trips),))
    return True
