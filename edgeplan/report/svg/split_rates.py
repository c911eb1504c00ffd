"""The lower panels of a split's drawing: the ways over the uplink, the trade-off of time, energy and money."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from edgeplan.links.network import Network
from edgeplan.report.split_words import say_dollars, say_rate, short_title, way_title
from edgeplan.report.svg.axis import Axis
from edgeplan.report.svg.frame import Box
from edgeplan.report.svg.markup import element, label, number, rect, titled
from edgeplan.report.svg.split_panels import named, say_tick, time_grid
from edgeplan.report.svg.words import wide
from edgeplan.splitting.split import Point, SplitPlan
from edgeplan.splitting.way import Way
from edgeplan.units import say_joules

__all__ = ["curve_panel", "rates_panel"]

_SPAN = 30.0
"""How many times above and below the network's own uplink the panel reaches."""

_COLUMNS = 96


def rates_panel(box: Box, found: SplitPlan) -> Iterator[str]:
    """The likely time of each way over the uplink, the best one strong; the network's own range is shaded."""
    up = found.network.up
    low, high = min(up.low, up.likely / _SPAN), max(up.high, up.likely * _SPAN)
    speed = Axis(box.x, box.right, low, high, log=True)
    times = [_seconds(w, r, found.network) for w in found.ways for r in (low, up.likely, high)]
    time = Axis(box.bottom, box.y, min(times) / 1.5, _top(found, min(times), max(times)), log=True)
    yield from time_grid(box, time)
    left, right = speed.at(up.low), speed.at(up.high)
    yield rect(left, box.y, max(right - left, 1.0), box.height, "band")
    x = speed.at(up.likely)
    yield element("path", d=f"M{number(x)} {number(box.y)}V{number(box.bottom)}", class_="peak")
    for way in found.ways:
        yield element(
            "path", d=_line(way, speed, time, found.network, speed.low, speed.high), class_=f"{way.kind} faint"
        )
    for span in found.spans:
        way, first, last = found.ways[span.way], max(span.low, low), min(span.high, high)
        if first < last:
            yield element("path", d=_line(way, speed, time, found.network, first, last), class_=way.kind)
            yield from _name(way, speed, time, found.network, first, last)
    free = 0.0
    for span in found.spans[1:]:
        if low < span.low < high:
            x, y = speed.at(span.low), time.at(_seconds(found.ways[span.way], span.low, found.network))
            yield element("circle", cx=x, cy=y, r=4, class_="dot")
            said = say_rate(span.low)
            if x - wide(said, 11) / 2 > free:
                yield label(x, box.bottom - 7, said, "small", "middle")
                free = x + wide(said, 11) / 2 + 6
    yield from _speeds(box, speed)


def _top(found: SplitPlan, least: float, most: float) -> float:
    """The top of the panel: above what any way takes here, and the best takes anywhere; not all a slow link takes."""
    slow = found.network.up.likely / _SPAN
    best = [_seconds(found.ways[s.way], max(s.low, slow), found.network) for s in found.spans]
    here = [_seconds(way, found.network.up.likely, found.network) for way in found.ways]
    return max(min(most, max(3 * max(best, default=most), 1.5 * max(here))), least * 2)


def _seconds(way: Way, up: float, network: Network) -> float:
    """The likely time at an uplink, the downlink as much faster as it is here."""
    down = up * network.down.likely / network.up.likely
    return way.seconds(up, down, network.rtt.likely if network.rtt is not None else 0.0)


def _line(way: Way, speed: Axis, time: Axis, network: Network, first: float, last: float) -> str:
    rates = [first * (last / first) ** (i / _COLUMNS) for i in range(_COLUMNS + 1)]
    seconds = [(r, _seconds(way, r, network)) for r in rates]
    drawn = [f"{number(speed.at(r))} {number(time.at(s))}" for r, s in seconds if s <= time.high * 1.001]
    return f"M{'L'.join(drawn)}" if drawn else ""


def _name(way: Way, speed: Axis, time: Axis, network: Network, first: float, last: float) -> Iterator[str]:
    """The way's name above its line, where it is the best."""
    room = speed.at(last) - speed.at(first)
    titles = (way_title(way), short_title(way))
    said = next((t for t in titles if wide(t, 13) <= room - 8), "")
    middle = (first * last) ** 0.5
    if said:
        yield from named(speed.at(middle), time.at(_seconds(way, middle, network)) - 9, said, "middle")


def _speeds(box: Box, speed: Axis) -> Iterator[str]:
    yield element("path", d=f"M{number(box.x)} {number(box.bottom)}H{number(box.right)}", class_="axis")
    free = box.x - 100
    for rate in speed.marks(int(box.width // 90)):
        x, said = speed.at(rate), say_rate(rate)
        if x - wide(said, 11) / 2 < free:
            continue
        yield element("path", d=f"M{number(x)} {number(box.bottom)}v4", class_="axis")
        yield label(x, box.bottom + 17, said, "tick quiet", "middle")
        free = x + wide(said, 11) / 2 + 8
    yield label(box.x + box.width / 2, box.bottom + 35, "uplink; shaded: this network's range", "small quiet", "middle")


def curve_panel(box: Box, curve: Sequence[Point]) -> Iterator[str]:
    """The ways that nothing beats: time across, energy (or, where none is known, money) upwards."""
    energy = all(p.energy is not None for p in curve)
    points = sorted((p.latency, (p.energy if energy else p.cost) or 0.0, p) for p in curve)
    most_time, most = max(x for x, _, _ in points), max(y for _, y, _ in points)
    time, other = Axis(box.x, box.right, 0.0, most_time * 1.12), Axis(box.bottom, box.y, 0.0, (most or 1.0) * 1.15)
    for value in other.marks(5):
        y = other.at(value)
        said = (say_joules(value) if energy else say_dollars(value)) if value else "0"
        yield element("path", d=f"M{number(box.x)} {number(y)}H{number(box.right)}", class_="grid")
        yield label(box.x - 8, y + 4, said, "tick quiet", "end")
    yield element("path", d=f"M{number(box.x)} {number(box.bottom)}H{number(box.right)}", class_="axis")
    for value in time.marks(5):
        yield label(time.at(value), box.bottom + 17, say_tick(value), "tick quiet", "middle")
    steps = "".join(f"H{number(time.at(x))}V{number(other.at(y))}" for x, y, _ in points[1:])
    yield element("path", d=f"M{number(time.at(points[0][0]))} {number(other.at(points[0][1]))}{steps}", class_="peak")
    free = 0.0
    for x, y, point in points:
        at = time.at(x), other.at(y)
        cost = f", {say_dollars(point.cost)} a million" if point.cost is not None and energy else ""
        said = f"{way_title(point.way, 24)}{cost}"
        yield titled(said, element("circle", cx=at[0], cy=at[1], r=5, class_=point.way.kind))
        end = at[0] > box.x + box.width / 2
        if abs(at[1] - free) >= 13:
            yield label(at[0] + (-9 if end else 9), at[1] - 7, said, "small", "end" if end else "start")
            free = at[1]
    what = "energy of the device" if energy else "cost of a million runs"
    yield label(box.x + box.width / 2, box.bottom + 35, f"time; upwards: {what}", "small quiet", "middle")
