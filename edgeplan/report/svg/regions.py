"""The panel of the arena map: every buffer as a rectangle of addresses over the ops it lives through."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from edgeplan.memory.lifetimes import Buffer
from edgeplan.memory.pool import Pool
from edgeplan.plan import Plan
from edgeplan.report.svg.family import FAMILIES, family_of
from edgeplan.report.svg.frame import Frame
from edgeplan.report.svg.live import grid
from edgeplan.report.svg.markup import element, label, number, rect
from edgeplan.report.svg.thin import covered
from edgeplan.report.svg.words import fitted, wide
from edgeplan.units import say_bytes

__all__ = ["DRAWN", "Block", "blocks_of", "map_panel"]

DRAWN = 1200
"""Buffers drawn one by one; the smaller rest is drawn as the space it covers."""

_LABELS = 150
_THINNEST = 0.8
"""Pixels: a buffer that lives for one op of very many is still seen."""


@dataclass(frozen=True, slots=True)
class Block:
    """A buffer with its pool, its address counted through all pools, and the family of the op that made it."""

    buffer: Buffer
    pool: str
    offset: int
    family: str
    maker: str
    held: bool


def blocks_of(plan: Plan) -> list[Block]:
    """The buffers of all pools, one pool's addresses above the other's."""
    ops, line = plan.running_ops(), plan.memory.timeline
    ends = {*plan.model.inputs, *plan.model.outputs}
    found: list[Block] = []
    base = 0
    for pool in plan.memory.pools:
        for b, offset in zip(pool.arena.buffers, pool.arena.offsets, strict=True):
            made_at = line.makers.get(b.value, b.born) if b.role == "activation" else b.born
            maker = ops[made_at] if made_at < len(ops) else None
            family = "input" if b.value in ends else family_of(maker.type) if maker else "other"
            family = family if b.role == "activation" else b.role
            made = f"{maker.type} {maker.name}" if maker and family != "input" else FAMILIES[family]
            held = b.born <= line.step <= b.dies
            found.append(Block(b, pool.name, base + offset, family, made, held))
        base += pool.arena.size
    return found


def map_panel(frame: Frame, pools: Sequence[Pool], blocks: Sequence[Block]) -> Iterator[str]:
    """The panel; `frame.most` is the sum of the pools' sizes."""
    yield from grid(frame, frame.most)
    area = [b.buffer.size * (b.buffer.dies - b.buffer.born + 1) for b in blocks]
    order = sorted(range(len(blocks)), key=lambda i: (not blocks[i].held, -area[i], i))
    chosen, rest = [blocks[i] for i in order[:DRAWN]], [blocks[i] for i in order[DRAWN:]]
    if rest:
        yield _rest(frame, rest)
    yield from (_block(frame, b) for b in sorted(chosen, key=lambda b: b.held))
    yield from _pool_names(frame, pools)
    biggest = sorted(chosen, key=lambda b: (not b.held, -b.buffer.size * (b.buffer.dies - b.buffer.born + 1)))
    yield from (text for b in biggest[:_LABELS] for text in _words(frame, b))


def _place(frame: Frame, b: Block) -> tuple[float, float, float, float]:
    x, y = frame.across(b.buffer.born), frame.up(b.offset + b.buffer.size)
    width = max(frame.across(b.buffer.dies + 1) - x, _THINNEST)
    return x, y, width, max(frame.up(b.offset) - y, 0.3)


def _block(frame: Frame, b: Block) -> str:
    buffer = b.buffer
    alive = f"op {buffer.born + 1:,}" + (f" to {buffer.dies + 1:,}" if buffer.dies > buffer.born else "")
    where = f"at {say_bytes(b.offset)}" if b.offset else "at 0"
    tip = f"{fitted(buffer.value, 600)}: {say_bytes(buffer.size)} {where}, {alive}; {fitted(b.maker, 600)}"
    x, y, width, height = _place(frame, b)
    slim = min(width, height) < 2  # a hairline around it would be all that is seen
    faded = "" if b.held else " thin" if slim else " away"
    return rect(x, y, width, height, f"{b.family}{faded}{'' if slim else ' block'}", tip)


def _words(frame: Frame, b: Block) -> Iterator[str]:
    """The name and size of a buffer inside its rectangle, where they fit."""
    x, y, width, height = _place(frame, b)
    size = say_bytes(b.buffer.size)
    room = width - 10
    class_ = "small" if not b.held else "small on on-conv" if b.family == "conv" else "small on"
    if height >= 32 and room >= wide(size, 11):
        name = fitted(b.buffer.value, room, 11)
        middle = y + height / 2
        if name:
            yield label(x + width / 2, middle - 3, name, class_, "middle")
        yield label(x + width / 2, middle + (11 if name else 4), size, class_, "middle")
    elif height >= 14:
        name = fitted(b.buffer.value, room - wide(f" \u00b7 {size}", 11), 11)
        if name:
            yield label(x + width / 2, y + height / 2 + 4, f"{name} \u00b7 {size}", class_, "middle")


def _rest(frame: Frame, rest: Sequence[Block]) -> str:
    spans = [(b.buffer.born, b.buffer.dies, b.offset, b.buffer.size) for b in rest]
    cells = covered(spans, frame.steps, frame.most, columns=160, rows=48)
    path = "".join(
        f"M{number(frame.x + x * frame.width)} {number(frame.bottom - y * frame.height)}"
        f"h{number(width * frame.width)}v{number(-height * frame.height)}h{number(-width * frame.width)}z"
        for x, y, width, height in cells
    )
    tip = f"{len(rest):,} smaller or shorter-lived buffers"
    return element("path", element("title", tip), d=path, class_="rest")


def _pool_names(frame: Frame, pools: Sequence[Pool]) -> Iterator[str]:
    """A line between the regions of a runtime, and their names, where there are several."""
    if len(pools) < 2:
        return
    base = 0
    for pool in pools:
        if base:
            yield element("path", d=f"M{number(frame.x)} {number(frame.up(base))}H{number(frame.right)}", class_="axis")
        top = frame.up(base + pool.arena.size)
        if frame.up(base) - top >= 16:
            yield label(frame.right - 5, top + 13, f"{pool.name}, {say_bytes(pool.arena.size)}", "small", "end")
        base += pool.arena.size
