"""A backend's speeds as Markdown: what was fitted, how well it holds, what was carried over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from edgeplan.capability.rows import Backend, load_backend
from edgeplan.cost.speeds import ChipSpeed, Speed, all_speeds
from edgeplan.devices import all_devices
from edgeplan.report.markdown import cell

__all__ = ["speed_lines"]


def speed_lines(backend: Backend) -> Iterator[str]:
    """The section of a backend's page; nothing where no speed is known."""
    found = all_speeds(backend)
    if not (found.speed or found.inherit):
        return
    yield "## Speeds"
    yield ""
    if found.speed:
        titles = _titles()
        yield from _fitted(found.speed, backend, titles)
        yield from _chips(found.chip, titles)
    for crossing in found.crossing:
        low, likely, high = crossing.us
        size = f"{likely:g} us ({low:g} to {high:g} us) and {crossing.gbytes:g} GB/s"
        yield f"- Between {_units(backend, crossing.units)}: {size}: {cell(crossing.why)}{_sources(crossing.source)}"
    for link in found.inherit:
        other = load_backend(link.backend)
        ours, theirs = _units(backend, tuple(link.unit)), _units(other, tuple(link.unit.values()))
        widened = f"the range to the power of {link.widen:g}"
        yield f"- {ours}: as {theirs} of {other.title}, {widened}: {cell(link.why)}{_sources(link.source)}"
    if found.crossing or found.inherit:
        yield ""


def _fitted(speeds: Sequence[Speed], backend: Backend, titles: Mapping[str, str]) -> Iterator[str]:
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
    penalties = [(s, p) for s in speeds for p in s.penalty]
    for s, p in penalties:
        size = " and ".join(f"{n:g} {unit}" for n, unit in ((p.us, "us"), (p.ns_per_kb, "ns/kB")) if n)
        where = f"{_units(backend, s.unit)} ({', '.join(s.precision)})"
        yield f"- **{p.name}** {size} on {where}. {cell(p.why)}{_sources(p.source)}"
    if penalties:
        yield ""


def _chips(chips: Sequence[ChipSpeed], titles: Mapping[str, str]) -> Iterator[str]:
    if not chips:
        return
    yield "| chip or device | unit | by | work | traffic | fixed | range to the power of | |"
    yield "|---|---|---|--:|--:|--:|--:|---|"
    for c in chips:
        yield _chip(c, titles)
    yield ""


def _titles() -> dict[str, str]:
    """Of chips and devices, by their ids."""
    return {d.chip_id: d.chip.title for d in all_devices()} | {d.id: d.title for d in all_devices()}


def _units(backend: Backend, units: Sequence[str]) -> str:
    return " and ".join(backend.units[u].title for u in units)


def _sources(source: Mapping[str, str]) -> str:
    return f" ({', '.join(source)})" if source else ""


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
    span = " ".join(f"{word} {release}" for word, release in (("from", c.since), ("until", c.until)) if release)
    name = titles.get(c.chip, c.chip) + (f" ({span})" if span else "")
    kind = "measured" if c.measured else "carried over"
    precision = f", {', '.join(c.precision)}" if c.precision else ""
    return (
        f"| {name} | {', '.join(c.unit)}{precision} | {titles.get(c.like, c.like)} | {c.work:g} | {c.traffic:g} |"
        f" {c.fixed:g} | {c.widen:g} | {kind}: {cell(c.why)} |"
    )
