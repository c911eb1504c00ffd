"""What the passes of coremltools make of a whole program: nothing without effect stays, and nothing comes twice."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace

from edgeplan.graph import Graph, Op, Value
from edgeplan.lower.mil.passes import PASSES, Program, identity, sources

__all__ = ["tidy"]

_COMPARED = 100
"""Constants of fewer elements are compared by value, larger ones by name."""


def tidy(graph: Graph) -> Graph:
    """The program as the passes leave it; what is taken out becomes an `identity`, or an op that nothing reads.

    Before: `c = conv(x, w); y = mul(c, -1); a = sub(y, m); b = sub(y, m); z = add(a, b)`
    After:  `y = conv(x, w'); a = sub(y, m); z = add(a, a)`

    Source: coremltools 9.0 `converters/mil/mil/passes/pass_pipeline.py`. Bodies are left as they are.
    """
    program = Program(graph, list(graph.ops), dict(graph.values))
    for i, op in enumerate(graph.ops):
        for step in PASSES.get(op.type, ()) if not op.domain and len(op.outputs) == 1 else ():
            found = step(program, op)
            if found is not None:
                program.ops[i] = found
                break
    return replace(graph, ops=tuple(_without_twins(graph, program)), values=program.values)


def _without_twins(graph: Graph, program: Program) -> list[Op]:
    """Of ops with the same inputs and attributes the first does the work (`remove_redundant_ops`)."""
    same: dict[str, str] = {}
    first: dict[Hashable, int] = {}
    kept: list[Op] = []
    twins: dict[int, list[Op]] = {}
    results = set(graph.outputs)
    for op in program.ops:
        if op.type == "identity" and not op.domain:
            same[op.outputs[0]] = same.get(op.inputs[0], op.inputs[0])
        plain = len(op.outputs) == 1 and not op.bodies and not op.domain and not op.type.startswith("random")
        if not plain or op.type == "identity" or op.outputs[0] in results:
            kept.append(op)
            continue
        operands = tuple([_operand(program.values[same.get(n, n)]) for n in op.inputs])
        key = (op.type, op.ports, operands, tuple(sorted(op.attrs.items())) if op.attrs else ())
        at = first.setdefault(key, len(kept))
        if at < len(kept):
            same[op.outputs[0]] = kept[at].outputs[0]
            twins.setdefault(at, []).append(op)
            op = identity(op, kept[at].outputs[0])
        kept.append(op)
    for at, others in twins.items():  # at the end: thousands of ops may have the same twin
        kept[at] = replace(kept[at], sources=sources(kept[at], *others))
    return kept


def _operand(value: Value) -> Hashable:
    """What makes two inputs the same: the elements of a small constant, else the value itself."""
    if value.const and value.data is not None and len(value.data) < _COMPARED:
        return value.dtype, value.shape, value.data
    return value.name
