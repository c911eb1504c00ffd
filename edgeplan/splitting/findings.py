"""What is told of a split beside its figures: EP701 to EP710, and budgets of latency."""

from __future__ import annotations

from collections.abc import Sequence

from edgeplan.finding import CODES, Finding, Severity
from edgeplan.links.loss import loss_note
from edgeplan.splitting.choosing import least_on_link
from edgeplan.splitting.privacy import of_raw_input
from edgeplan.splitting.setting import Setting
from edgeplan.splitting.split import Choice
from edgeplan.units import count, say_seconds

__all__ = ["findings_of"]


def findings_of(
    setting: Setting, choices: Sequence[Choice], best: int, rivals: Sequence[int], certified: str
) -> tuple[Finding, ...]:
    """All findings of a split, the worst first; `certified` says how splits were looked for."""
    chosen = choices[best]
    found = [*_allowed(choices, best, certified), *_sides(setting), *_budget(setting, chosen)]
    asked = setting.question.way is not None
    if rivals and not asked and not chosen.refused and chosen.latency is not None:
        names = " and ".join(_NAMES[choices[i].way.kind] for i in rivals)
        likely = f"{_NAMES[chosen.way.kind]} is the likely best"
        found.append(_finding("EP701", f"{likely}, but the figures do not tell {names} from it"))
    found += _not_known(setting, choices, best)
    found += [*_leaving(setting, chosen), *_fallback(choices), *_left_out(setting, choices)]
    loss = loss_note(setting.link.network)
    if loss and chosen.way.offloads and not chosen.refused:
        found.append(_finding("EP710", loss))
    return tuple(sorted(found, key=lambda f: (-f.severity.rank, f.code)))


_NAMES = {"device": "device only", "cloud": "cloud only", "split": "the split"}


def _finding(code: str, message: str, ops: Sequence[str] = (), severity: Severity | None = None) -> Finding:
    return Finding(code, severity or CODES[code].severity, message, tuple(ops))


def _allowed(choices: Sequence[Choice], best: int, certified: str) -> list[Finding]:
    if any(not c.refused for c in choices):
        one = choices[best]  # refused only where it was asked for
        if not one.refused:
            return []
        return [_finding("EP702", f"{_NAMES[one.way.kind]}, as asked, is not allowed: {one.refused}")]
    reasons = "; ".join(f"{_NAMES[c.way.kind]}: {c.refused}" for c in choices)
    return [_finding("EP702", f"no way to run the model is allowed. {reasons}; a split: {certified}")]


def _sides(setting: Setting) -> list[Finding]:
    found: list[Finding] = []
    device, cloud = setting.device, setting.cloud
    for code, side, other in (("EP703", device, cloud), ("EP704", cloud, device)):
        where = "the cloud" if side is device else "the device"
        for mask, words in ((side.refused, "has no unit for"), (side.unknown, "is not known to run")):
            ops = setting.wiring.names(mask & ~(other.refused | other.unknown))
            if ops:
                these, them = ("this op", "it") if len(ops) == 1 else (f"these {len(ops):,} ops", "them")
                found.append(_finding(code, f"only {where} can run {these}: {side.target.title} {words} {them}", ops))
    return found


def _budget(setting: Setting, chosen: Choice) -> list[Finding]:
    budget, latency, seconds = setting.question.latency, chosen.latency, chosen.seconds
    if budget is None or chosen.refused:
        return []
    if latency is None or seconds is None:
        why = f"whether a run takes {say_seconds(budget)} at most is not known: {chosen.why}"
        return [_finding("EP303", why, severity=Severity.WARNING)]
    said = f"{say_seconds(budget)} asked, {latency.said()} planned"
    said += f", {say_seconds(seconds)} with outages" if chosen.expected is not None else ""
    if seconds > budget:
        asked = setting.question.way is not None
        who = f"{_NAMES[chosen.way.kind]}, as asked, does not keep" if asked else "no allowed way keeps"
        return [_finding("EP301", f"{who} the latency budget: {said}")]
    if latency.high > budget:
        return [_finding("EP302", f"the best way may exceed the latency budget: {said}")]
    return []


def _not_known(setting: Setting, choices: Sequence[Choice], best: int) -> list[Finding]:
    """Ways that cannot be compared: those whose link alone takes longer than the best takes need no more to be told."""
    chosen = choices[best]
    if chosen.refused:
        return []
    if chosen.latency is None:
        return [_finding("EP706", f"no time of a split can be told: {chosen.why}")]
    for choice in choices:
        link = least_on_link(setting, choice)
        if choice.latency is None and not choice.refused and link < chosen.latency.likely:
            return [_finding("EP706", f"{_NAMES[choice.way.kind]} cannot be compared: {choice.why}")]
    return []


def _leaving(setting: Setting, chosen: Choice) -> list[Finding]:
    """Whether what is sent still is the input."""
    if chosen.refused or not chosen.way.up:
        return []
    raw = dict(zip(setting.wiring.tensors, of_raw_input(setting.wiring).tolist(), strict=True))
    names = [t.name for t in chosen.way.up if raw.get(t.name)]
    if not names:
        return []
    return [
        _finding(
            "EP708",
            f"what leaves the device still is the model's input, at most copied, cropped or scaled: {names[0]!r}",
        )
    ]


def _fallback(choices: Sequence[Choice]) -> list[Finding]:
    whole = choices[0]
    if not whole.refused or all(c.refused for c in choices):
        return []
    return [
        _finding("EP705", f"nothing runs while the link is down: all of it on the device is refused, {whole.refused}")
    ]


def _left_out(setting: Setting, choices: Sequence[Choice]) -> list[Finding]:
    found: list[Finding] = []
    untimed = setting.device.untimed | setting.cloud.untimed
    if untimed.any():
        names = setting.wiring.names(untimed)
        said = f"{count(len(names), 'op')} of sizes that follow from data are in no time, on neither side"
        back = {t.name for c in choices for t in c.way.down if t.sent is None}
        said += f", nor is the way back of {count(len(back), 'output')}" if back else ""
        found.append(_finding("EP709", said, names))
    read = set(setting.problem.tensor.tolist())
    unsized = [n for at, n in enumerate(setting.wiring.tensors) if setting.link.sent[at] < 0 and at in read]
    if unsized:
        said = f"it is not cut at {count(len(unsized), 'tensor')} whose size nobody knows before the model runs"
        found.append(_finding("EP707", said, unsized))
    return found
