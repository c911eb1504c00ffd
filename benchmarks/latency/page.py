"""The page "How sure is it?": held-out errors by table and by device, and where the figures come from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import isnan
from pathlib import Path
from types import ModuleType

from benchmarks.latency.claims import claims_of
from benchmarks.latency.runs import Run
from benchmarks.latency.validation import Held, score, spread_of
from edgeplan.comparison import Order

__all__ = ["page"]

_PREFACE = Path(__file__).parent / "preface.md"
_WORST = 8
_SAID = {Order.SURE: "surely faster", Order.LIKELY: "likely faster", Order.NOT_TOLD: "cannot be told apart"}


def page(found: Sequence[tuple[ModuleType, Sequence[Held]]], drawing: str) -> str:
    """Markdown: the summary, the plot, and a section for every table."""
    lines = [_PREFACE.read_text("utf-8").rstrip(), ""]
    lines += [
        "| | networks | runs | median error | asked | Spearman | asked | in the range | asked | pairs ordered right |"
    ]
    lines += ["|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|"]
    for module, held in found:
        s, reach = score(held), module.REACH
        asked = _most(reach.get("error")), _least(reach.get("rank")), _between(reach.get("covered"))
        lines.append(
            f"| {module.TITLE} | {s.models} | {s.runs} | {s.error:.0%} | {asked[0]} | {_three(s.rank)} | {asked[1]} |"
            f" {s.covered:.0%} | {asked[2]} | {s.ordered:.1%} |"
        )
    lines += ["", *_claims([held for _, held in found])]
    lines += ["", f"![Predicted against measured, log axes]({drawing})", ""]
    for module, held in found:
        lines += _section(module, held)
    return "\n".join(lines).rstrip() + "\n"


def _claims(tables: Sequence[Sequence[Held]]) -> Iterator[str]:
    claims = claims_of(tables)
    yield "What `edgeplan compare` claims of two networks on one device, held against the same runs:"
    yield ""
    yield "| it says | pairs | ordered right |"
    yield "|---|--:|--:|"
    for order, words in _SAID.items():
        if claims.pairs[order]:
            yield f"| {words} | {claims.pairs[order]:,} | {claims.right[order] / claims.pairs[order]:.1%} |"
    if claims.all:
        yield ""
        yield f"The ratio of the two times lay within the range given for it in {claims.inside / claims.all:.0%}."


def _three(value: float) -> str:
    return "-" if isnan(value) else f"{value:.3f}"


def _most(value: float | None) -> str:
    return f"≤ {value:.0%}" if value else "-"


def _least(value: float | None) -> str:
    return f"≥ {value:.2f}" if value else "-"


def _between(value: tuple[float, float] | None) -> str:
    return f"{value[0]:.0%} to {value[1]:.0%}" if value else "-"


def _section(module: ModuleType, held: Sequence[Held]) -> Iterator[str]:
    around = None if held[0].around else spread_of(held)
    yield f"## {module.TITLE}"
    yield ""
    yield module.ABOUT.strip()
    yield ""
    if around:
        yield f"The range is {around[0]:.2f} to {around[1]:.2f} times the likely figure."
    else:
        yield "Nothing is fitted here: the figures and ranges are those published, as a plan gives them."
    yield ""
    part: Callable[[Run], str] = getattr(module, "part", lambda run: "")
    parts: dict[tuple[str, str], list[Held]] = {}
    for h in held:
        parts.setdefault((part(h.loaded.run), ""), []).append(h)
        parts.setdefault((part(h.loaded.run), h.loaded.target.device.title), []).append(h)
    yield "| | device | runs | median error | Spearman | in the range | pairs ordered right |"
    yield "|---|---|--:|--:|--:|--:|--:|"
    for (name, title), hs in sorted(parts.items(), key=lambda kv: (kv[0][0], kv[0][1] != "", -len(kv[1]))):
        s = score(hs)
        inside = sum(_is_inside(h, around) for h in hs) / len(hs)
        rank = _three(s.rank)
        ordered = f"{s.ordered:.1%}" if s.ordered == s.ordered else "-"
        yield f"| {name} | {title or 'all'} | {len(hs)} | {s.error:.0%} | {rank} | {inside:.0%} | {ordered} |"
    yield ""
    yield "Farthest off:"
    yield ""
    yield "| network | device | measured | predicted | predicted / measured |"
    yield "|---|---|--:|--:|--:|"
    seen: set[str] = set()
    for h in sorted(held, key=lambda h: -max(h.ratio, 1 / h.ratio)):
        run = h.loaded.run
        if run.model in seen:
            continue
        seen.add(run.model)
        measured, predicted = f"{run.seconds * 1e3:.3g} ms", f"{h.predicted * 1e3:.3g} ms"
        yield f"| {run.model} | {h.loaded.target.device.title} | {measured} | {predicted} | {1 / h.ratio:.2f} |"
        if len(seen) == _WORST:
            break
    yield ""


def _is_inside(held: Held, around: tuple[float, float] | None) -> bool:
    low, high = held.around or around or (0.0, 0.0)
    return low <= held.ratio <= high
