"""Which of two plans of a model is better on its target: the question every step of a rewrite is held to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgeplan.finding import Severity
from edgeplan.units import say_bytes, say_count, say_seconds

if TYPE_CHECKING:
    from edgeplan.plan import Plan

__all__ = ["Verdict", "weigh"]

_EXACT = 1e-3
"""Differences of counted things of less than a thousandth are none: they come of rounding, not of the rewrite."""

_ESTIMATED = 1e-2
"""Likewise of estimates: a time that is known to a fifth at best says nothing by a hundredth."""

_SLIGHT = 2e-2
"""Differences of estimates of less than this are no reason to change an op's form."""

_PLAIN = 0.2
"""Differences of estimates that stand whatever else is said: where an op runs is better known than how long."""

_ASTRAY = ("EP101", "EP103", "EP106", "EP107")
"""Findings on ops that leave the accelerator, and on those of which nothing is known: no worse than the former."""

_HEAVIER = 0.1
"""Growth of memory, as a part of it, from which on it is weighed against the time gained."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a new plan stands to the old one: 1 better, 0 the same, -1 worse, and by what, in words.

    `slight` says that only the number of ops differs, or an estimate by little: a reason to keep what is tidy, not to
    change an op's form.
    """

    sign: int
    why: str
    slight: bool = False


def weigh(old: Plan, new: Plan) -> Verdict:
    """Compare plans of one target: what stops the model first, then what leaves the accelerator, then time and memory.

    A time that differs by more than it is known to comes before bytes that leave the accelerator, a smaller one after.

    The first measure in which they differ decides. Peak memory that grows past the budget is an error, so it comes
    first; within the budget it comes after time, but time that costs a larger part of memory than is gained is none.
    """
    for measure, say, least in _MEASURES:
        before, after = measure(old), measure(new)
        if before is None or after is None:
            continue
        if abs(after - before) <= least * max(abs(before), abs(after)):
            continue
        said = f"{say(before)} -> {say(after)}"
        if after > before:
            return Verdict(-1, said)
        heavier = new.memory.peak.likely / max(old.memory.peak.likely, 1) - 1
        if measure is _latency and heavier > max(_HEAVIER, 1 - after / before):
            return Verdict(-1, f"{said}, but {heavier:.0%} more memory")
        slight = measure is _MEASURES[-1][0] or (least == _ESTIMATED and after > (1 - _SLIGHT) * before)
        return Verdict(1, said, slight)
    return Verdict(0, "the plan is the same")


def _errors(plan: Plan) -> float:
    return sum(f.severity is Severity.ERROR for f in plan.findings)


def _stopped(plan: Plan) -> float:
    """Ops no unit takes."""
    return sum(len(f.ops) for f in plan.findings if f.severity is Severity.ERROR)


def _off(part: Callable[..., int | None]) -> Callable[[Plan], float]:
    def measured(plan: Plan) -> float:
        taken = {u.unit for u in plan.units if u.accelerator}
        return float(sum(part(op) or 0 for op in plan.ops if op.unit not in taken))

    return measured


def _warned(plan: Plan, *codes: str) -> float:
    """Ops that warnings, or findings of these codes, speak of; EP109's are but the neighbours of others."""
    warnings = (f for f in plan.findings if f.severity is Severity.WARNING and f.code != "EP109")
    named = (f for f in plan.findings if f.code in codes) if codes else warnings
    return float(sum(len(f.ops) for f in named))


def _latency(plan: Plan) -> float | None:
    return plan.latency.total.likely if plan.latency.total is not None else None


_MEASURES: tuple[tuple[Callable[[Plan], float | None], Callable[[float], str], float], ...] = (
    (_errors, lambda n: f"{n:.0f} errors", _EXACT),
    (_stopped, lambda n: f"{n:.0f} ops that nothing runs", _EXACT),
    (_off(lambda op: op.macs), lambda n: f"{say_count(int(n))} MACs off the accelerator", _EXACT),
    (lambda p: _warned(p, *_ASTRAY), lambda n: f"{n:.0f} ops that leave the accelerator, or may", _EXACT),
    (_latency, say_seconds, _PLAIN),
    (_off(lambda op: op.moved), lambda n: f"{say_bytes(int(n))} moved off the accelerator", _EXACT),
    (lambda p: float(len(p.crossings)), lambda n: f"{n:.0f} crossings", _EXACT),
    (_latency, say_seconds, _ESTIMATED),
    (lambda p: float(p.memory.peak.likely), lambda n: f"{say_bytes(int(n))} of memory", _ESTIMATED),
    (_warned, lambda n: f"{n:.0f} ops warned of", _EXACT),
    (lambda p: _warned(p, "EP105"), lambda n: f"{n:.0f} degraded ops", _EXACT),
    (lambda p: float(len(p.ops)), lambda n: f"{n:.0f} ops on the device", _EXACT),
)
