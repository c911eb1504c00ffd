"""What edgeplan says of a whole model on one unit: the worst verdict of its lowered ops."""

from __future__ import annotations

from collections.abc import Sequence

from onnx import ModelProto

from edgeplan.capability.rows import load_backend
from edgeplan.devices import Chip, Device
from edgeplan.frontends.errors import ModelError
from edgeplan.frontends.onnx import load_onnx
from edgeplan.graph import Graph
from edgeplan.place.lowered import lower_for
from edgeplan.place.support import Judge, Verdict
from edgeplan.target import Budget, Target, Unit

__all__ = ["Answer", "ask", "ask_model", "unit_target"]

Answer = tuple[str, str]
"""A word of `case.WORDS`, and the op with the rows that decided."""

_BADNESS = (Verdict.RUNS, Verdict.DEGRADES, Verdict.UNKNOWN, Verdict.REFUSES)


def unit_target(
    backend: str,
    unit: str,
    release: str = "",
    *,
    generation: str = "",
    features: Sequence[str] = (),
    precision: str | None = None,
) -> Target:
    """A target of one unit, of a chip that need not be in the device tables; the newest release unless one is given."""
    table = load_backend(backend)
    spec = table.units[unit]
    chip = Unit(unit, spec.title, spec.accelerator, generation, tuple(features))
    device = Device("referee", "Referee", "", "", Chip("Referee"), {}, (), (), {})
    budget = Budget(None, None, None, "", "none")
    return Target(device, table, release or table.newest, (chip,), precision or table.precision, budget)


def ask(graph: Graph, target: Target) -> Answer:
    """Lower a graph for the target's backend and take the verdict of its worst op on the target's first unit.

    `fails` when a row that refuses takes the whole model with it, else `refuses`, `unknown` or `runs`.
    """
    lowered = lower_for(graph, target)
    judge = Judge(target)
    worst, word, why = Verdict.RUNS, "runs", ""
    for op in lowered.ops:
        support = judge.support(lowered, op)[0]
        fails = support.fatal
        if fails or (word != "fails" and _BADNESS.index(support.verdict) > _BADNESS.index(worst)):
            worst = support.verdict
            word = "fails" if fails else "runs" if worst.usable else worst.value
            why = f"{op.label}: {', '.join(r.id for r in support.rows or support.open)}"
    return word, why


def ask_model(model: ModelProto, target: Target) -> Answer:
    """The same of an ONNX model; one that cannot be read is `unknown`."""
    try:
        return ask(load_onnx(model).graph, target)
    except ModelError as e:
        return "unknown", str(e)
