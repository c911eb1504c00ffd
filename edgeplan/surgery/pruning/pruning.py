"""`edgeplan prune` as one call: a model in, a narrower one that runs out, and what went of it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from edgeplan.frontends import load_model
from edgeplan.frontends.loaded import Loaded
from edgeplan.graph import Graph
from edgeplan.pruning.goal import Goal
from edgeplan.pruning.narrow import narrow
from edgeplan.pruning.plan import PrunePlan, plan_pruning
from edgeplan.pruning.structure import structure_of
from edgeplan.surgery.binding import bind
from edgeplan.surgery.compressing.calibration import Samples, inputs_of, read_samples
from edgeplan.surgery.compressing.outcome import CompressError
from edgeplan.surgery.draft import Draft
from edgeplan.surgery.pruning.cut import cut
from edgeplan.surgery.pruning.prepare import prepare
from edgeplan.surgery.pruning.scores import SCORES, scores_of
from edgeplan.surgery.pruning.trial import Trial, misshapen, try_models
from edgeplan.surgery.writing import WriteError, files_of, refuse_place, refuse_weights, weight_files, write_model

if TYPE_CHECKING:
    from edgeplan.summary import TargetSummary
    from edgeplan.target import Target

__all__ = ["PruneError", "Pruned", "prune_model"]

SCHEMA_VERSION = 1


class PruneError(ValueError):
    """A pruning that cannot be done as it was asked for, and why, in one line."""


@dataclass(frozen=True, slots=True, eq=False)
class Pruned:
    """What became of a model. `blank` says that it is not trained yet: then nothing is scored.

    `runs` are those in onnxruntime that both models came through, on `samples`. `change` is how far the output moved
    that moved most (see `Trial`); None where none can be compared, or it says nothing, as before training. `file_bytes`
    are those of the model's files before and after. `written` is empty where nothing was asked for, the goal is not met
    or the new model is not sound; `why` says which, and why nothing could be run. `notes` are of the scores.
    """

    model: str
    target: TargetSummary | None
    blank: bool
    score: str
    plan: PrunePlan
    runs: int = 0
    change: float | None = None
    samples: str = ""
    file_bytes: tuple[int, int] | None = None
    written: tuple[str, ...] = ()
    why: str = ""
    notes: tuple[str, ...] = ()
    schema_version: int = field(default=SCHEMA_VERSION)


def prune_model(
    source: Path,
    target: Target | None,
    goal: Goal,
    *,
    output: Path | None = None,
    score: str = "l2",
    samples: Path | None = None,
    floor: float = 0.125,
    step: int = 0,
    keep: Collection[str] = (),
    verify: bool = True,
    dims: Mapping[str, int] | None = None,
    inputs: Mapping[str, Sequence[int]] | None = None,
    values: Mapping[str, float] | None = None,
    beside: Collection[Path] = (),
    tell: Callable[[str], None] = lambda _: None,
) -> Pruned:
    """Take as many channels out of the ONNX file `source` as a goal asks for, and write it to `output`, if given.

    `score` says which matter least (see `SCORES`), `samples` are inputs of the model in .npz or .npy files, to score by
    and to run both models on. `floor`, `step` and `keep` are those of `plan_pruning`. With `verify` off neither model
    is run. `beside` are other files that will be written. `tell` hears what is going on.
    Raises `edgeplan.ModelError`, and `ValueError` for bindings, goals, samples and places that do not fit.
    """
    if output is not None:
        refuse_place(output, source)
    if not 0 <= floor <= 1:
        raise PruneError(f"{floor:g} is no floor: it is a part of the channels, from 0 to 1")
    if score not in SCORES:
        raise PruneError(f"there are no scores by {score!r}, only by {', '.join(SCORES)}")
    draft = Draft.open(source)
    read = load_model(source, dims, inputs, values) if dims or inputs or values else draft.read
    refuse_weights([*beside, *(files_of(output) if output is not None else ())], draft)
    bind(draft, dims or {}, inputs or {}, values or {})
    given = _given(samples, read)
    tell("following channels")
    prepared = prepare(draft)
    structure = structure_of(prepared.graph)
    wrong = _unknown(keep, prepared.graph)
    if wrong:
        raise PruneError(wrong)
    notes: list[str] = []
    scores = None
    if not draft.blank:
        tell("scoring channels")
        found = scores_of(prepared, structure, score, given, notes.append)
        if isinstance(found, str):
            raise PruneError(found)
        scores = found
    tell("planning")
    plan = plan_pruning(
        structure, target, goal, scores, floor=floor, step=step, keep=keep, free=read.free, name=source.name
    )
    trial, files, why = Trial(), list[Path](), plan.why
    if output is not None and plan.met:
        tell("cutting channels out")
        made = cut(prepared, plan.kept)
        why = misshapen(made.graph, narrow(plan.kept))
        if not why:
            if verify:
                tell("running both models")
            try:
                trial, files = _write(source, read, draft, made, output, given, verify, bool(values))
            except OSError as e:
                raise WriteError(f"cannot write {output}: {e.strerror or e}") from None
    return Pruned(
        source.name,
        _summary(target),
        draft.blank,
        "" if draft.blank else score,
        plan,
        trial.runs,
        None if draft.blank else trial.change,
        trial.samples,
        (_size({source, *weight_files(draft)}), _size(files)) if files else None,
        tuple(map(str, files)),
        why or trial.broken or trial.why,
        tuple(notes),
    )


def _unknown(keep: Collection[str], graph: Graph) -> str:
    """What is wrong with the ops that are to stay, with the nearest right name; empty when all are known."""
    names = {op.name for op in graph.ops}
    for name in keep:
        if name not in names:
            near = get_close_matches(name, names, 1)
            return f"no op is called {name!r}" + (f"; did you mean {near[0]!r}?" if near else "")
    return ""


def _given(samples: Path | None, read: Loaded) -> Samples | None:
    try:
        return read_samples(samples, inputs_of(read)) if samples is not None else None
    except CompressError as e:
        raise PruneError(str(e)) from None


def _summary(target: Target | None) -> TargetSummary | None:
    if target is None:
        return None
    from edgeplan.summary import summarize_target

    return summarize_target(target)


def _size(files: Iterable[Path]) -> int:
    return sum(f.stat().st_size for f in files)


def _write(
    source: Path,
    read: Loaded,
    draft: Draft,
    made: Draft,
    output: Path,
    samples: Samples | None,
    verify: bool,
    bound: bool,
) -> tuple[Trial, list[Path]]:
    """Write the model beside its place, run it, and put it there where it runs, or the old one does not either."""
    with tempfile.TemporaryDirectory(prefix=".edgeplan-", dir=output.absolute().parent) as name:
        folder = Path(name)
        files = write_model(made, folder / output.name, source, apart=bool(weight_files(draft)))
        trial = Trial(why="neither model was run, as asked for")
        if verify:
            old = source
            if bound:  # what was bound to a value is an input of the file, not of the new model
                old = write_model(draft, folder / f"old.{output.name}", source)[0]
            trial = try_models(old, files[0], read, samples)
        if trial.broken:
            return trial, []
        for path in reversed(files):  # the model after its weights
            os.replace(path, output.with_name(path.name))
    return trial, [output.with_name(path.name) for path in files]
