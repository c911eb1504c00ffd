"""Beside the panels: the peak in figures, the buffers alive there, and what the colours mean."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from edgeplan.memory.relief import Relief
from edgeplan.plan import Plan
from edgeplan.report.svg.family import FAMILIES
from edgeplan.report.svg.markup import label, rect, titled
from edgeplan.report.svg.regions import DRAWN, Block
from edgeplan.report.svg.words import fitted, wide
from edgeplan.units import say_bytes

__all__ = ["ROW", "colours", "peak_list", "relief_list", "unit_names", "unit_shade"]

ROW = 36
"""The height of a row of a list."""

_SMALL = 500
"""A buffer under this part of the peak is not worth a row."""

_WAYS: Mapping[str, str] = {
    "float16": "half precision",
    "in-place": "ops fused or in place",
    "order": "ops in another order",
    "patches": "first stage in patches",
}


def peak_list(x: float, y: float, width: float, plan: Plan, blocks: Sequence[Block], rows: int = 8) -> Iterator[str]:
    """The peak's size, its op, and the buffers alive there, largest first, each with a bar of its share."""
    line = plan.memory.timeline
    yield label(x, y, "Most alive at once", "small quiet")
    yield label(x, y + 31, say_bytes(line.peak), "big")
    if not line.held:
        return
    plateau = f", and {len(line.steps) - 1:,} more" if len(line.steps) > 1 else ""
    yield label(x, y + 53, f"op {line.step + 1:,} of {len(line.live):,}{plateau}", "quiet")
    yield label(x, y + 71, fitted(line.type, width, 13), "head")
    yield titled(line.op, label(x, y + 87, fitted(line.op, width, 11), "small quiet"))
    families = {(b.buffer.value, b.buffer.role, b.pool): b.family for b in blocks if b.held}
    at = y + 112
    shown = [h for h in line.held[:rows] if h.size * _SMALL >= line.peak]
    for held in shown:
        family = families.get((held.value, held.role, held.pool), "other")
        yield from _row(x, at, width, held.value, held.size, held.use, family, held.size / line.held[0].size)
        at += ROW
    rest = line.held[len(shown) :]
    if rest:
        total = say_bytes(sum(h.size for h in rest))
        yield label(x + 16, at + 2, f"{len(rest):,} more, {total} together", "small quiet")


def _row(x: float, y: float, width: float, name: str, size: int, use: str, family: str, share: float) -> Iterator[str]:
    said = say_bytes(size)
    text = fitted(name, width - 16 - wide(said) - 10)
    yield rect(x, y - 10, 10, 10, family)
    yield titled(name, label(x + 16, y, text or "\u2026"), label(x + width, y, said, "", "end"))
    yield label(x + 16, y + 13, use, "small quiet")
    room = width - 16 - 70
    yield rect(x + width - room, y + 6, max(room * share, 1), 4, family)


def relief_list(x: float, y: float, width: float, ways: Sequence[Relief]) -> Iterator[str]:
    """What would lower the peak: what activations would take then, as a bar of what they take now, and its price."""
    yield label(x, y, "What would lower it", "head")
    at = y + 24
    for way in ways:
        said = say_bytes(way.after)
        name = fitted(_name(way), width - wide(said) - 10)
        yield titled(way.what, label(x, at, name), label(x + width, at, said, "", "end"))
        yield rect(x, at + 5, width, 3, "unit3")
        yield rect(x, at + 5, max(width * way.after / max(way.before, 1), 1), 3, "unit2")
        why = f"{way.kind}; price: {way.price}" if way.price else way.kind
        yield label(x, at + 19, fitted(why, width, 11), "small quiet")
        at += ROW + 4


def _name(way: Relief) -> str:
    """A way in few words; smaller images by their size."""
    return _WAYS.get(way.name) or way.what.removeprefix("exported for ").partition(",")[0]


def colours(x: float, y: float, width: float, blocks: Sequence[Block]) -> Iterator[str]:
    """The families that occur, in rows of a legend that begin at `x` and are at most so wide."""
    seen = {b.family for b in blocks}
    shown = [(family, said) for family, said in FAMILIES.items() if family in seen]
    if len(blocks) > DRAWN:
        shown.append(("rest", f"{len(blocks) - DRAWN:,} smaller or shorter-lived ones"))
    left, line = x, y
    for family, said in shown:
        need = 16 + wide(said, 11) + 20
        if left > x and left + need - 20 > x + width:
            left, line = x, line + 19
        yield rect(left, line - 9, 10, 10, family)
        yield label(left + 15, line, said, "small quiet")
        left += need
    if shown:
        said = "full colour: alive at the peak"
        yield label(
            x + width, y + 19 if left + wide(said, 11) > x + width or line > y else y, said, "small quiet", "end"
        )


def unit_names(plan: Plan) -> Mapping[str, str]:
    """The units that ops run on, in the runtime's order, with their titles."""
    used = {op.unit for op in plan.ops}
    return {u.unit: u.title for u in plan.units if u.unit in used}


def unit_shade(index: int) -> str:
    """The shade of a unit by its place among those used."""
    return f"unit{min(index, 3)}"
