"""Rewrites on trial: applied unproved to a random graph, and the result held against the graph."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import onnx
import onnx_ir as ir
from onnx import helper

from edgeplan.surgery.claim import EQUAL, Claim
from edgeplan.surgery.draft import Draft
from edgeplan.surgery.ledger import Ledger
from edgeplan.surgery.recipe import structure
from edgeplan.surgery.region import _doubled
from edgeplan.surgery.rewrite import Rewrite
from edgeplan.surgery.runs import RunError, difference, run_reference
from edgeplan.surgery.sweep import Swept, fitting, sweep
from edgeplan.surgery.tidy import tidy
from tests.surgery.graphs import Array, Feeds, Fuzzed, reads
from tests.surgery.sketch import Lacking, Refused, run

_NEAR = 1e-4
"""How far apart two float32 results may be that are equal in real numbers."""

_KERNEL, _KERNEL_HALF = 1e-5, 1e-2
"""Likewise of ops behind a place where every bit is kept: onnxruntime multiplies by a constant in another kernel than
by a computed matrix, and rounds to float16 only where it stores."""

_SMALL = 1e-3
"""The size below which a result is next to 0: what is left where numbers cancel."""

_TURNS = 3
"""Times a rewrite may be done with the shapes inferred anew before there has to be nothing left to do."""

_TRIPPED = "its settings do not fit"
"""How the reason begins where a rewrite raises something; the models here are valid."""

_STEPS = frozenset({"Cast", "Ceil", "Equal", "Floor", "Greater", "Less", "Round", "Sign"})
"""Ops that make all the difference of a last bit."""

_NUDGE = 1e-6
"""By what part inputs are moved to see how many digits a result has."""


@dataclass(frozen=True)
class Trial:
    """What became of a rewrite on a graph: `fault` is "wrong", "invalid", "crash", "unstable", or none."""

    rewrite: str
    sites: int
    misses: int
    fault: str = ""
    why: str = ""
    made: onnx.ModelProto | None = None


def trial(graph: Fuzzed, draft: Draft, one: Rewrite) -> Trial:
    """Apply one rewrite wherever it fits, without proofs, to a copy."""
    found = Swept((), ())
    made = None
    try:
        found = fitting(draft, one)
        tripped = [m for m in found.misses if m.reason.startswith(_TRIPPED)]
        if tripped:
            return Trial(one.id, 0, 0, "crash", f"{tripped[0].op}: {tripped[0].reason}")
        if not found.sites:
            return Trial(one.id, 0, len(found.misses))
        copy = draft.copy()
        found = sweep(copy, [one], Ledger(False))
        sites, misses = len(found.sites), len(found.misses)
        made = ir.to_proto(copy.model)
        for _ in range(_TURNS):
            fault, why = judged(graph, made, one.claim)
            again = Draft.open(made)
            if fault or not (found := sweep(again, [one], Ledger(False))).sites:
                break
            made = ir.to_proto(again.model)  # shapes are better known now
        else:
            fault, why = "unstable", f"done again at {[s.root for s in found.sites]}"
        return Trial(one.id, sites, misses, fault, why, made)
    except Exception as e:  # whatever it is, it is a fault of the rewrite's
        return Trial(one.id, max(len(found.sites), 1), 0, "crash", f"{type(e).__name__}: {e}", made)


def judged(graph: Fuzzed, made: onnx.ModelProto, claim: Claim) -> tuple[str, str]:
    """What is wrong with a rewritten graph: a fault and why, both empty for none."""
    try:
        onnx.checker.check_model(made, full_check=True)
    except Exception as e:  # the checker's errors share no base class
        return "invalid", str(e)[:300]
    for side in ("input", "output"):
        was, now = (
            [(v.name, v.type.tensor_type.elem_type) for v in getattr(m.graph, side)] for m in (graph.model, made)
        )
        if was != now:
            return "invalid", f"the {side}s are {now}, and were {was}"
    for feeds, old in zip(graph.feeds, graph.results, strict=True):
        try:
            new = run(made, feeds, graph.outputs)
        except Lacking:
            continue
        except Refused as e:
            return "invalid", str(e)
        why = _apart(graph, made, claim, feeds, old, new)
        if why:
            return "wrong", why
    return "", ""


def _apart(
    graph: Fuzzed, made: onnx.ModelProto, claim: Claim, feeds: Feeds, old: Sequence[Array], new: Sequence[Array]
) -> str:
    """Which output is too far off in one run."""
    ends = (*graph.model.graph.input, *graph.model.graph.output)
    half = any(t.type.tensor_type.elem_type == onnx.TensorProto.FLOAT16 for t in ends)
    if claim.kind == "exact":
        for name, a, b in zip(graph.outputs, old, new, strict=True):
            same = a.shape == b.shape and np.array_equal(a, b, equal_nan=a.dtype.kind == "f")
            if not same and not gap(a, b) <= (_KERNEL_HALF if half else _KERNEL):
                return f"{name}: not bit by bit, but {difference(a, b):.1e} apart, {a.shape} and {b.shape}"
        return ""
    limit = max(1e-2 if half else _NEAR, 10 * claim.tolerance)
    least = 1.0 if claim.kind == "changes" else _SMALL  # such claims are of values around 1
    far = {n: g for n, a, b in zip(graph.outputs, old, new, strict=True) if not (g := gap(a, b, least)) <= limit}
    if not far:
        return ""
    wide = {n: a.astype(np.float64) if a.dtype.kind == "f" else a for n, a in feeds.items()}
    limits = EQUAL.tolerance if claim.kind == "equal" else 10 * claim.tolerance
    if _agree(in_double(graph.model), in_double(made), wide, list(far), limits):
        return ""
    nudge = max(1e-3 if half else _NUDGE, claim.tolerance)
    own = dict(zip(graph.outputs, _own_rounding(graph, feeds, old, nudge), strict=True))
    worst = {n: g for n, g in far.items() if not g <= max(limit, 10 * own[n])}
    if worst and _excused(graph, made, feeds, worst, limit):
        return ""
    return "; ".join(f"{n} {g:.1e} apart, its own rounding {own[n]:.1e}" for n, g in worst.items())


def gap(a: Array, b: Array, least: float = _SMALL) -> float:
    """How far apart results are, where the old one is a number, as a part of its size, at least `least`."""
    if a.shape != b.shape or a.dtype != b.dtype:
        return float("inf")
    if a.dtype.kind != "f":
        return difference(a, b)
    told = np.isfinite(a)
    old, new = a[told].astype(np.float64), b[told].astype(np.float64)
    if not np.isfinite(new).all():
        return float("inf")
    return float(np.sqrt(np.mean((old - new) ** 2)) / max(np.sqrt(np.mean(old**2)), least)) if old.size else 0.0


def _excused(graph: Fuzzed, made: onnx.ModelProto, feeds: Feeds, names: Collection[str], limit: float) -> bool:
    """Whether outputs are off only because something before them steps, while what goes into the step is near."""
    steps: dict[str, None] = {}
    behind: set[str] = set()
    for node in graph.model.graph.node:
        if node.op_type in _STEPS:
            behind.update(node.output)
            steps.update(dict.fromkeys(n for n in node.input if n))
        elif behind.intersection(reads(node)):
            behind.update(node.output)
    there = {o for n in made.graph.node for o in n.output}
    asked = [n for n in steps if n in there and any(n in m.output for m in graph.model.graph.node)]
    if not behind.issuperset(names):
        return False
    old, new = (run(_asked(m, asked), feeds, asked) for m in (graph.model, made))
    return all(gap(a, b) <= limit for a, b in zip(old, new, strict=True) if a.dtype.kind == "f")


def _asked(model: onnx.ModelProto, names: Sequence[str]) -> onnx.ModelProto:
    """A model that hands out other values."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    del copy.graph.output[:]
    copy.graph.output.extend(onnx.ValueInfoProto(name=n) for n in names)
    return copy


def _own_rounding(graph: Fuzzed, feeds: Feeds, old: Sequence[Array], by: float) -> list[float]:
    """How far each output moves when the inputs move by a few roundings."""
    rng = np.random.default_rng(11)
    moved = {
        n: (a * (1 + by * rng.standard_normal(a.shape))).astype(a.dtype) if a.dtype.kind == "f" else a
        for n, a in feeds.items()
    }
    found = [gap(a, b) for a, b in zip(old, run(graph.model, moved, graph.outputs), strict=True)]
    return [g if np.isfinite(g) else 0.0 for g in found]


def _agree(old: onnx.ModelProto, new: onnx.ModelProto, feeds: Feeds, names: Sequence[str], limit: float) -> bool:
    """Whether both models give the same in the reference evaluator."""
    try:
        with np.errstate(all="ignore"):
            was, now = run_reference(old, feeds, names), run_reference(new, feeds, names)
    except RunError:
        return False
    return all(gap(np.asarray(a), np.asarray(b)) <= limit for a, b in zip(was, now, strict=True))


def in_double(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model in float64 throughout."""
    graph = model.graph
    holder = helper.make_node("If", ["c"], [], then_branch=graph, else_branch=graph)
    body = _doubled(holder).attribute[0].g
    return helper.make_model(body, opset_imports=list(model.opset_import), ir_version=10)


def tidied(graph: Fuzzed, draft: Draft, chosen: Sequence[Rewrite]) -> tuple[str, str]:
    """Fold, clean and rewrite to the end with some rewrites in some order: a fault and why, both empty for none."""
    copy = draft.copy()
    found = tidy(copy, Ledger(False), chosen)
    made = ir.to_proto(copy.model)
    fault, why = judged(graph, made, EQUAL)
    if fault:
        return fault, f"{why} after {[(s.rewrite, s.root) for s in found.sites]}"
    before = structure(copy)
    again = tidy(copy, Ledger(False), chosen)
    if again.sites or structure(copy) != before:
        return "unstable", f"again {[(s.rewrite, s.root) for s in again.sites]}"
    if len(found.sites) > 8 * len(graph.model.graph.node) + 8:
        return "unstable", f"{len(found.sites)} sites in {len(graph.model.graph.node)} ops"
    return "", ""
