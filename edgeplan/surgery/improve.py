"""The course of `edgeplan rewrite`: each rewrite in its turn, kept when it is proved and the plan gets no worse."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from edgeplan.surgery.draft import Draft
from edgeplan.surgery.evidence import known_of
from edgeplan.surgery.ledger import Ledger
from edgeplan.surgery.rewrite import Rewrite, Stage
from edgeplan.surgery.rewrites import rewrite, rewrites
from edgeplan.surgery.standing import weigh
from edgeplan.surgery.sweep import Miss, Site, Swept, fitting, sweep
from edgeplan.surgery.tidy import tidy

if TYPE_CHECKING:
    from edgeplan.plan import Plan
    from edgeplan.target import Target

__all__ = ["SIMPLIFY", "Dropped", "Improved", "Step", "act", "improve", "plan_of"]

SIMPLIFY = "simplify"
"""The name of the first step: folding and cleaning, with all the rewrites that do good anywhere."""

_WORSE = "the plan gets worse"

_ROUNDS = 3
"""Turns of all rewrites at most: one may open the way for another that had its turn before."""

_GROUPS = 8
"""Kinds of sites tried each by itself, at most, where a rewrite at all of its sites does not pay."""


class _Needs(Enum):
    """What a step must do to be kept: leave the plan no worse; so, with fewer ops; or make it better."""

    NO_WORSE = "no worse"
    FEWER = "fewer ops"
    BETTER = "better"


_OF_STAGE = {Stage.FUSE: _Needs.FEWER, Stage.FORM: _Needs.BETTER}


@dataclass(frozen=True, slots=True)
class Step:
    """One turn that was kept: the rewrite, or `simplify`, where it was done, and the plan before and after.

    `roots` are the ops it was done at, empty for wherever it fits. `sites` also has those of the folding and cleaning
    that it opened the way for, which may use the rewrites `folding`. The plans are None, and `why` is empty, where
    nothing is planned.
    """

    name: str
    roots: tuple[str, ...]
    sites: tuple[Site, ...]
    why: str
    before: Plan | None
    after: Plan | None
    folding: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Dropped:
    """One rewrite that fits at some `sites`, and was not kept, and why."""

    rewrite: str
    sites: int
    why: str


@dataclass(frozen=True, slots=True)
class Improved:
    """What became of a model: the draft, the steps that led there, what was left, and both plans (None: no target)."""

    draft: Draft
    steps: tuple[Step, ...]
    dropped: tuple[Dropped, ...]
    misses: tuple[Miss, ...]
    before: Plan | None
    after: Plan | None


def improve(
    draft: Draft,
    target: Target | None,
    *,
    only: Collection[str] = (),
    safe: bool = False,
    ledger: Ledger | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> Improved:
    """Rewrite a copy of a draft for a target, or, without one, only make it smaller.

    `only` names the rewrites that may be used; those named are kept when the plan gets no worse. Others of the stage
    FORM are kept only when it gets better, those of FUSE when it does or there are fewer ops, and neither where a
    source says that it gains nothing on the target. `safe` leaves out those that change the numbers. `tell` hears what
    is tried.
    """
    last = Stage.FORM if target is not None or only else Stage.FOLD
    chosen = [r for r in rewrites(last) if (not only or r.id in only) and not (safe and r.claim.kind == "changes")]
    course = _Course(draft, target, chosen, ledger or Ledger(), tell)
    before = course.plan
    course.simplify()
    larger = [r for r in chosen if r.stage > Stage.FOLD]
    for _ in range(_ROUNDS):
        count = len(course.steps)
        for one in larger:
            if only:
                course.turn(one, _Needs.NO_WORSE)
            elif not course.refuses(one):
                course.turn(one, _OF_STAGE[one.stage])
        if len(course.steps) == count:
            break
    return Improved(
        course.draft, tuple(course.steps), tuple(course.dropped.values()), course.left(), before, course.plan
    )


def act(draft: Draft, name: str, roots: Collection[str], folding: Sequence[Rewrite], ledger: Ledger) -> Swept:
    """Do one step in place: a rewrite at `roots` (anywhere when empty), then folding and cleaning, with new shapes."""
    done: tuple[Site, ...] = ()
    misses: tuple[Miss, ...] = ()
    if name != SIMPLIFY:
        found = sweep(draft, [rewrite(name)], ledger, roots or None)
        done, misses = found.sites, found.misses
        if not done:
            return found
    after = tidy(draft, ledger, folding)
    return Swept((*done, *after.sites), misses if name != SIMPLIFY else after.misses)


class _Course:
    """The draft as it stands, its plan, and what led there."""

    def __init__(
        self,
        draft: Draft,
        target: Target | None,
        chosen: Sequence[Rewrite],
        ledger: Ledger,
        tell: Callable[[str], None],
    ) -> None:
        self.draft, self.target, self.ledger, self.tell = draft, target, ledger, tell
        self.folding = [r for r in chosen if r.stage <= Stage.FOLD]
        self.plan = plan_of(draft, target)
        self.steps: list[Step] = []
        self.dropped: dict[str, Dropped] = {}
        self._misses: dict[tuple[str, str], Miss] = {}
        self._unproved = Ledger(False)
        self._tried: dict[str, int] = {}  # after how many steps a rewrite had its last turn

    def left(self) -> tuple[Miss, ...]:
        """The near misses of rewrites that were not done there after all."""
        done = {(s.rewrite, s.root) for step in self.steps for s in step.sites}
        return tuple(m for key, m in self._misses.items() if key not in done)

    def simplify(self) -> None:
        """Fold and clean, which is good anywhere; where the plan says no, as much of it as goes.

        First what only tidies, or, where that is too much, the cleaning alone; then each rewrite by itself.
        """
        self.tell("folding constants")
        folding = self.folding
        why = ""
        for last in (Stage.FOLD, Stage.TIDY, None):
            self.folding = [r for r in folding if last is not None and r.stage <= last]
            why = self._try(SIMPLIFY, (), _Needs.NO_WORSE)
            if not why:
                break
        if why:
            self.dropped[SIMPLIFY] = Dropped(SIMPLIFY, 0, why)
        for one in [r for r in folding if r not in self.folding]:
            self.turn(one, _Needs.NO_WORSE)
            if one.id not in self.dropped:
                self.folding.append(one)

    def refuses(self, one: Rewrite) -> bool:
        """Whether a source says that a rewrite gains nothing on the target; it is told where it would fit."""
        if self.target is None:
            return False
        taken = {u.name for u in self.target.units if u.accelerator}
        for known in known_of(one.id):
            if known.backend != self.target.backend.name or known.pays or (known.units and not taken <= {*known.units}):
                continue
            if one.id not in self.dropped:
                sites = fitting(self.draft, one).sites
                if sites:
                    self.dropped[one.id] = Dropped(one.id, len(sites), f"known to gain nothing here: {known.says}")
            return True
        return False

    def turn(self, one: Rewrite, needs: _Needs) -> None:
        """Try a rewrite at all its sites, else at each kind of site by itself."""
        seen = fitting(self.draft, one)
        self._misses.update({(m.rewrite, m.op): m for m in seen.misses})
        if not seen.sites or self._tried.get(one.id) == len(self.steps):
            return
        self.tell(one.id)
        why = self._try(one.id, (), needs)
        kinds: dict[str, list[str]] = {}
        for site in seen.sites:
            kinds.setdefault(site.kind, []).append(site.root)
        if why.startswith(_WORSE) and len(kinds) > 1:
            good = [r for roots in list(kinds.values())[:_GROUPS] if self._pays(one.id, roots, needs) for r in roots]
            if good:
                why = self._try(one.id, tuple(good), needs)
        if why:
            self.dropped[one.id] = Dropped(one.id, len(seen.sites), why)
        self._tried[one.id] = len(self.steps)

    def _pays(self, name: str, roots: Sequence[str], needs: _Needs) -> bool:
        """Whether a step at some roots alone would be kept."""
        return isinstance(self._trial(name, tuple(roots), needs, self._unproved), tuple)

    def _try(self, name: str, roots: tuple[str, ...], needs: _Needs) -> str:
        """Do a step on a copy and keep that when the plan allows; why it was not kept, empty when it was.

        Proofs take longest, so a step that may not be kept even so is tried without them first.
        """
        found: tuple[Draft, Step] | str = ""
        if self.ledger.proving and needs is not _Needs.NO_WORSE:
            found = self._trial(name, roots, needs, self._unproved)
        if not isinstance(found, str) or not found:
            found = self._trial(name, roots, needs, self.ledger)
        if isinstance(found, str):
            return found
        draft, step = found
        self.steps.append(step)
        self.draft, self.plan = draft, step.after
        self.dropped.pop(name, None)
        return ""

    def _trial(self, name: str, roots: tuple[str, ...], needs: _Needs, ledger: Ledger) -> tuple[Draft, Step] | str:
        """A copy on which a step was done, or why it is not to be kept."""
        trial = self.draft.copy()
        found = act(trial, name, roots, self.folding, ledger)
        self._misses.update({(m.rewrite, m.op): m for m in found.misses})
        if not found.sites and name != SIMPLIFY:
            return "no site could be proved"
        plan = plan_of(trial, self.target)
        why = ""
        if self.plan is not None and plan is not None:
            verdict = weigh(self.plan, plan)
            why = verdict.why
            if verdict.sign < 0:
                return f"{_WORSE}: {why}"
            if needs is _Needs.BETTER and verdict.sign == 0:
                return "the plan gets no better"
            if needs is _Needs.BETTER and verdict.slight:
                return f"the plan gets hardly better: {why}"
            if needs is _Needs.FEWER and verdict.sign == 0 and trial.ops >= self.draft.ops:
                return "the plan gets no better, and there are no fewer ops"
        return trial, Step(name, roots, found.sites, why, self.plan, plan, tuple(r.id for r in self.folding))


def plan_of(draft: Draft, target: Target | None) -> Plan | None:
    """The plan of a draft as it stands, None without a target."""
    if target is None:
        return None
    from edgeplan.plan import analyze_graph

    return analyze_graph(draft.graph, target, free=draft.read.free, missing=draft.read.missing)
