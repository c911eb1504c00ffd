"""A backend's speeds as Markdown: what was fitted, how well it holds, what was carried over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from edgeplan.capability.rows import Backend
from edgeplan.cost.speeds import ChipSpeed, Speed, all_speeds
from edgeplan.devices import all_devices
from edgeplan.report.markdown import cell

__all__ = ["speed_lines"]


def speed_lines(backend: Backend) -> Iterator[str]:
    """The section of a backend's page; nothing where no speed is known."""
    speeds, chips, crossings = all_speeds(backend)
    if not speeds:
        return
    titles = {d.chip_id: d.chip.title for d in all_devices()} | {d.id: d.title for d in all_devices()}
    yield "## Speeds"
    yield ""
    yield (
        "Fitted to measured latencies; errors are of networks that the fit did not see "
        "([How sure is it?](../latency.md)). By family of ops: us a launch, GMAC/s, GB/s."
    )
    yield ""
    yield "| unit | precision | measured on | launch | GMAC/s | GB/s | floor | runs | error | Spearman | 80 % within |"
    yield "|---|---|---|---|---|---|--:|--:|--:|--:|--:|"
    for s in speeds:
        yield _row(s, backend, [titles.get(c, c) for c in s.chips])
    yield ""
    for s in speeds:
        for p in s.penalty:
            units = " and ".join(backend.units[u].title for u in s.unit)
            size = f"{p.us:g} us and {p.ns_per_kb:g} ns/kB"
            yield f"- **{p.name}** {size} on {units} ({', '.join(s.precision)}). {cell(p.why)} ({', '.join(p.source)})"
    yield ""
    if chips:
        yield "| chip or device | unit | by | work | traffic | fixed | range to the power of | |"
        yield "|---|---|---|--:|--:|--:|--:|---|"
        for c in chips:
            yield _chip(c, titles)
        yield ""
    for crossing in crossings:
        low, likely, high = crossing.us
        names = " and ".join(backend.units[u].title for u in crossing.units)
        size = f"{likely:g} us ({low:g} to {high:g}) and {crossing.gbytes:g} GB/s"
        yield f"- Between {names}: {size}. {cell(crossing.why)} ({', '.join(crossing.source)})"
    yield ""


def _row(s: Speed, backend: Backend, chips: list[str]) -> str:
    units = ", ".join(backend.units[u].title for u in s.unit)
    fit = f"{s.fit.rows} | {s.fit.error:.0%} | {s.fit.rank:.2f} | {s.spread[0]:.2f} to {s.spread[1]:.2f} times"
    rates = " | ".join(_rates(table) for table in (s.launch, s.gmacs, s.gbytes))
    return f"| {units} | {', '.join(s.precision)} | {', '.join(chips)} | {rates} | {s.floor:.0f} us | {fit} |"


def _rates(table: Mapping[str, float]) -> str:
    """`60; weights 54, move 30`."""
    others = ", ".join(f"{family} {rate:g}" for family, rate in table.items() if family != "*")
    return f"{table['*']:g}{f'; {others}' if others else ''}"


def _chip(c: ChipSpeed, titles: Mapping[str, str]) -> str:
    span = (
        f" ({' '.join(w for w in (f'from {c.since}' if c.since else '', f'until {c.until}' if c.until else '') if w)})"
    )
    name = titles.get(c.chip, c.chip) + (span if c.since or c.until else "")
    kind = "measured" if c.measured else "carried over"
    precision = f", {', '.join(c.precision)}" if c.precision else ""
    return (
        f"| {name} | {', '.join(c.unit)}{precision} | {titles.get(c.like, c.like)} | {c.work:g} | {c.traffic:g} |"
        f" {c.fixed:g} | {c.widen:g} | {kind}: {cell(c.why)} |"
    )
