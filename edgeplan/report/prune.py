"""What pruning took out of a model, or would, as text: the verdict, before and after, which channels, what stays."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import isfinite

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from edgeplan.cost.estimate import Estimate
from edgeplan.pruning.plan import PrunePlan
from edgeplan.pruning.widths import Step
from edgeplan.report.console import printed
from edgeplan.report.escape import plain
from edgeplan.report.evidence import source_line
from edgeplan.report.prune_layers import frozen_parts, group_parts, indented, layer_parts
from edgeplan.report.rewrite import say_findings
from edgeplan.surgery.pruning.pruning import Pruned
from edgeplan.units import say_bytes, say_count, say_macs, say_percent

__all__ = ["render_pruning"]

_STILL = 1e-5
"""Up to which part of themselves outputs move by rounding alone."""


def render_pruning(found: Pruned, *, everything: bool = False, color: bool = False, width: int | None = None) -> str:
    """The report as text; without `width` it fits the terminal, or 100. `everything` shows all groups and layers."""
    return printed(_parts(found, everything), color=color, width=width)


def _parts(found: Pruned, everything: bool) -> Iterator[RenderableType]:
    plan = found.plan
    yield from _head(found)
    yield ""
    yield indented(_totals(plan))
    if _narrowed(plan) or not plan.met:
        yield from _step(plan.step, everything)
    if _narrowed(plan):
        if found.blank:
            yield ""
            yield from layer_parts(plan, everything)
        if not found.blank or everything:
            yield ""
            yield from group_parts(found, everything)
    yield from frozen_parts(plan.frozen, everything)
    yield ""
    yield from (indented(line) for line in _checked(found))


def _narrowed(plan: PrunePlan) -> bool:
    """Whether the goal is met, and anything goes for it."""
    return plan.met and any(g.after < g.before for g in plan.groups)


def _head(found: Pruned) -> Iterator[RenderableType]:
    plan, title = found.plan, found.target.title if found.target is not None else "for any target"
    if not plan.met and _unknown(plan):
        verdict = Text("CANNOT TELL", "bold magenta")
    elif not plan.met:
        verdict = Text("CANNOT BE MET", "bold red")
    elif _broken(found):
        verdict = Text("DOES NOT RUN", "bold red")
    elif not _narrowed(plan):
        verdict = Text("MET AS IT IS", "bold green")
    elif found.blank:
        verdict = Text("WIDTH PLAN", "bold green")
    else:
        verdict = Text("PRUNED" if found.written else "CAN BE PRUNED", "bold green")
    assumed = f"   assumed {found.target.assume}" if found.target is not None and found.target.assume else ""
    yield Text.assemble(verdict, "   ", (title, "bold"), (assumed, "yellow"), f"   goal {plan.goal.said()}")
    line = Text(plain(found.model, 60))
    if _narrowed(plan):
        sizes = found.file_bytes or (plan.before.weights, plan.after.weights)
        macs = plan.before.macs, plan.after.macs
        work = f", {_from_to(macs[0], macs[1] or 0, say_macs)}" if macs[0] else ""
        line.append(f"   {_from_to(*sizes, say_bytes)}{work}")
    yield indented(line)
    if not plan.met:
        yield indented(Text(plain(plan.why, 600), "red"))


def _unknown(plan: PrunePlan) -> bool:
    """Whether what the goal is of is not known of the model as it is."""
    if plan.goal.kind == "ratio":
        return False
    figures = {"macs": plan.before.macs or None, "memory": plan.before.peak, "latency": plan.before.seconds}
    return figures[plan.goal.kind] is None


def _from_to(was: int, now: int, say: Callable[[int], str]) -> str:
    """`97.4 -> 49.0 MiB`."""
    old, new = say(was), say(now)
    number, _, unit = old.rpartition(" ")
    return f"{number if unit == new.rpartition(' ')[2] else old} -> {new}"


def _totals(plan: PrunePlan) -> Table:
    """Both networks side by side; where nothing goes, the one there is."""
    less = any(g.after < g.before for g in plan.groups)
    table = Table.grid(padding=(0, 2))
    for _ in range(4 if less else 2):
        table.add_column(overflow="fold")
    if less:
        table.add_row("", Text("before", "dim"), Text("after" if plan.met else "at the floor", "dim"), "")
    for name, was, now, share in _rows(plan):
        cells = [Text(now, "" if was == now else "bold green"), Text(share, "dim")] if less else []
        table.add_row(Text(name), Text(was), *cells)
    return table


def _rows(plan: PrunePlan) -> Iterator[tuple[str, str, str, str]]:
    old, new = plan.before, plan.after
    if old.macs and new.macs is not None:
        yield "MACs", say_count(old.macs), say_count(new.macs), _share(old.macs, new.macs)
    yield "parameters", say_count(old.parameters), say_count(new.parameters), _share(old.parameters, new.parameters)
    yield "weights", say_bytes(old.weights), say_bytes(new.weights), _share(old.weights, new.weights)
    if plan.plans is None:
        return
    one, two = plan.plans
    yield "memory", str(one.memory.peak), str(two.memory.peak), _share(one.memory.peak.likely, two.memory.peak.likely)
    was, now = one.latency.total, two.latency.total
    share = _share(was.likely, now.likely) if was is not None and now is not None else ""
    yield "time", _time(was), _time(now), share
    yield "outcome", one.outcome.value, two.outcome.value, ""
    yield "findings", say_findings(one), say_findings(two), ""


def _time(found: Estimate | None) -> str:
    return found.said() if found is not None else "not known"


def _share(was: float, now: float) -> str:
    return say_percent(now / was) if was else ""


def _step(step: Step, everything: bool) -> Iterator[RenderableType]:
    """What widths were rounded to, and why."""
    if step.multiple < 2 and not everything:
        return
    yield ""
    sources = ", ".join(dict.fromkeys(f"{e.key} ({e.kind})" for e in step.evidence))
    line = Text(f"widths in steps of {step.multiple}: {plain(step.why, 300)}")
    yield indented(line.append(f"  {sources}" if sources else "", "dim"))
    if everything:
        yield from (Padding(Text(source_line(e), "dim"), (0, 0, 0, 4)) for e in step.evidence)


def _broken(found: Pruned) -> bool:
    """Whether a new model was made and is not sound."""
    return found.plan.met and not found.written and bool(found.why)


def _checked(found: Pruned) -> Iterator[Text]:
    """How it was checked, what is left to do, and where it lies."""
    written = ", ".join(plain(w, 400) for w in found.written)
    if _broken(found):
        yield Text(plain(found.why, 400), "bold red")
    elif found.runs:
        yield Text(f"runs in onnxruntime on {plain(found.samples)}; {_moved(found)}", "green")
    elif found.written:
        yield Text(f"not run: {plain(found.why, 400)}", "yellow")
    yield Text(f"written: {written}" if written else "nothing written", "green" if written else "")


def _moved(found: Pruned) -> str:
    if found.blank:
        return "before training its outputs say nothing"
    if found.change is None or not isfinite(found.change):
        return "outputs cannot be compared: fine-tune it"
    if found.change <= _STILL:
        return "outputs are the same but for rounding"
    return f"outputs moved by {found.change:.2g} (relative): fine-tune it"
