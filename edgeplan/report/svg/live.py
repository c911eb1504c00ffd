"""The panel of live bytes over the ops: a stepped area, the arena's size, the budget when it is near, the peak."""

from __future__ import annotations

from collections.abc import Iterator

from edgeplan.plan import Plan
from edgeplan.report.svg.frame import Frame, byte_ticks, op_ticks
from edgeplan.report.svg.markup import element, label, number
from edgeplan.report.svg.thin import envelope
from edgeplan.report.svg.words import wide
from edgeplan.units import say_bytes

__all__ = ["grid", "live_panel", "most_drawn", "op_axis"]

_COLUMNS = 1000
"""Points of the line at most."""

_MANY = 400
"""Points from which on a line has to be thin to be told from an area."""

_NEAR = 2.0
"""How many times the arena the budget may be to be drawn: one far above it would flatten everything else."""


def _left_for_arena(plan: Plan) -> int | None:
    """The bytes a budget leaves for activations once everything else a run needs is taken; None without a budget."""
    if plan.budget.effective is None:
        return None
    return plan.budget.effective - (plan.memory.run.likely - plan.memory.activations)


def most_drawn(plan: Plan) -> int:
    """The bytes at the top of the panel: a little above all that is drawn in it."""
    memory = plan.memory
    top = max(memory.activations, memory.timeline.peak, 1)
    budget = _left_for_arena(plan)
    if budget is not None and 0 < budget <= _NEAR * top:
        top = max(top, budget)
    return top + top // 9


def live_panel(frame: Frame, plan: Plan) -> Iterator[str]:
    """The panel; `frame.most` is what `most_drawn` gives."""
    yield from grid(frame, frame.most)
    line = plan.memory.timeline
    if not line.peak:
        yield label(
            frame.x + frame.width / 2, frame.y + frame.height / 2, "no activation of known size", "quiet", "middle"
        )
        return
    yield from _area(frame, line.live)
    peak_x, peak_y = frame.across(line.step + 0.5), frame.up(line.peak)
    yield from _limit(frame, plan.memory.activations, _arena_said(plan), "arena", peak_x)
    budget = _left_for_arena(plan)
    if budget is not None and 0 < budget <= frame.most:
        yield from _limit(frame, budget, f"the budget leaves {say_bytes(budget)}", "budget", peak_x)
    yield element("circle", cx=peak_x, cy=peak_y, r=4.5, class_="dot")


def _arena_said(plan: Plan) -> str:
    """`arena 14.6 MiB`, with how far above the peak it lies when the buffers do not fit side by side."""
    size, peak = plan.memory.activations, plan.memory.timeline.peak
    over = f", {100 * (size - peak) / peak:.1f} % above the peak" if peak and size > peak * 1.005 else ""
    pools = plan.memory.pools
    return f"{pools[0].name if len(pools) == 1 else 'arenas together'} {say_bytes(size)}{over}"


def _area(frame: Frame, live: tuple[int, ...]) -> Iterator[str]:
    points = envelope(live, _COLUMNS)
    edge = f"M{number(frame.x)} {number(frame.up(points[0][1]))}"
    for step, value in points[1:]:
        edge += f"H{number(frame.across(step))}V{number(frame.up(value))}"
    edge += f"H{number(frame.right)}"
    yield element("path", d=f"{edge}V{number(frame.bottom)}H{number(frame.x)}Z", class_="live")
    yield element("path", d=edge, class_="edge fine" if len(points) > _MANY else "edge")


def _limit(frame: Frame, size: int, said: str, class_: str, avoid: float) -> Iterator[str]:
    """A line across the panel with its name above it, at the end that is further from the peak."""
    y = frame.up(size)
    yield element("path", d=f"M{number(frame.x)} {number(y)}H{number(frame.right)}", class_=class_)
    if avoid < frame.x + frame.width / 2 or wide(said) > avoid - frame.x:
        yield label(frame.right - 4, y - 6, said, f"{class_} small", "end")
    else:
        yield label(frame.x + 6, y - 6, said, f"{class_} small")


def grid(frame: Frame, most: int) -> Iterator[str]:
    """Horizontal lines at round sizes, with the unit above the first one."""
    unit, ticks = byte_ticks(most)
    for size, said in ticks:
        y = frame.up(size)
        yield element("path", d=f"M{number(frame.x)} {number(y)}H{number(frame.right)}", class_="grid")
        yield label(frame.x - 8, y + 4, said, "tick quiet", "end")
    yield label(frame.x - 8, frame.y - 8, unit, "tick quiet", "end")


def op_axis(frame: Frame) -> Iterator[str]:
    """The axis of ops below a panel, counted from 1, each number under the middle of its op."""
    each = -(-frame.steps // _COLUMNS)
    title = "op, in the order they run" + (f"; the line shows the most of each {each:,}" if each > 1 else "")
    yield element("path", d=f"M{number(frame.x)} {number(frame.bottom)}H{number(frame.right)}", class_="axis")
    free = frame.x - 100
    for n in op_ticks(frame.steps):
        x, said = frame.across(n - 0.5), f"{n:,}"
        if x - wide(said, 11) / 2 < free:
            continue
        yield element("path", d=f"M{number(x)} {number(frame.bottom)}v4", class_="axis")
        yield label(x, frame.bottom + 17, said, "tick quiet", "middle")
        free = x + wide(said, 11) / 2 + 8
    yield label(frame.x + frame.width / 2, frame.bottom + 35, title, "small quiet", "middle")
