"""What a backend's rows say of an op as such, before any model: the cells of the op x backend table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cached_property

from edgeplan.capability.rows import Backend, Row

__all__ = ["Cell", "Mark", "UnitTable", "worst"]


class Mark(Enum):
    """What is known of an op on a unit."""

    RUNS = "runs"
    CONDITIONS = "conditions"
    REFUSES = "refuses"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Cell:
    """A mark, and the rows that speak of this op by name."""

    mark: Mark
    rows: tuple[Row, ...] = ()


class UnitTable:
    """The rows of one unit at one release, all generations, precisions and features together."""

    def __init__(self, backend: Backend, unit: str, release: str = "") -> None:
        self.backend = backend
        self.unit = unit
        self.release = release or backend.newest

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """The rows in force at the release."""
        covers = self.backend.covers
        return tuple(r for r in self.backend.rows if self.unit in r.unit and covers(r.since, r.until, self.release))

    @cached_property
    def everywhere(self) -> tuple[Row, ...]:
        """The rows that speak of every op."""
        return tuple(row for row in self.rows if "*" in row.ops)

    @cached_property
    def _by_op(self) -> Mapping[str, list[Row]]:
        found: dict[str, list[Row]] = {}
        for row in self.rows:
            for op in row.ops:
                found.setdefault(op, []).append(row)
        return found

    @property
    def ops(self) -> tuple[str, ...]:
        """The ops that some row names, in alphabetical order."""
        return tuple(sorted((op for op in self._by_op if op != "*"), key=str.lower))

    def cell(self, op: str) -> Cell:
        """`runs` and `refuses` stand when no row makes a condition; a row for every op counts as a yes or no only
        when it has none.
        """
        named = tuple(self._by_op.get(op, ()))
        rows = (*named, *(row for row in self.everywhere if not _conditional(row)))
        if any(row.verdict == "refuses" and not _conditional(row) for row in rows):
            return Cell(Mark.REFUSES, named)
        positive = [row for row in rows if row.verdict != "refuses"]
        if positive and all(row.verdict == "runs" and not _conditional(row) for row in rows):
            return Cell(Mark.RUNS, named)
        if rows:
            return Cell(Mark.CONDITIONS if positive else Mark.REFUSES, named)
        return Cell(Mark.UNKNOWN)


def worst(cells: Iterable[Cell]) -> Cell:
    """One cell for ops that have to run together: unknown before refused before conditional before unconditional."""
    found = list(cells)
    order = (Mark.UNKNOWN, Mark.REFUSES, Mark.CONDITIONS, Mark.RUNS)
    mark = min((cell.mark for cell in found), key=order.index, default=Mark.RUNS)
    return Cell(mark, tuple({row.id: row for cell in found for row in cell.rows}.values()))


def _conditional(row: Row) -> bool:
    narrower = row.generation.min or row.generation.max or row.precision or row.features or row.lacks
    return bool(row.when or row.unless or row.check or narrower)
