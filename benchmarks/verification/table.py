"""The section of a page about one referee: how many models and ops, how often both agree, and where they do not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from benchmarks.verification.asked import Asked
from benchmarks.verification.operators import operators
from edgeplan.report.markdown import cell
from edgeplan.target import Target
from edgeplan.verify.agreement import Agreement, Group, Match
from edgeplan.verify.answer import Status
from edgeplan.verify.referees import Referee

__all__ = ["section"]

_ENDS = {
    Status.COMPILED: "compiled", Status.REFUSED: "refused", Status.CRASHED: "crashed", Status.TIMEOUT: "out of time",
    Status.MEMORY: "out of memory", Status.MISSING: "not asked",
}  # fmt: skip


def section(referee: Referee, target: Target, asked: Sequence[Asked], about: str = "") -> Iterator[str]:
    """The section in Markdown; `about` says which models these are."""
    found = [(one.model, one.agreement) for one in asked if one.agreement is not None]
    versions = next((a.answer.said.versions for _, a in found if a.answer.said.versions), {})
    yield f"## {referee.name}, {about or target.device.title}"
    yield ""
    chip = next((a.answer.chip for _, a in found if a.answer.chip), "")
    tools = ", ".join(f"{name} {version}" for name, version in versions.items())
    yield f"{referee.title}. {tools}; asked for {target.title}{f' as {chip}' if chip else ''}."
    yield ""
    if referee.compares == "placement":
        yield from _totals(found)
        yield ""
        yield from _contradictions(found)
        yield from _models(found)
    else:
        yield from operators(found)
    unread = Counter(one.why for one in asked if one.agreement is None)
    for why, count in unread.most_common():
        yield f"- {count} model{'' if count == 1 else 's'} left out: {cell(why)}"
    yield ""


def _totals(found: Sequence[tuple[str, Agreement]]) -> Iterator[str]:
    ends = Counter(_ENDS[a.answer.status] for _, a in found)
    groups = [g for _, a in found for g in a.groups]
    by = Counter({m: sum(len(g.ops) for g in groups if g.match is m) for m in Match})
    counted = sum(by[m] for m in Match if m.counts)
    shares = [a.share_of_work for _, a in found if a.share_of_work is not None]
    whole = [a for _, a in found if not any(g.match is Match.LEFT_OUT for g in a.groups)]
    parts = [f for a in whole for f in a.figures if f.name == "partitions"]
    same = sum(f.predicted == f.said for f in parts)
    settled = [a for _, a in found if a.said_fails is not None]
    right = sum(a.fails == a.said_fails for a in settled)
    seconds = sorted(a.answer.seconds for _, a in found)
    yield "| | |"
    yield "|---|---|"
    yield f"| models | {len(found)}: {', '.join(f'{n} {word}' for word, n in ends.most_common())} |"
    if seconds:
        yield f"| seconds a model | median {seconds[len(seconds) // 2]:.1f}, longest {seconds[-1]:.0f} |"
    yield f"| ops | {sum(by.values()):,}, of which {counted:,} are counted |"
    if counted:
        yield f"| agreement by ops | {by[Match.AGREE] / counted:.2%} |"
    if shares:
        yield f"| agreement by work, mean of the models | {sum(shares) / len(shares):.2%} |"
    for match in (Match.RUNS_BUT_REFUSED, Match.REFUSED_BUT_RUNS, Match.UNKNOWN, Match.NOT_SAID, Match.LEFT_OUT):
        yield f"| {match.value.replace('-', ' ')} | {by[match]:,} ops |"
    if settled:
        yield f"| whole model taken or refused, as predicted | {right} of {len(settled)} |"
    if parts:
        yield f"| partitions counted right | {same} of {len(parts)} ({same / len(parts):.1%}) |"


def _contradictions(found: Sequence[tuple[str, Agreement]]) -> Iterator[str]:
    """What contradicts, op type by op type, and what was left out, reason by reason."""
    wrong: dict[tuple[str, ...], list[tuple[str, Group]]] = {}
    left: dict[str, list[tuple[str, Group]]] = {}
    for model, agreement in found:
        for group in agreement.groups:
            if group.match.wrong or group.match is Match.UNKNOWN:
                key = (group.type, group.match.value.replace("-", " "), group.words[:160], ", ".join(group.rows[:2]))
                wrong.setdefault(key, []).append((model, group))
            elif group.match is Match.LEFT_OUT:
                left.setdefault(group.words, []).append((model, group))
    if wrong:
        yield "| ops | type | | the compiler's words | rows | models |"
        yield "|--:|---|---|---|---|---|"
    for key, groups in sorted(wrong.items(), key=lambda item: -_ops(item[1])):
        yield f"| {_ops(groups)} | {' | '.join(map(cell, key))} | {_some(groups)} |"
    if wrong:
        yield ""
    for why, groups in sorted(left.items(), key=lambda item: -_ops(item[1])):
        yield f"- {_ops(groups):,} ops left out: {cell(why)} ({_some(groups)})"


def _ops(groups: Sequence[tuple[str, Group]]) -> int:
    return sum(len(g.ops) for _, g in groups)


def _models(found: Sequence[tuple[str, Agreement]]) -> Iterator[str]:
    """Models that did not go as predicted as a whole, that gave no answer, or whose parts were counted wrong."""
    for model, agreement in found:
        status = agreement.answer.status
        if agreement.said_fails is None:
            yield f"- {cell(model)}: {_ENDS[status]}: {cell(agreement.answer.words)}"
        elif agreement.said_fails != agreement.fails:
            end = "refused" if agreement.said_fails else "taken"
            yield f"- {cell(model)}: {end}, against the prediction. {cell(agreement.answer.words)}"
        for figure in agreement.figures if not any(g.match is Match.LEFT_OUT for g in agreement.groups) else ():
            if figure.name == "partitions" and figure.predicted != figure.said:
                yield f"- {cell(model)}: {figure.predicted} partitions predicted, {figure.said} made"


def _some(groups: Sequence[tuple[str, Group]]) -> str:
    first = sorted({model for model, _ in groups})
    return cell(", ".join(first[:3])) + (f", +{len(first) - 3}" if len(first) > 3 else "")
