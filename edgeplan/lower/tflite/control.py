"""Branches and loops: IF and WHILE, whose bodies are subgraphs."""

from __future__ import annotations

from dataclasses import replace

from edgeplan.graph import Body, DType, Graph, Op, Value
from edgeplan.lower.tflite.algebra import binary, step
from edgeplan.lower.tflite.builder import Builder
from edgeplan.lower.tflite.registry import lowers
from edgeplan.lower.tflite.unroll import can_unroll, unrolled

__all__ = ["branch", "loop"]


@lowers("If")
def branch(op: Op, b: Builder) -> bool:
    """If(cond) -> IF(cond) with a subgraph a branch. What a branch reads from outside stays a capture.

    Source: the TFL dialect's `tfl.if` (LiteRT `tflite/converter/ir/tfl_ops.td`). onnx2tf computes both branches and
    selects where it knows the pattern (`tflite_builder/op_builders/control.py` build_if_op), and refuses the rest.
    """
    pred = op.input("cond")
    bodies = {body.name: body for body in op.bodies}
    if pred is None or set(bodies) != {"then_branch", "else_branch"} or len(op.bodies) != 2:
        return False
    b.several("IF", {"cond": pred}, op.outputs, bodies=(bodies["then_branch"], bodies["else_branch"]))
    return True


@lowers("Loop")
def loop(op: Op, b: Builder) -> bool:
    """Loop(M, cond, v_initial) -> WHILE(counter, M, cond, states) with a condition and a body.

    Before: `s = Loop(m, c, s0)` with the body `(i, c, s) -> (c', s')`
    After:  `_, _, _, s = WHILE(0, m, c, s0)`; condition `LOGICAL_AND(c, LESS(i, m))`; body: ONNX's, then ADD(i, 1)

    WHILE wants a condition and a body that take all of its values; the body returns them all, `m` as it came.
    With scan outputs a loop of a known number of trips is unrolled, another has no lowering.
    Source: onnx2tf `tflite_builder/op_builders/control.py` _build_loop_while, _build_loop_static_unroll.
    """
    states = [n for p, n in zip(op.ports, op.inputs, strict=True) if p == "v_initial"]
    if len(op.bodies) != 1:
        return False
    body = op.bodies[0]
    if len(op.outputs) != len(states):
        if body.trips is None or not can_unroll(body.graph, body.trips, len(states), len(op.outputs) - len(states)):
            return False
        unrolled(op, b, body.graph, body.trips, states)
        return True
    if len(body.graph.inputs) != len(states) + 2 or len(body.graph.outputs) != len(states) + 1:
        return False
    most, going = op.input("M"), op.input("cond")
    most = b.scalar(2**63 - 1, DType.INT64) if most is None else b.reshape(most, ()) if b.rank(most) else most
    going = b.scalar(True, DType.BOOL) if going is None else b.reshape(going, ()) if b.rank(going) else going
    counters = [((), DType.INT64), ((), DType.INT64), ((), DType.BOOL)]
    b.several(
        "WHILE",
        {"inputs": [b.scalar(0, DType.INT64), most, going, *states]},
        [*counters, *op.outputs],
        bodies=(Body("cond", _condition(body.graph), None), replace(body, name="body", graph=_counted(body.graph))),
    )
    return True


def _small(name: str, values: dict[str, Value], inputs: tuple[str, ...], outputs: tuple[str, ...]) -> Builder:
    return Builder(Graph(name, "tflite", (), values, inputs, outputs), lambda dtype: dtype, {}, inner=True)


def _condition(body: Graph) -> Graph:
    """`LOGICAL_AND(cond, LESS(i, M))`; the states of the body come along unread."""
    states = [replace(body.values[n], name=f"state{i}") for i, n in enumerate(body.inputs[2:])]
    values = {
        "i": Value("i", DType.INT64, ()),
        "m": Value("m", DType.INT64, ()),
        "c": Value("c", DType.BOOL, ()),
        **{v.name: v for v in states},
        "go": Value("go", DType.BOOL, ()),
    }
    inner = _small("cond", values, ("i", "m", "c", *(v.name for v in states)), ("go",))
    less = step(inner, "LESS", ["i", "m"], (), dtype=DType.BOOL)
    step(inner, "LOGICAL_AND", ["c", less], to="go")
    return inner.finish("tflite")


def _counted(graph: Graph) -> Graph:
    """ONNX's body with the counter that WHILE has to count itself, and the number of trips that it hands on."""
    count, *rest = graph.inputs
    most, following = f"{count}@most", f"{count}@next"
    values = {"i": Value("i", DType.INT64, ()), "next": Value("next", DType.INT64, ())}
    inner = _small(graph.name, values, ("i",), ("next",))
    binary(inner, "ADD", "i", 1, to="next")
    made = inner.finish("tflite")
    add = replace(made.ops[0], inputs=(count, made.ops[0].inputs[1]), outputs=(following,), name=f"{graph.name}/ADD")
    values = {**graph.values, **{n: made.values[n] for n in made.ops[0].inputs[1:]}}
    values |= {n: Value(n, DType.INT64, ()) for n in (most, following)}
    return replace(
        graph,
        ops=(*graph.ops, add),
        values=values,
        inputs=(count, most, *rest),
        outputs=(following, most, *graph.outputs),
    )
