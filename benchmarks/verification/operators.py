"""The tables about a converter: what became of the models, and how its ops and weights compare with the lowering."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from edgeplan.report.markdown import cell
from edgeplan.verify.agreement import Agreement, OpCount

__all__ = ["operators"]


def operators(found: Sequence[tuple[str, Agreement]]) -> Iterator[str]:
    """Lines of Markdown: ways that came to their end, op types whose counts differ, weights predicted and written."""
    ways: Counter[tuple[str, str]] = Counter()
    for _, agreement in found:
        for way, words in agreement.answer.said.notes.items():
            if not words.startswith(("converted", "refused", "not installed")):
                continue
            ways[way, words.split(":")[0].split(",")[0]] += 1
    yield from ("| way | end | models |", "|---|---|--:|")
    for (way, end), count in sorted(ways.items()):
        yield f"| {cell(way)} | {cell(end)} | {count} |"
    yield ""
    counts = [count for _, agreement in found for count in agreement.counts]
    total = sum(max(c.predicted, c.said) for c in counts)
    if total:
        same = sum(min(c.predicted, c.said) for c in counts)
        known = sum(abs(c.predicted - c.said) for c in counts if c.why)
        exact = sum(all(c.predicted == c.said or c.why for c in a.counts) for _, a in found if a.counts)
        yield f"Of {total:,} ops {same / total:.2%} are of the same type on both sides,"
        yield f"{known / total:.2%} differ for a known reason;"
        yield f"{exact} of {sum(bool(a.counts) for _, a in found)} models differ nowhere else."
        yield ""
    yield from _differences(counts)
    yield from _weights(found)


def _differences(counts: Sequence[OpCount]) -> Iterator[str]:
    by: dict[tuple[str, str], list[OpCount]] = {}
    for count in counts:
        if count.predicted != count.said:
            by.setdefault((count.type, count.why), []).append(count)
    if not by:
        return
    yield from ("| op | lowering | package | models | why |", "|---|--:|--:|--:|---|")
    for (kind, why), some in sorted(by.items(), key=lambda item: -sum(abs(c.predicted - c.said) for c in item[1])):
        ours, theirs = sum(c.predicted for c in some), sum(c.said for c in some)
        yield f"| {cell(kind)} | {ours:,} | {theirs:,} | {len(some)} | {cell(why)} |"
    yield ""


def _weights(found: Sequence[tuple[str, Agreement]]) -> Iterator[str]:
    figures = [f for _, a in found for f in a.figures if f.name == "weights" and f.predicted and f.said]
    ratios = sorted(f.predicted / f.said for f in figures if f.predicted)
    if ratios:
        near = sum(0.99 <= r <= 1.01 for r in ratios)
        yield f"Weights of the package: predicted within 1 % for {near} of {len(ratios)} models,"
        yield f"median {ratios[len(ratios) // 2]:.3f} of the file."
        yield ""
