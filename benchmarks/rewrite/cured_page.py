"""The page `docs/rewrites-measured.md`: what was cured on each model and target, and what was not and why."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from math import exp, log
from pathlib import Path

from benchmarks.rewrite.named import Heard, Named
from benchmarks.rewrite.tried import TARGETS, Standing, Tried, Trouble
from edgeplan.report.markdown import cell
from edgeplan.units import say_bytes, say_count, say_seconds

__all__ = ["page"]

_PREFACE = Path(__file__).with_name("cured_preface.md")

_ROWS = 26
"""Lines of the table of what is left."""

Key = tuple[str, str]


def page(found: Sequence[Tried], named: Sequence[Named]) -> Iterator[str]:
    """The page, line by line."""
    yield from _PREFACE.read_text("utf-8").splitlines()
    yield ""
    yield from _by_target(found)
    yield ""
    yield from _cases(named)
    yield ""
    yield from _by_model(found)
    yield ""
    yield from _by_rewrite(found)
    yield ""
    yield from _left(found)
    yield from _failed(found)


def cured(one: Tried) -> dict[Key, Trouble]:
    """The troubles that are gone."""
    return {key: t for key, t in one.had.items() if key not in one.left}


def curable(one: Tried) -> dict[Key, Trouble]:
    """Those of which a row names a rewrite as its cure, or that are gone or touch fewer ops now."""
    left = one.left
    return {k: t for k, t in one.had.items() if t.fix or k not in left or left[k].ops < t.ops}


def new(one: Tried) -> dict[Key, Trouble]:
    """Troubles the old plan did not have."""
    return {key: t for key, t in one.left.items() if key not in one.had}


def _by_target(found: Sequence[Tried]) -> Iterator[str]:
    yield "## By target"
    yield ""
    yield "| target | models | findings | curable | cured | new | ops off | left off | segments | | time | s |"
    yield "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|"
    for where in TARGETS:
        all_ = [t for t in found if t.where == where.name and t.before is not None and t.after is not None]
        if not all_:
            continue
        had, could, done, more = (sum(len(f(t)) for t in all_) for f in (lambda t: t.had, curable, cured, new))
        off = [sum(_off(t.had.values()) for t in all_), sum(_off(t.left.values()) for t in all_)]
        segments = [sum(s.segments for t in all_ if (s := side(t)) is not None) for side in (_before, _after)]
        seconds = sum(t.seconds for t in all_) / len(all_)
        yield (
            f"| {where.name} | {len(all_)} | {had} | {could} | {done} | {more} | {off[0]:,} | {off[1]:,} "
            f"| {segments[0]:,} | {segments[1]:,} | {_ratio(all_)} | {seconds:.1f} |"
        )


def _before(one: Tried) -> Standing | None:
    return one.before


def _after(one: Tried) -> Standing | None:
    return one.after


def _off(troubles: Iterable[Trouble]) -> int:
    """Ops that leave the accelerator, or that nothing runs."""
    return sum(t.ops for t in troubles if t.code in ("EP101", "EP104", "EP106", "EP107"))


def _ratio(tried: Sequence[Tried]) -> str:
    """The geometric mean of the new times to the old ones."""
    pairs = [(t.before.seconds, t.after.seconds) for t in tried if t.before is not None and t.after is not None]
    logs = [log(b / a) for a, b in pairs if a and b]
    return f"{exp(sum(logs) / len(logs)) - 1:+.0%}" if logs else ""


def _by_model(found: Sequence[Tried]) -> Iterator[str]:
    yield "## By model"
    yield ""
    yield "Cured of curable findings; `+` counts new ones, `-` says that there was nothing curable, an empty cell that"
    yield "it was not tried. Ops are those of the file before, and the fewest and most after."
    yield ""
    yield f"| model | ops | | {' | '.join(w.name for w in TARGETS)} |"
    yield f"|---|--:|--:|{'--:|' * len(TARGETS)}"
    models: dict[str, dict[str, Tried]] = defaultdict(dict)
    for one in found:
        models[one.model][one.where] = one
    for model, tried in sorted(models.items()):
        done = [t.ops for t in tried.values() if not t.error]
        if not done:
            continue
        after = [b for _, b in done]
        span = f"{min(after)}" if min(after) == max(after) else f"{min(after)}-{max(after)}"
        cells = [_cell(tried[w.name]) if w.name in tried else "" for w in TARGETS]
        yield f"| {model.removesuffix('.ts')} | {done[0][0]:,} | {span} | {' | '.join(cells)} |"


def _cell(one: Tried) -> str:
    if one.error:
        return "failed"
    could, more = len(curable(one)), len(new(one))
    return (f"{len(cured(one))}/{could}" if could else "-") + (f" +{more}" if more else "")


def _by_rewrite(found: Sequence[Tried]) -> Iterator[str]:
    kept: dict[str, set[str]] = defaultdict(set)
    targets: dict[str, set[str]] = defaultdict(set)
    sites, cures = Counter[str](), Counter[str]()
    for one in found:
        for step in one.steps:
            kept[step.name].add(one.model)
            targets[step.name].add(one.where)
            sites[step.name] += step.sites
            cures[step.name] += sum(not c[3] and c[0] not in ("EP401", "EP402") for c in step.cures)
    yield "## What was kept"
    yield ""
    yield "| rewrite | models | targets | places | findings cured |"
    yield "|---|--:|--:|--:|--:|"
    for name in sorted(kept, key=lambda n: (-cures[n], -sites[n])):
        yield f"| {name} | {len(kept[name])} | {len(targets[name])} | {sites[name]:,} | {cures[name]} |"


def _left(found: Sequence[Tried]) -> Iterator[str]:
    """Findings that name a cure and stay: why, where it was tried."""
    rows: dict[Key, list[Tried]] = defaultdict(list)
    ops, fixes = Counter[Key](), dict[Key, tuple[str, ...]]()
    for one in found:
        for key, trouble in one.left.items():
            if trouble.fix:
                rows[key].append(one)
                ops[key] += trouble.ops
                fixes[key] = trouble.fix
    yield "## What is left, though a rewrite is named for it"
    yield ""
    yield "| finding | models | ops | why it stays |"
    yield "|---|--:|--:|---|"
    for key in sorted(rows, key=lambda k: -ops[k])[:_ROWS]:
        said = "; ".join(_reasons(rows[key], fixes[key]))
        yield f"| {key[0]} {cell(key[1])} | {len({t.model for t in rows[key]})} | {ops[key]} | {said} |"
    if len(rows) > _ROWS:
        yield ""
        rest = sorted(rows, key=lambda k: -ops[k])[_ROWS:]
        yield f"{len(rest)} more rows, of {sum(ops[k] for k in rest)} ops."


def _reasons(tried: Sequence[Tried], fixes: Sequence[str]) -> Iterator[str]:
    """Why each rewrite was not done: where it fits and was dropped, else its commonest near miss."""
    for fix in fixes:
        name = fix.removeprefix("rewrite/")
        said = Counter[str]()
        for one in tried:
            dropped = [why for rewrite, _, why in one.dropped if rewrite == name]
            near = [(reason, n) for rewrite, reason, n in one.near if rewrite == name]
            if dropped:
                said[re.sub(r"the plan gets worse: ", "worse: ", dropped[0])] += 100
            for reason, n in near[:1]:
                said[reason] += n
        if said:
            why = said.most_common(1)[0][0]
            yield f"`{name}`: {cell(why)}"
    if all(not any(f"rewrite/{r}" in fixes for r, *_ in (*t.dropped, *t.near)) for t in tried):
        yield "fits none of them"


def _cases(named: Sequence[Named]) -> Iterator[str]:
    yield "## Named cases"
    yield ""
    yield "Each is written out and run beside the original; the figure is the largest relative difference of an output."
    yield ""
    for one in named:
        yield f"**{one.what}** ({one.model.removesuffix('.ts')}), {one.where}: `{one.command}`"
        yield ""
        if one.error or one.before is None or one.after is None:
            yield f"- failed: {cell(one.error)}"
        else:
            yield from _case(one, one.before, one.after)
        yield ""


def _case(one: Named, before: Standing, after: Standing) -> Iterator[str]:
    yield (
        f"- {before.outcome} -> {after.outcome}; {_time(before)} -> {_time(after)}; segments {before.segments} -> "
        f"{after.segments}; off the accelerator {_moved(before)} -> {_moved(after)}; "
        f"ops {one.ops[0]:,} -> {one.ops[1]:,}"
    )
    tried = Tried(one.model, one.where, 0, one.ops, before, after)
    steps = "; ".join(f"`{s.name}` at {s.sites}" for s in one.steps if s.sites)
    gone = ", ".join(f"{k} {cell(w)} ({t.ops})" for (k, w), t in cured(tried).items())
    left = ", ".join(f"{k} {cell(w)} ({t.ops})" for (k, w), t in tried.left.items())
    yield f"- cured: {gone or 'nothing'}; left: {left or 'nothing'}"
    host = f"; cut off for the host: {one.host} ops, handed {one.handed} tensors" if one.host else ""
    yield f"- {steps or 'no rewrite'}{host}; {_checked(one)}"
    if one.heard:
        yield f"- Qualcomm's HTP compiler: {' -> '.join(map(_heard, one.heard))}"


def _checked(one: Named) -> str:
    """How the whole models compare."""
    return cell(one.checked[:160]) if one.checked.startswith("not") else f"outputs differ by {one.checked}"


def _heard(one: Heard) -> str:
    read = f", reads {say_bytes(one.read)}" if one.read is not None else ""
    return f"{one.off} ops on the CPU, {one.parts} part{'' if one.parts == 1 else 's'}{read}"


def _time(standing: Standing) -> str:
    return say_seconds(standing.seconds) if standing.seconds is not None else "time not known"


def _moved(standing: Standing) -> str:
    return f"{say_count(standing.off)} MACs, {say_bytes(standing.moved)}"


def _failed(found: Sequence[Tried]) -> Iterator[str]:
    bad = [t for t in found if t.error]
    if bad:
        yield ""
        yield "## Not planned"
        yield ""
        for one in bad:
            yield f"- {one.model}, {one.where}: {cell(one.error[:200])}"
