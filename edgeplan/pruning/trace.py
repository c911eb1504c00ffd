"""Follows channel indices through a graph: what of each value's axes goes together, and what must stay."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from edgeplan.graph import Graph, Op, Shape, Value
from edgeplan.pruning.atoms import Atoms, Labels
from edgeplan.pruning.layout import Block, Layout

__all__ = ["Trace"]

_WIDEST = 1 << 20
"""Indices of an axis up to which each is told apart: wider than the tables of any vocabulary."""


class Trace:
    """The layouts of a graph's values as far as it has been followed, and the atoms in them.

    Ops are followed in order by the functions in `edgeplan.pruning.ops`; each says what its outputs' layouts are, and
    ties or sticks what it must.
    """

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.atoms = Atoms()
        self.layouts: dict[str, Layout] = dict.fromkeys(graph.inputs, Layout())

    def value(self, name: str) -> Value:
        """A value of the graph."""
        return self.graph.values[name]

    def shape(self, name: str | None) -> Shape:
        """The shape of a value; None where it is absent or not known."""
        return self.graph.values[name].shape if name is not None else None

    def layout(self, name: str) -> Layout:
        """The layout of a value. A weight that is met for the first time has an atom for every index of its axes.

        Those of more indices than any layer has, in a file that only declares them, keep their size.
        """
        found = self.layouts.get(name)
        if found is None:
            sizes = self.value(name).sizes or ()
            found = Layout(tuple(Block((a,), self.atoms.fresh(n)) for a, n in enumerate(sizes) if 1 < n <= _WIDEST))
            self.layouts[name] = found
        return found

    def is_weight(self, name: str | None) -> bool:
        """Whether a value is known before the model runs."""
        return name is not None and self.value(name).const

    def stick(self, layout: Layout | Labels | None, reason: str, *, passive: bool = False) -> None:
        """Make all indices of a layout, or of an axis, stay."""
        if isinstance(layout, Layout):
            for b in layout.blocks:
                self.atoms.stick(b.labels, reason, passive=passive)
        elif layout is not None:
            self.atoms.stick(layout, reason, passive=passive)

    def refuse(self, op: Op, reason: str) -> None:
        """Make everything that flows into an op stay, and all that it makes."""
        for name in self.graph.reads(op):
            self.stick(self.layout(name), reason)
        for out in op.outputs:
            self.layouts[out] = Layout()

    def set(self, name: str, blocks: Iterable[Block | None]) -> None:
        """Say what a value's layout is."""
        self.layouts[name] = Layout(tuple(b for b in blocks if b is not None))

    def rows(self, block: Block, axis: int) -> Labels:
        """The atoms of an axis alone: what shares an index of it, in a block of several axes, goes together."""
        at = block.at(axis)
        if block.labels.ndim == 1:
            return block.labels
        table = np.moveaxis(block.labels, at, 0).reshape(block.labels.shape[at], -1)
        self.atoms.tie(table[:, :1], table)
        return table[:, 0]

    def axis(self, layout: Layout, axis: int) -> Labels | None:
        """The atoms of an axis; None for one that keeps its size."""
        block = layout.of(axis)
        return self.rows(block, axis) if block is not None else None

    def tie(self, a: Labels | None, b: Labels | None, reason: str) -> None:
        """Make the indices of two axes go together; where one keeps its size, the other stays, for a reason."""
        if a is not None and b is not None:
            self.atoms.tie(a, b)
        else:
            self.stick(a if a is not None else b, reason, passive=True)

    def without(self, layout: Layout, axes: Iterable[int], reason: str) -> Layout:
        """The layout but for some axes: what lies in them alone stays, what also lies in others becomes theirs."""
        gone, found = set(axes), []
        for b in layout.blocks:
            left = [a for a in b.axes if a not in gone]
            if len(left) == len(b.axes):
                found.append(b)
            elif left:
                found.append(Block((left[0],), self.rows(b, left[0])))
            else:
                self.atoms.stick(b.labels, reason)
        return Layout(tuple(found))

    def combine(self, operands: Sequence[tuple[Layout, Mapping[int, int], Shape]], reason: str) -> Layout:
        """The layout of what is computed element by element of operands that broadcast against each other.

        Each operand is its layout, where its axes stand in the result, and its shape. What differs in structure is
        brought down to the first axis it shares.
        """
        parts = _components([layout.moved(to) for layout, to, _ in operands])
        return Layout(tuple(self._combined(axes, operands, reason) for axes in parts))

    def _combined(
        self, axes: tuple[int, ...], operands: Sequence[tuple[Layout, Mapping[int, int], Shape]], reason: str
    ) -> Block:
        """One part of a combined layout: axes that hang together in some operand."""
        found: list[Labels | None] = []
        for layout, to, shape in operands:
            here = {to[a]: a for a in to if to[a] in axes and _extends(shape, a)}
            if not here:
                continue  # it is broadcast, and one number serves any size
            block = layout.of(here[axes[0]]) if axes[0] in here else None
            whole = block is not None and tuple(sorted(to[a] for a in block.axes)) == axes
            found.append(layout.moved(to).of(axes[0]).labels if whole else None)  # type: ignore[union-attr]
        labels = [x for x in found if x is not None]
        if labels and len(labels) == len(found):
            for other in labels[1:]:
                self.atoms.tie(labels[0], other)
            return Block(axes, labels[0])
        return self._led(axes, operands, reason)

    def _led(
        self, axes: tuple[int, ...], operands: Sequence[tuple[Layout, Mapping[int, int], Shape]], reason: str
    ) -> Block:
        """The same where operands differ in structure: the first axis leads, what lies in others alone stays."""
        lead, rows, stays = axes[0], list[Labels](), False
        for layout, to, shape in operands:
            back = {to[a]: a for a in to}
            for b in layout.blocks:
                mine = [to[a] for a in b.axes if to[a] in axes]
                if lead in mine:
                    rows.append(self.rows(b, back[lead]))
                elif mine:
                    self.atoms.stick(b.labels, reason, passive=True)
            at = back.get(lead)
            stays |= at is not None and _extends(shape, at) and layout.of(at) is None
        labels = rows[0]
        for other in rows[1:]:
            self.atoms.tie(labels, other)
        if stays:
            self.atoms.stick(labels, reason, passive=True)
        return Block((lead,), labels)


def _extends(shape: Shape, axis: int) -> bool:
    """Whether an axis has more than one index, or may have."""
    return shape is None or shape[axis] != 1


def _components(layouts: Sequence[Layout]) -> list[tuple[int, ...]]:
    """The axes that hang together in one layout or another, ascending."""
    found: list[set[int]] = []
    for layout in layouts:
        for b in layout.blocks:
            mine = set(b.axes)
            apart = [f for f in found if not f & mine]
            found = [*apart, mine.union(*(f for f in found if f & mine))]
    return [tuple(sorted(f)) for f in sorted(found, key=min)]
