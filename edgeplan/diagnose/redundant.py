"""Findings about the graph itself: what a rewrite leaves out (EP401, EP402), numbers beyond float16 (EP501)."""

from __future__ import annotations

from collections.abc import Iterator
from math import inf

from edgeplan.diagnose.case import Case
from edgeplan.finding import Finding
from edgeplan.graph import DType, Graph, Op
from edgeplan.lower.fold import redundant
from edgeplan.units import count, say_percent

__all__ = ["redundant_findings"]

_SHARE = 0.1
"""The part of a model's ops, or of its traffic, from which on what is redundant is worth a line."""

_FEW = 8
"""Ops that may be redundant in any model without a word."""

_LARGEST_HALF = 65504.0
"""The largest float16."""

_FLOATS = (DType.FLOAT32, DType.FLOAT16)
"""What the model holds, and what a lowering already calls it."""

_MASKED = ("Add", "Where", "Sub", "Mul", "add", "select", "sub", "mul", "ADD", "SELECT", "SELECT_V2", "SUB", "MUL")


def redundant_findings(case: Case) -> Iterator[Finding]:
    """What the file holds and no runtime needs; transposes that move much; constants beyond float16."""
    yield from _left_out(case)
    yield from _transposes(case)
    yield from _beyond_half(case)


def _left_out(case: Case) -> Iterator[Finding]:
    """Ops of the source that the runtime folds away."""
    gone = redundant(case.source) if case.source.dialect == "onnx" else ()
    total = len(case.source.ops)
    if len(gone) <= max(_FEW, _SHARE * total):
        return
    said = f"{count(len(gone), 'op')} of {total:,} compute constants or change nothing"
    yield case.named("EP401", said, gone, ("rewrite/simplify",))


def _transposes(case: Case) -> Iterator[Finding]:
    """Transposes that came from the model and move a good part of all the bytes."""
    ops = [
        i for i, op in enumerate(case.graph.ops) if op.type.lower() == "transpose" and _is_own(op, case.source)
    ]  # fmt: skip
    total = sum(w.moved or 0 for w in case.work)
    moved = sum(case.work[i].moved or 0 for i in ops)
    if total and moved > _SHARE * total and len(ops) > 1:
        said = f"{count(len(ops), 'transpose')} of the model's own move {say_percent(moved / total)} of all the bytes"
        yield case.finding("EP402", said, ops, fix=("rewrite/cancel-transposes", "rewrite/push-transposes"))


def _is_own(op: Op, source: Graph) -> bool:
    """Whether a lowered transpose stands for one of the model, not for a layout the lowering wants."""
    at = source.producer.get(op.outputs[0])
    return at is not None and source.ops[at].type == "Transpose"


def _beyond_half(case: Case) -> Iterator[Finding]:
    """Constants beyond the largest float16 that float16 arithmetic reads: infinite there, and 0 * inf is no number."""
    if case.target.precision != "float16":
        return
    values = case.graph.values
    found = []
    for i, op in enumerate(case.graph.ops):
        for name in op.inputs if op.type in _MASKED else ():
            value = values[name]
            if value.const and value.dtype in _FLOATS and value.data and _is_beyond(value.data):
                found.append(i)
                break
    if found:
        said = f"{count(len(found), 'op')} with a constant that float16 cannot hold (beyond 65,504, or infinite)"
        yield case.finding("EP501", said, found, fix=("rewrite/finite-mask",))


def _is_beyond(data: tuple[object, ...]) -> bool:
    return any(isinstance(x, float) and (abs(x) > _LARGEST_HALF or x in (inf, -inf)) for x in data)
