"""The upper panels of a split's drawing: stacked time over the place of the cut, and a stacked bar for each way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from edgeplan.report.split_scan import op_count, stop_title
from edgeplan.report.split_words import refusal, short_title
from edgeplan.report.svg.axis import Axis
from edgeplan.report.svg.frame import Box, byte_ticks
from edgeplan.report.svg.markup import element, label, number, rect, titled
from edgeplan.report.svg.words import fitted, wide
from edgeplan.splitting.split import Choice, SplitPlan, Stop
from edgeplan.units import say_bytes, say_seconds

__all__ = ["SPLIT_STYLE", "legend", "named", "say_tick", "scan_panel", "time_grid", "ways_panel"]

_COLORS = {"device": "#0072b2", "link": "#e69f00", "cloud": "#009e73", "split": "#cc79a7"}
"""Of M. Okabe and K. Ito, as in all drawings; each is told by its place and name, too."""

SPLIT_STYLE = (
    "".join(f".{name}{{fill:{color}}}path.{name}{{fill:none;stroke:{color};stroke-width:2.2;stroke-linejoin:round}}"
            for name, color in _COLORS.items())
    + "".join(f"path.area.{name}{{fill:{color};stroke:none;fill-opacity:.82}}" for name, color in _COLORS.items())
    + ".sent{fill:#e69f00;fill-opacity:.45}.faint{fill-opacity:.25}path.faint{stroke-opacity:.35}"
    + ".band{fill:#8d969f;fill-opacity:.16}.whisker{stroke:#1b1f24;stroke-width:1.4;fill:none}"
    + "@media (prefers-color-scheme:dark){.device{fill:#56b4e9}path.device{fill:none;stroke:#56b4e9}"
    + "path.area.device{fill:#56b4e9}.whisker{stroke:#e8eaed}text.device,text.link,text.cloud,text.split{fill:#e8eaed}}"
    + ".halo{fill:#ffffff;stroke:#ffffff;stroke-width:5px;stroke-linejoin:round}"
    + "@media (prefers-color-scheme:dark){.halo{fill:#14171c;stroke:#14171c}}"
    + "text.device,text.link,text.cloud,text.split{fill:inherit}"
)  # fmt: skip
"""What these panels have beside the stylesheet of all drawings."""

_NAMES = {"device": "on the device", "link": "over the link", "cloud": "in the cloud"}
_BEYOND = 3.0
"""How many times the whole on one side the panel is high: a slow link's first ops would flatten all the others."""


def legend(x: float, y: float) -> Iterator[str]:
    """What the colours mean."""
    for name, said in _NAMES.items():
        yield rect(x, y - 9, 10, 10, name)
        yield label(x + 15, y, said, "small quiet")
        x += 15 + wide(said, 11) + 20


def named(x: float, y: float, said: str, anchor: str) -> Iterator[str]:
    """A name among lines: what lies under it is hidden around its letters."""
    yield label(x, y, said, "head halo", anchor)
    yield label(x, y, said, "head", anchor)


def time_grid(box: Box, axis: Axis, about: int = 5) -> Iterator[str]:
    """Horizontal lines at round times."""
    for seconds in axis.marks(about):
        y = axis.at(seconds)
        yield element("path", d=f"M{number(box.x)} {number(y)}H{number(box.right)}", class_="grid")
        yield label(box.x - 8, y + 4, say_tick(seconds), "tick quiet", "end")


def say_tick(seconds: float) -> str:
    """A round time without digits that say nothing."""
    if not seconds:
        return "0"
    size, unit = next((s, u) for s, u in ((1.0, "s"), (1e-3, "ms"), (1e-6, "us"), (0.0, "us")) if seconds >= s)
    return f"{seconds / (size or 1e-6):.3g} {unit}"


def scan_panel(box: Box, found: SplitPlan, stops: Sequence[Stop]) -> Iterator[str]:
    """Time on the device, over the link and in the cloud, stacked, at each place of the cut; below it what is sent."""
    above, below = Box(box.x, box.y, box.width, box.height - 58), Box(box.x, box.bottom - 46, box.width, 46)
    ends = max(stops[0].seconds, stops[-1].seconds)
    most = min(max(s.seconds for s in stops), _BEYOND * ends) or 1.0
    total = max(op_count(found), 1)
    time = Axis(above.bottom, above.y, 0.0, most * 1.06)
    place = Axis(box.x, box.right, 0.0, float(total))
    yield from time_grid(above, time)
    base = [0.0] * len(stops)
    for name in _NAMES:
        top = [b + _part(s, name) for b, s in zip(base, stops, strict=True)]
        yield element("path", d=_area(stops, place, time, base, top), class_=f"area {name}")
        base = top
    least = min(stops, key=lambda s: s.seconds)
    x, y = place.at(least.ops), time.at(least.seconds)
    yield element("path", d=f"M{number(x)} {number(y)}V{number(below.bottom)}", class_="peak")
    yield element("circle", cx=x, cy=y, r=4.5, class_="dot")
    said = f"{say_seconds(least.seconds)}, {stop_title(least, total, 40)}"
    right = x > box.x + box.width / 2
    at = x + (-8 if right else 8), max(y - 9, box.y + 10)
    yield from named(*at, fitted(said, box.width / 2), "end" if right else "start")
    yield from _sent(below, stops, place, total)
    yield from _places(below, place, total)


def _part(stop: Stop, name: str) -> float:
    if name == "link":
        return max(stop.seconds - stop.device - stop.cloud, 0.0)
    return stop.device if name == "device" else stop.cloud


def _area(stops: Sequence[Stop], place: Axis, time: Axis, base: Sequence[float], top: Sequence[float]) -> str:
    there = [f"{number(place.at(s.ops))} {number(time.at(v))}" for s, v in zip(stops, top, strict=True)]
    back = [f"{number(place.at(s.ops))} {number(time.at(v))}" for s, v in zip(stops, base, strict=True)]
    return f"M{'L'.join(there)}L{'L'.join(reversed(back))}Z"


def _sent(box: Box, stops: Sequence[Stop], place: Axis, total: int) -> Iterator[str]:
    """Bars of the bytes that cross."""
    most = max((s.bytes for s in stops), default=0)
    if not most:
        return
    unit, ticks = byte_ticks(most, 2)
    size = Axis(box.bottom, box.y, 0.0, float(most))
    for value, said in ticks[-1:]:
        yield element("path", d=f"M{number(box.x)} {number(size.at(value))}H{number(box.right)}", class_="grid")
        yield label(box.x - 8, size.at(value) + 4, f"{said} {unit}", "tick quiet", "end")
    width = min(max(box.width / len(stops) * 0.6, 1.0), 9.0)
    for stop in stops:
        if stop.bytes:
            y = size.at(stop.bytes)
            tip = f"{stop_title(stop, total, 80)}: {say_bytes(stop.bytes)}, {say_seconds(stop.seconds)}"
            x = min(max(place.at(stop.ops) - width / 2, box.x), box.right - width)
            yield rect(x, y, width, box.bottom - y, "sent", tip)
    yield label(box.right, box.y - 3, "bytes sent", "small quiet", "end")


def _places(box: Box, place: Axis, total: int) -> Iterator[str]:
    yield element("path", d=f"M{number(box.x)} {number(box.bottom)}H{number(box.right)}", class_="axis")
    for n in place.marks(8):
        if n == int(n):
            x = place.at(n)
            yield element("path", d=f"M{number(x)} {number(box.bottom)}v4", class_="axis")
            yield label(x, box.bottom + 17, f"{int(n):,}", "tick quiet", "middle")
    yield label(box.x, box.bottom + 33, "all in the cloud", "small quiet")
    yield label(
        box.x + box.width / 2, box.bottom + 33, "ops on the device, in the order they run", "small quiet", "middle"
    )
    yield label(box.right, box.bottom + 33, "all on the device", "small quiet", "end")


def ways_panel(box: Box, found: SplitPlan) -> Iterator[str]:
    """A bar for each way, its parts side by side, with the range of the whole."""
    known = [c.latency.high for c in found.choices if c.latency is not None]
    time = Axis(box.x, box.right, 0.0, max(known, default=1.0) or 1.0)
    row = box.height / max(len(found.choices), 1)
    for index, one in enumerate(found.choices):
        yield from _way(box, box.y + index * row, time, one, index == found.best and not one.refused)
    for seconds in time.marks(4) if known else ():
        x = time.at(seconds)
        yield element("path", d=f"M{number(x)} {number(box.bottom - 4)}v4", class_="axis")
        yield label(x, box.bottom + 13, say_tick(seconds), "tick quiet", "middle")
    if known:
        yield element("path", d=f"M{number(box.x)} {number(box.bottom)}H{number(box.right)}", class_="axis")


def _way(box: Box, y: float, time: Axis, one: Choice, best: bool) -> Iterator[str]:
    title = short_title(one.way)
    said = one.latency.said() if one.latency is not None else "time not known"
    yield label(box.x, y + 14, f"{title}{', the best' if best else ''}", "head" if best else "")
    yield label(box.right, y + 14, f"not allowed; {said}" if one.refused else said, "small quiet", "end")
    if one.refused or one.latency is None:
        yield titled(refusal(one), label(box.x, y + 62, fitted(refusal(one), box.width, 11), "small quiet"))
    if one.latency is None:
        return
    x = time.at(0.0)
    for part, name in (("device", "device"), ("up", "link"), ("trip", "link"), ("cloud", "cloud"), ("down", "link")):
        figure = one.parts.get(part)
        width = time.at(figure.likely) - time.at(0.0) if figure is not None else 0.0
        if width > 0:
            tip = f"{title}, {part}: {say_seconds(figure.likely) if figure is not None else ''}"
            yield rect(x, y + 23, width, 18, f"{name} faint" if one.refused else name, tip)
            x += width
    low, high = time.at(one.latency.low), time.at(one.latency.high)
    ends = "".join(f"M{number(end)} {number(y + 28)}v8" for end in (low, high))
    yield element("path", d=f"M{number(low)} {number(y + 32)}H{number(high)}{ends}", class_="whisker")
