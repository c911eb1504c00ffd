"""What a runtime and its tools offer by way of compression: each scheme with a verdict, a reason and its sources."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from edgeplan.capability.rows import Backend
from edgeplan.compression.rows import CompressionRow, SpeedRow, load_compression
from edgeplan.finding import Evidence
from edgeplan.lower.scheme import SCHEMES, Scheme
from edgeplan.target import Unit

__all__ = ["Offer", "offers", "speaks"]


@dataclass(frozen=True, slots=True)
class Offer:
    """Whether a runtime takes a scheme: `takes`, `degrades` (at a price that `why` names), `cannot` or, where no row
    speaks of it, `unknown`.

    `units` are those that run a model compressed so, in the runtime's order; empty where that is every unit that runs
    the model. Weights of fewer than `min_elements` elements, and of other ops than `ops` (`*` is every op), are left as
    they are.
    """

    scheme: Scheme
    verdict: Literal["takes", "degrades", "cannot", "unknown"]
    units: tuple[str, ...] = ()
    min_elements: int = 0
    why: str = ""
    evidence: tuple[Evidence, ...] = ()
    ops: tuple[str, ...] = ("*",)
    against: tuple[Evidence, ...] = ()


def offers(
    backend: Backend, release: str, units: Sequence[Unit] = (), schemes: Iterable[Scheme] = SCHEMES
) -> tuple[Offer, ...]:
    """Every scheme with the verdict of the first row that speaks of it at a release, rows that say `cannot` first.

    `units` are the target's: a row that is about some generations or features of a unit speaks only where one of the
    units has them.
    """
    rows = load_compression(backend)
    return tuple(_offer(scheme, backend, release, units, rows) for scheme in schemes)


def _offer(
    scheme: Scheme, backend: Backend, release: str, units: Sequence[Unit], rows: Sequence[CompressionRow]
) -> Offer:
    row = next((r for r in rows if r.names_scheme(scheme.name) and speaks(r, backend, release, units)), None)
    if row is None:
        return Offer(scheme, "unknown", why=f"no row says whether {backend.title} takes {scheme.name}")
    here = [u.name for u in units] or [*backend.units]
    return Offer(
        scheme,
        row.verdict,
        tuple(u for u in here if u in row.units),
        row.min_elements,
        row.why,
        backend.evidence(row.source),
        row.ops,
        backend.evidence(row.against),
    )


def speaks(row: CompressionRow | SpeedRow, backend: Backend, release: str, units: Sequence[Unit]) -> bool:
    """Whether a row is about a release and the units of a target."""
    if not backend.covers(row.since, row.until, release):
        return False
    if not (row.on or row.generation.min or row.generation.max or row.features or row.lacks):
        return True
    return any(_about(row, backend, unit) for unit in units)


def _about(row: CompressionRow | SpeedRow, backend: Backend, unit: Unit) -> bool:
    if row.on and unit.name not in row.on:
        return False
    order, span = backend.units[unit.name].generations, row.generation
    if span.min or span.max:
        if unit.generation not in order:
            return False
        at = order.index(unit.generation)
        if (span.min and at < order.index(span.min)) or (span.max and order.index(span.max) < at):
            return False
    return {*row.features} <= {*unit.features} and not {*row.lacks} & {*unit.features}
