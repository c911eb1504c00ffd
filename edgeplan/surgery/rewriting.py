"""`edgeplan rewrite` as one call: a model in, a model that was proved equal out, and what was done to it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from edgeplan.advice import Advice, NearMisses
from edgeplan.finding import Finding
from edgeplan.frontends import load_model
from edgeplan.frontends.errors import ModelError
from edgeplan.frontends.loaded import Loaded
from edgeplan.surgery.advice import advice_of, advised, near_misses
from edgeplan.surgery.binding import bind
from edgeplan.surgery.draft import Draft
from edgeplan.surgery.equivalence import (
    Comparison,
    compare_models,
    tolerance_of,
    with_random_weights,
)
from edgeplan.surgery.host import cut_for_host, host_ops
from edgeplan.surgery.improve import Dropped, Improved, Step, improve, plan_of
from edgeplan.surgery.ledger import Ledger
from edgeplan.surgery.opset import raise_opset
from edgeplan.surgery.recipe import Done, Recipe, recipe_of, redo, structure
from edgeplan.surgery.rewrites import rewrite
from edgeplan.surgery.standing import weigh
from edgeplan.surgery.sweep import Swept
from edgeplan.surgery.writing import WriteError, files_of, host_place, refuse_place, refuse_weights, write_model

if TYPE_CHECKING:
    from onnx import ModelProto

    from edgeplan.plan import Plan
    from edgeplan.summary import TargetSummary
    from edgeplan.target import Target

__all__ = ["HostPart", "Rewriting", "rewrite_model", "try_rewrites"]

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class HostPart:
    """The end of a model that the host runs: its `ops`, and the tensors it is handed where it was `cut` off."""

    ops: tuple[str, ...]
    cut: bool
    boundary: tuple[str, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True)
class Rewriting:
    """What was done to a model, and how it was checked.

    `steps` were kept, `dropped` fit and were not kept, `near` nearly fit; `host` is the end of the model that only the
    host runs, if there is one. `comparison` is None where the whole models
    were not compared; `written` are the files made, none where it failed or was not asked for. `findings` are what is
    left of the plan's, `plans` both plans, None without a target.
    """

    model: str
    target: TargetSummary | None
    ops_before: int
    ops_after: int
    steps: tuple[Advice, ...]
    dropped: tuple[Dropped, ...]
    near: tuple[NearMisses, ...]
    comparison: Comparison | None
    written: tuple[str, ...]
    findings: tuple[Finding, ...]
    proofs: int
    recipe: Recipe
    host: HostPart | None = None
    plans: tuple[Plan, Plan] | None = None
    schema_version: int = field(default=SCHEMA_VERSION)


def rewrite_model(
    source: Path,
    target: Target | None = None,
    *,
    output: Path | None = None,
    only: Collection[str] = (),
    safe: bool = False,
    recipe: Recipe | None = None,
    cut: bool = False,
    verify: bool = True,
    dims: Mapping[str, int] | None = None,
    inputs: Mapping[str, Sequence[int]] | None = None,
    values: Mapping[str, float] | None = None,
    opset: int = 0,
    beside: Collection[Path] = (),
    tell: Callable[[str], None] = lambda _: None,
) -> Rewriting:
    """Rewrite the ONNX file `source` for a target, or make it smaller without one, and write it to `output`, if given.

    `only` names the rewrites that may be used, `safe` leaves out those that change the numbers, `recipe` has the steps
    of an earlier run done again. With `cut` what comes last and no accelerator runs becomes a model of its own, for the
    host, in `<output without .onnx>.host.onnx`. With `verify` off neither the sites nor the whole model are run.
    `opset` is what the model is raised to first, 0 for none. What a recipe was bound and raised to holds where nothing
    else is given. `beside` are other files that will be written: no more than `output` may they be the model's weights.
    `tell` hears what is going on. Raises `edgeplan.ModelError`, `ValueError` for bindings, opsets and
    places that do not fit, and for a recipe made for another model.
    """
    places = () if output is None else (output, host_place(output)) if cut else (output,)
    for place in places:
        refuse_place(place, source)
    if recipe is not None:
        dims, inputs, values = dims or recipe.dims, inputs or recipe.inputs, values or recipe.values
        opset = opset or recipe.opset
    draft = Draft.open(source)
    read = load_model(source, dims, inputs, values) if dims or inputs or values else draft.read
    refuse_weights([*beside, *(f for place in places for f in files_of(place))], draft)
    bind(draft, dims or {}, inputs or {}, values or {})
    if opset:
        draft = raise_opset(draft, opset)
    before = structure(draft)
    ledger = Ledger(verify)
    if recipe is None:
        found = improve(draft, target, only=only, safe=safe, ledger=ledger, tell=tell)
    else:
        found = _again(recipe, draft, target, ledger)
    made = recipe or recipe_of(
        source.name,
        before,
        found.draft,
        found.steps,
        target.title if target else "",
        dims=dims or {},
        inputs=inputs or {},
        values=values or {},
        opset=opset,
    )
    parts, host, after = _parted(found, target, cut)
    comparison: Comparison | None = None
    written: tuple[str, ...] = ()
    if output is not None:
        try:
            comparison, written = _write(source, read, draft, found, made, parts, output, verify, bool(values), tell)
        except OSError as e:
            raise WriteError(f"cannot write {output}: {e.strerror or e}") from None
    return Rewriting(
        source.name,
        _summary(target),
        draft.ops,
        sum(part.ops for part in parts),
        advice_of(found),
        found.dropped,
        near_misses(found.misses),
        comparison,
        written,
        after.findings if after is not None else (),
        sum(len(s.sites) for s in found.steps),
        made,
        host,
        (found.before, after) if found.before is not None and after is not None else None,
    )


def _summary(target: Target | None) -> TargetSummary | None:
    if target is None:
        return None
    from edgeplan.summary import summarize_target

    return summarize_target(target)


def _parted(found: Improved, target: Target | None, cut: bool) -> tuple[list[Draft], HostPart | None, Plan | None]:
    """The model in one part or, cut, in two; what the host runs of it; and the plan of the device's part."""
    names = host_ops(found.draft, found.after) if found.after is not None else frozenset()
    if not names:
        return [found.draft], None, found.after
    ops = tuple(op.name for op in found.draft.graph.ops if op.name in names)
    made = cut_for_host(found.draft, names) if cut else ""
    if isinstance(made, str):
        return [found.draft], HostPart(ops, False, (), made), found.after
    return [made.device, made.host], HostPart(ops, True, made.boundary), plan_of(made.device, target)


def try_rewrites(
    source: str | Path | ModelProto,
    target: Target,
    plan: Plan,
    dims: Mapping[str, int],
    inputs: Mapping[str, Sequence[int]],
    values: Mapping[str, float],
) -> Plan:
    """A plan with advice: the rewrites that make it better, tried on a copy of the model in memory.

    Nothing is run: the sites are proved when `edgeplan rewrite` does them.
    """
    try:
        draft = Draft.open(Path(source) if isinstance(source, (str, Path)) else source)
    except ModelError as e:  # it has been analysed all the same
        return replace(plan, near=(NearMisses("rewrite", str(e), (plan.model.name,)),))
    bind(draft, dims, inputs, values)
    return advised(plan, improve(draft, target, ledger=Ledger(False)))


def _again(recipe: Recipe, draft: Draft, target: Target | None, ledger: Ledger) -> Improved:
    """The steps of a recipe done to a copy of the draft."""
    made = draft.copy()
    plans = [plan_of(draft, target)]
    steps: list[Step] = []

    def done(step: Done, found: Swept) -> None:
        before, after = plans[-1], plan_of(made, target)
        plans.append(after)
        why = weigh(before, after).why if before is not None and after is not None else ""
        steps.append(Step(step.rewrite, step.at, found.sites, why, before, after, step.folding))

    redo(recipe, made, ledger, after=done)
    return Improved(made, tuple(steps), (), (), plans[0], plans[-1])


def _write(
    source: Path,
    read: Loaded,
    draft: Draft,
    found: Improved,
    recipe: Recipe,
    parts: Sequence[Draft],
    output: Path,
    verify: bool,
    bound: bool,
    tell: Callable[[str], None],
) -> tuple[Comparison | None, tuple[str, ...]]:
    """Write the model beside its place, hold it against the original, and put it there when it stands."""
    with tempfile.TemporaryDirectory(prefix=".edgeplan-", dir=output.absolute().parent) as name:
        folder = Path(name)
        names = [output.name, host_place(output).name]
        files = [write_model(part, folder / n, source) for part, n in zip(parts, names, strict=False)]
        comparison = None
        if verify:
            tell("running both models")
            claims = [rewrite(n).claim.tolerance for n in {s.rewrite for step in found.steps for s in step.sites}]
            old, new, blank = source, [made[0] for made in files], draft.blank
            if blank:
                old, new = folder / "old.onnx", [folder / f"new.{n}" for n in names[: len(parts)]]
                again = with_random_weights(draft, old)
                redo(recipe, again, Ledger(False), strict=False)
                for part, place in zip(_like(again, found, parts), new, strict=True):
                    write_model(part, place, source)
            elif bound:  # what was bound to a value is an input of the file, not of the new model
                old = write_model(draft, folder / "old.onnx", source)[0]
            comparison = compare_models(read, old, new, tolerance_of(claims), blank)
            if comparison.runs and not comparison.equal:
                return comparison, ()
        placed: list[str] = []
        for path in reversed([f for made in files for f in made]):  # a model after its weights, the device's last
            os.replace(path, output.with_name(path.name))
            placed.insert(0, str(output.with_name(path.name)))
    return comparison, tuple(placed)


def _like(again: Draft, found: Improved, parts: Sequence[Draft]) -> Sequence[Draft]:
    """The model done again, in as many parts as it has the first time."""
    if len(parts) == 1 or found.after is None:
        return [again]
    made = cut_for_host(again, host_ops(found.draft, found.after))
    assert not isinstance(made, str)
    return [made.device, made.host]
