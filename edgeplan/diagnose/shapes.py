"""Findings about inputs and shapes: EP001 to EP004, EP902."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from edgeplan.diagnose.case import Case, by_type, ops_of
from edgeplan.finding import Finding
from edgeplan.graph import Graph
from edgeplan.units import count

__all__ = ["shape_findings"]

DATA_DEPENDENT = frozenset(
    {
        "NonZero", "NonMaxSuppression", "Unique", "Compress",
        "non_zero", "non_maximum_suppression",
        "WHERE", "UNIQUE", "SEGMENT_SUM",
    }
)  # fmt: skip
"""Ops whose output size only the data decide, by dialect. Source: ONNX operator specifications, TFLite kernels."""


def shape_findings(case: Case) -> Iterator[Finding]:
    """Open dimensions, missing weights, shapes that only the data decide or nobody knows, uncounted work."""
    if case.free:
        binding = tuple(f"--dim {name}=SIZE" for name in case.free)
        names = ", ".join(case.free)
        yield case.finding("EP001", f"{count(len(case.free), 'input dimension')} left open: {names}", fix=binding)
    if case.missing:
        yield case.finding("EP004", f"weights are not beside the model: {', '.join(case.missing[:3])}")
    data: list[int] = []
    other: list[int] = []
    for i, op in enumerate(case.graph.ops):
        values = case.graph.values
        sized = all(values[n].bytes is not None for n in op.inputs)
        if sized and any(values[n].bytes is None for n in op.outputs):
            inner = {o.type for body in op.bodies for _, o in body.graph.walk()}
            (data if op.type in DATA_DEPENDENT or inner & DATA_DEPENDENT else other).append(i)
    for code, ops, message in (
        ("EP002", data, "{} whose output size only the data decide"),
        ("EP003", other, "{} whose output shape is not known"),
    ):
        for group in by_type(case.graph, ops):
            fix = tuple(f"--value {name}=VALUE" for name in _deciding_inputs(case.graph, group))
            yield case.finding(code, message.format(ops_of(case.graph, group)), group, fix=fix)
    uncounted = [i for i, w in enumerate(case.work) if w.macs is None and not case.free]
    if uncounted:
        yield case.finding("EP902", f"{ops_of(case.graph, uncounted)} whose work could not be counted", uncounted)


def _deciding_inputs(graph: Graph, ops: Sequence[int]) -> tuple[str, ...]:
    """The scalar inputs of the model from which alone the conditions of branches among these ops are computed."""
    seen: dict[str, None] = {}
    waiting = [graph.ops[i].inputs[0] for i in ops if graph.ops[i].bodies and graph.ops[i].inputs]
    for name in waiting:
        if name in seen or graph.values[name].const:
            continue
        if graph.values[name].elements != 1:
            return ()
        seen[name] = None
        if name in graph.producer:
            waiting += graph.ops[graph.producer[name]].inputs
    return tuple(name for name in graph.inputs if name in seen)
