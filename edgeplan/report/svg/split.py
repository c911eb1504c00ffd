"""A split as a drawing: time over the place of the cut, the ways, time over the uplink, and the trade-off."""

from __future__ import annotations

from collections.abc import Iterator
from math import isfinite

from edgeplan.report.split_words import cloud_title, link_line, verdict_of
from edgeplan.report.svg.frame import Box
from edgeplan.report.svg.markup import document, label
from edgeplan.report.svg.split_panels import SPLIT_STYLE, legend, scan_panel, ways_panel
from edgeplan.report.svg.split_rates import curve_panel, rates_panel
from edgeplan.report.svg.words import fitted
from edgeplan.splitting.split import SplitPlan

__all__ = ["split_plot"]

_WIDTH, _HEIGHT = 1200, 800
_LEFT, _RIGHT = 72.0, 1172.0


def split_plot(found: SplitPlan) -> str:
    """The drawing, 1200 by 800: above where the cut lies and what the ways take, below what link and battery change."""

    def parts() -> Iterator[str]:
        word = verdict_of(found)[0]
        yield label(_LEFT, 42, fitted(f"{found.model.name}: {word}", _RIGHT - _LEFT, 21), "title")
        yield label(_LEFT, 64, f"{found.device.title} -> {cloud_title(found)}", "quiet")
        yield label(_LEFT, 81, link_line(found.network), "quiet")
        yield from legend(_LEFT, 108)
        stops = [s for s in found.stops if isfinite(s.seconds)]
        if len(stops) > 1:
            yield label(_LEFT, 140, "Time over the place of the cut", "head")
            yield from scan_panel(Box(_LEFT, 156, 628, 248), found, stops)
        yield label(768, 140, "The ways", "head")
        yield from ways_panel(Box(768, 156, 404, 248), found)
        curve = [p for p in found.curve if p.energy is not None or p.cost is not None]
        wide = 488 if len(curve) > 1 else 1100
        if found.network.rtt is not None and found.ways:
            yield label(_LEFT, 498, "Time over the uplink", "head")
            yield from rates_panel(Box(_LEFT, 514, wide, 226), found)
        if len(curve) > 1:
            yield label(684, 498, "Trade-off", "head")
            yield from curve_panel(Box(684, 514, 488, 226), curve)

    return document(_WIDTH, _HEIGHT, _title(found), _told(found), parts(), SPLIT_STYLE)


def _title(found: SplitPlan) -> str:
    return f"Where to cut {found.model.name} between {found.device.title} and {found.cloud.title}"


def _told(found: SplitPlan) -> str:
    """The drawing in words."""
    best = found.chosen
    time = best.latency.said() if best.latency is not None else "a time that is not known"
    return f"{verdict_of(found)[0]}: {time}, over {link_line(found.network)}"
