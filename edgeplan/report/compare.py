"""A comparison as text: a table and a conclusion for each target."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from rich.console import Console, ConsoleOptions, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from edgeplan.comparison import Candidate, Comparison, Order, Pair, Standing, less
from edgeplan.plan import Outcome
from edgeplan.report.console import printed
from edgeplan.report.escape import plain
from edgeplan.report.text import SEVERITIES
from edgeplan.units import say_bytes, say_count, say_percent

__all__ = ["conclusion", "render_comparison"]

_HEADS = ("", "model", "latency", "memory", "weights", "MACs", "accel.", "worst")
_WIDE = 96
"""Columns from which on every range stands on one line."""

_SHIFT = "what may be wrong of this chip's figures widens the ranges and shifts all models alike: their order stands"

_ORDERS = {
    Order.SURE: "is surely faster than",
    Order.LIKELY: "is likely faster than",
    Order.NOT_TOLD: "cannot be told apart from",
}

_FRONT = "* no other is as good in time, memory and weights and better in one; of accuracy nothing is known"


def render_comparison(found: Comparison, *, color: bool = False, width: int | None = None) -> str:
    """The tables, target by target; without `width` they fit the terminal, or 100."""
    return printed(_parts(found), color=color, width=width)


def _parts(found: Comparison) -> Iterator[RenderableType]:
    for at, one in enumerate(found.standings):
        if at:
            yield ""
        assumed = f"   assumed {one.target.assume}" if one.target.assume else ""
        yield Text.assemble((one.target.title, "bold"), (assumed, "yellow"))
        yield Padding(Text(conclusion(one), "green"), (0, 0, 0, 2))
        yield ""
        yield Padding(_Fitting(one), (0, 0, 0, 2))
        yield from _unknown(one)
        yield from _order(one)
        if _shifted(one):
            yield Padding(Text(_SHIFT, "dim"), (0, 0, 0, 2))
    if any(one.front for one in found.standings):
        yield ""
        yield Padding(Text(_FRONT, "dim"), (0, 0, 0, 2))


@dataclass(frozen=True, slots=True)
class _Fitting:
    """The table, its ranges broken into two lines only where the terminal is narrow."""

    standing: Standing

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        yield _table(self.standing, options.max_width < _WIDE)


def _table(found: Standing, narrow: bool) -> RenderableType:
    table = Table.grid(padding=(0, 2))
    broken = ("model", "latency", "worst") if narrow else ("model",)
    for head in _HEADS:
        left = head in ("", "model", "latency", "worst")
        table.add_column(justify="left" if left else "right", no_wrap=head not in broken, overflow="fold")
    table.add_row(*(Text(head, "dim") for head in _HEADS))
    for i, (one, name) in enumerate(zip(found.candidates, _names(found), strict=True)):
        table.add_row(
            Text("*" if i in found.front else "", "bold green"),
            Text(name),
            Text(one.latency.said() if one.latency else "not known", "" if one.latency else "dim"),
            f"{say_bytes(one.memory.likely)}{'+' if one.unsized else ''}",
            say_bytes(one.size),
            "" if one.macs is None else say_count(one.macs),
            say_percent(one.accelerated),
            _worst(one),
        )
    return table


def _names(found: Standing) -> list[str]:
    """The names to show, without the ending that all of them have."""
    names = [plain(c.model, 60) for c in found.candidates]
    endings = {name.rpartition(".")[2] for name in names}
    ending = endings.pop() if len(endings) == 1 else ""
    return [name.removesuffix(f".{ending}") for name in names] if ending in ("onnx", "tflite") else names


def _worst(one: Candidate) -> Text:
    if one.worst is None:
        return Text("none", "dim")
    return Text(f"{one.worst.code} {one.worst.severity.value}", SEVERITIES[one.worst.severity])


def _unknown(found: Standing) -> Iterator[RenderableType]:
    """Why latencies are not known, each reason once."""
    reasons: dict[str, list[str]] = {}
    for one, name in zip(found.candidates, _names(found), strict=True):
        if one.latency is None:
            reasons.setdefault(one.why, []).append(name)
    for why, models in reasons.items():
        which = "latency" if len(models) == len(found.candidates) else f"latency of {', '.join(models)}"
        yield Padding(Text(f"{which} not known: {plain(why, 300)}", "dim"), (0, 0, 0, 2))


def _order(found: Standing) -> Iterator[RenderableType]:
    """Of three or more: each with the next slower one, and how sure that is."""
    timed = sorted((c.latency.likely, i) for i, c in enumerate(found.candidates) if c.latency is not None)
    pairs = [p for (_, a), (_, b) in pairwise(timed) if (p := found.pair(a, b)) is not None]
    if len(pairs) < 2:
        return
    names = _names(found)
    yield ""
    for pair in pairs:
        faster, slower = names[pair.faster], names[pair.slower]
        line = Text(f"{faster} {_ORDERS[pair.order]} {slower} ")
        yield Padding(line.append(f"({_times(pair)})", "dim"), (0, 0, 0, 2))


def _shifted(found: Standing) -> bool:
    """Whether an order is sure though the ranges shown meet."""
    times = [c.latency for c in found.candidates]
    sure = [(times[p.faster], times[p.slower]) for p in found.pairs if p.order is Order.SURE]
    return any(one is not None and other is not None and not one.apart(other) for one, other in sure)


def _times(pair: Pair) -> str:
    """`1.4x to 2.1x`."""
    low, high = (f"{r:.1f}" if r < 10 else f"{r:.0f}" for r in (pair.ratio.low, pair.ratio.high))
    return f"{low}x to {high}x"


def conclusion(found: Standing) -> str:
    """What to make of it, in a sentence."""
    names = _names(found)
    fitting = [i for i, c in enumerate(found.candidates) if c.outcome is not Outcome.DOES_NOT_FIT]
    left_out = [names[i] for i in range(len(names)) if i not in fitting]
    tail = f"; {_listed(left_out)} {_do(left_out)} not fit" if left_out else ""
    if not fitting:
        return "none of them fits"
    if len(fitting) == 1:
        return f"only {names[fitting[0]]} fits"
    if len(fitting) == 2:
        return _of_two(found, fitting[0], fitting[1]) + tail
    return _of_many(found, fitting) + tail


def _of_two(found: Standing, one: int, other: int) -> str:
    """`B is faster than A by 1.4x to 2.1x and needs less memory: only accuracy could speak for A`."""
    names = _names(found)
    pair = found.pair(one, other)
    first, second = (pair.faster, pair.slower) if pair else (one, other)
    if first in found.beaten:
        first, second = second, first
    mine, theirs = (_advantages(found, a, b) for a, b in ((first, second), (second, first)))
    said: list[str] = []
    if pair is not None and pair.order is not Order.NOT_TOLD and pair.faster == first:
        likely = "likely " if pair.order is Order.LIKELY else ""
        said.append(f"is {likely}faster than {names[second]} by {_times(pair)}")
    said += mine
    apart = pair is not None and pair.order is Order.NOT_TOLD
    head = f"{names[one]} and {names[other]} cannot be told apart by time" if apart else ""
    text = f"{names[first]} {_listed(said)}" if said else ""
    if theirs:
        text = f"{text}{'; ' if text else ''}{names[second]} {_listed(theirs)}"
    if second in found.beaten:
        text = f"{text}: only accuracy could speak for {names[second]}"
    if head and text:
        return f"{head}; {text}"
    if head or text:
        return head or text
    return _nothing(found, (one, other)) or "the one takes about what the other does"


def _nothing(found: Standing, fitting: Sequence[int]) -> str:
    """That there is nothing to tell by, while sizes are open."""
    open_ = any(found.candidates[i].unsized for i in fitting)
    return "sizes are open: there is nothing to tell them apart by" if open_ else ""


def _advantages(found: Standing, one: int, other: int) -> list[str]:
    a, b = found.candidates[one], found.candidates[other]
    said = []
    if not (a.unsized or b.unsized) and less(a.memory.likely, b.memory.likely):
        said.append(f"needs less memory ({say_bytes(a.memory.likely)} against {say_bytes(b.memory.likely)})")
    if less(a.size, b.size):
        said.append(f"has fewer weights ({say_bytes(a.size)} against {say_bytes(b.size)})")
    return said


def _of_many(found: Standing, fitting: Sequence[int]) -> str:
    """`A and B cannot be told apart by time; C needs the least memory; only accuracy could speak for D`."""
    names = _names(found)
    told: dict[str, list[str]] = {}
    timed = [(c.likely, i) for i in fitting if (c := found.candidates[i].latency) is not None]
    if len(timed) > 1:
        first = min(timed)[1]
        pairs = {i: p for _, i in timed if i != first and (p := found.pair(first, i)) is not None}
        near = [names[i] for i, p in pairs.items() if p.order is Order.NOT_TOLD]
        sure = "surely" if all(p.order is Order.SURE for p in pairs.values()) else "likely"
        known = "" if len(timed) == len(fitting) else " of those whose time is known"
        if near:
            told[f"{_listed([names[first], *near])} cannot be told apart by time"] = []
        else:
            told[names[first]] = [f"is {sure} the fastest{known}"]
    sizes = {i: found.candidates[i].size for i in fitting}
    peaks = {i: found.candidates[i].memory.likely for i in fitting}
    if not any(found.candidates[i].unsized for i in fitting):
        for least in _least(peaks):
            told.setdefault(names[least], []).append("needs the least memory")
    for least in _least(sizes):
        told.setdefault(names[least], []).append("has the fewest weights")
    said = [f"{who} {_listed(what)}" if what else who for who, what in told.items()]
    if found.beaten:
        said.append(f"only accuracy could speak for {_listed([names[i] for i in found.beaten])}")
    return "; ".join(said) or _nothing(found, fitting) or "nothing is known that tells them apart"


def _least(figures: Mapping[int, int]) -> list[int]:
    """The one that takes less than every other, if there is one."""
    first = min(figures, key=lambda i: figures[i])
    return [first] if all(less(figures[first], other) for i, other in figures.items() if i != first) else []


def _listed(words: Sequence[str]) -> str:
    """`a, b and c`."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _do(words: Sequence[str]) -> str:
    return "does" if len(words) == 1 else "do"
