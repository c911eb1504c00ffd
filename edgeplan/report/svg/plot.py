"""The memory of a plan as a drawing: live bytes over the ops, and the map of the arena under them."""

from __future__ import annotations

from collections.abc import Iterator

from edgeplan.plan import Plan
from edgeplan.report.svg.frame import Frame
from edgeplan.report.svg.live import live_panel, most_drawn, op_axis
from edgeplan.report.svg.markup import document, element, label, number, rect
from edgeplan.report.svg.regions import blocks_of, map_panel
from edgeplan.report.svg.sidebar import ROW, colours, peak_list, relief_list, unit_names, unit_shade
from edgeplan.report.svg.thin import runs
from edgeplan.report.svg.words import fitted, wide
from edgeplan.units import say_bytes

__all__ = ["arena_map", "memory_plot", "memory_timeline"]

_WIDTH = 1200
_WAYS = 4
_ROWS = 14
"""Buffers that are listed where nothing else is."""
_LEFT, _RIGHT = 72.0, 884.0
_SIDE, _SIDE_WIDTH = 916.0, 256.0


def memory_plot(plan: Plan) -> str:
    """Both panels over one axis of ops, with the peak in figures beside them: 1200 by 800.

    Where the plan says what would lower the peak, the first four ways are told below the figures.
    """
    blocks = blocks_of(plan)
    ways = plan.relief[:_WAYS]
    rows = _ROWS - (len(ways) * (ROW + 4) + 40) // ROW - 1 if ways else _ROWS

    def parts() -> Iterator[str]:
        yield from _title(plan)
        above = Frame(_LEFT, 122, _RIGHT - _LEFT, 248, len(plan.ops), most_drawn(plan))
        below = Frame(_LEFT, 440, _RIGHT - _LEFT, 262, len(plan.ops), max(plan.memory.activations, 1))
        yield label(_LEFT, 98, "Activations alive", "head")
        yield from live_panel(above, plan)
        yield from _units(plan, above, above.bottom + 8)
        yield label(_LEFT, 421, "Where they lie", "head")
        yield label(_RIGHT, 421, _packed(plan), "small quiet", "end")
        yield from _peak_line(plan, above, above.up(plan.memory.timeline.peak))
        yield from _peak_line(plan, below, below.y)
        yield from map_panel(below, plan.memory.pools, blocks)
        yield from op_axis(below)
        yield from peak_list(_SIDE, 104, _SIDE_WIDTH, plan, blocks, rows)
        if ways:
            yield from relief_list(_SIDE, 690 - len(ways) * (ROW + 4), _SIDE_WIDTH, ways)
        yield from colours(_LEFT, 762, _SIDE + _SIDE_WIDTH - _LEFT, blocks)

    return document(_WIDTH, 800, *_told(plan), parts())


def memory_timeline(plan: Plan) -> str:
    """The panel of live bytes alone, 1200 by 480."""
    blocks = blocks_of(plan)

    def parts() -> Iterator[str]:
        yield from _title(plan)
        frame = Frame(_LEFT, 122, _RIGHT - _LEFT, 284, len(plan.ops), most_drawn(plan))
        yield label(_LEFT, 98, "Activations alive", "head")
        yield from live_panel(frame, plan)
        yield from _peak_line(plan, frame, frame.up(plan.memory.timeline.peak))
        yield from op_axis(frame)
        yield from peak_list(_SIDE, 104, _SIDE_WIDTH, plan, blocks, rows=7)

    return document(_WIDTH, 480, *_told(plan), parts())


def arena_map(plan: Plan) -> str:
    """The map alone, 1200 by 480."""
    blocks = blocks_of(plan)

    def parts() -> Iterator[str]:
        yield from _title(plan)
        frame = Frame(_LEFT, 122, _SIDE + _SIDE_WIDTH - _LEFT, 262, len(plan.ops), max(plan.memory.activations, 1))
        yield label(_LEFT, 98, "Where activations lie", "head")
        yield label(frame.right, 98, _packed(plan), "small quiet", "end")
        yield from _peak_line(plan, frame, frame.y)
        yield from map_panel(frame, plan.memory.pools, blocks)
        yield from op_axis(frame)
        yield from colours(_LEFT, 442, _SIDE + _SIDE_WIDTH - _LEFT, blocks)

    return document(_WIDTH, 480, *_told(plan), parts())


def _told(plan: Plan) -> tuple[str, str]:
    """The drawing's title and description, for a reader who hears them."""
    line = plan.memory.timeline
    title = f"Memory of {plan.model.name} on {plan.target.title}"
    at = f" at op {line.step + 1:,} of {len(line.live):,}, {line.type} {line.op}" if line.steps else ""
    held = ", ".join(f"{h.value} {say_bytes(h.size)} ({h.use})" for h in line.held[:5])
    arena = say_bytes(plan.memory.activations)
    return title, f"{say_bytes(line.peak)} of activations alive{at}; arena {arena}. Alive there: {held or 'nothing'}."


def _title(plan: Plan) -> Iterator[str]:
    yield label(_LEFT, 42, fitted(plan.model.name, 560, 21), "title")
    needs = f"{plan.memory.run}{' or more' if plan.memory.unsized else ''} while it runs"
    limit = f", limit {say_bytes(plan.budget.effective)}" if plan.budget.effective is not None else ""
    yield label(_LEFT, 64, f"{plan.target.title}  \u00b7  {needs}{limit}", "quiet")


def _packed(plan: Plan) -> str:
    """How the regions were laid out: `arena, 14.6 MiB of addresses, greedy by size`; of several the largest ones."""
    pools = plan.memory.pools
    if len(pools) == 1:
        (pool,) = pools
        return f"{pool.name}, {say_bytes(pool.arena.size)} of addresses, {pool.arena.method}"
    named = [f"{p.name} {say_bytes(p.arena.size)}" for p in sorted(pools, key=lambda p: -p.arena.size)]
    return ", ".join(named[:3]) + (f", {len(named) - 3} more" if len(named) > 3 else "")


def _peak_line(plan: Plan, frame: Frame, top: float) -> Iterator[str]:
    """A dotted line down through the op at the peak."""
    line = plan.memory.timeline
    if line.peak:
        x = number(frame.across(line.step + 0.5))
        yield element("path", d=f"M{x} {number(top)}V{number(frame.bottom)}", class_="peak")


def _units(plan: Plan, frame: Frame, y: float) -> Iterator[str]:
    """A strip that says which unit runs each op, and the names of the shades."""
    names = unit_names(plan)
    shade = {unit: unit_shade(i) for i, unit in enumerate(names)}
    for first, end, unit in runs([op.unit for op in plan.running_ops()], 400):
        x, end_x = frame.across(first), frame.across(end)
        tip = f"{names.get(unit, unit)}: op {first + 1:,} to {end:,}"
        yield rect(x, y, max(end_x - x, 0.8), 6, shade.get(unit, "unit3"), tip)
    left = frame.right
    for unit, title in reversed(list(names.items())):
        left -= wide(title, 11)
        yield label(left, frame.y - 24, title, "small quiet")
        left -= 14
        yield rect(left, frame.y - 32, 9, 9, shade[unit])
        left -= 14
    yield label(left - 4, frame.y - 24, "run by", "small quiet", "end")
