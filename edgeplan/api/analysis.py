"""Analysing: one model on one target, several beside each other, and the largest size of one that fits."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar

from edgeplan.api.reading import planned, target_for
from edgeplan.comparison import Candidate, Comparison, candidate, standing
from edgeplan.frontends import dialect_of, load_model
from edgeplan.frontends.errors import BindingError, ModelError
from edgeplan.plan import Plan
from edgeplan.summary import summarize_target
from edgeplan.sweep.axes import bindings
from edgeplan.sweep.search import Need, Sweep, search
from edgeplan.target import Target

if TYPE_CHECKING:
    from onnx import ModelProto

__all__ = ["analyze", "compare", "sweep"]

_T = TypeVar("_T")


def analyze(
    model: str | Path | ModelProto,
    target: str | Target = "iphone14pro",
    *,
    backend: str | None = None,
    release: str | None = None,
    dims: Mapping[str, int] | None = None,
    inputs: Mapping[str, Sequence[int]] | None = None,
    values: Mapping[str, float] | None = None,
    memory_budget: int | None = None,
    size_budget: int | None = None,
    latency_budget: float | None = None,
    assume: str = "",
    order: Literal["file", "memory"] = "file",
    relieve: bool = False,
    exact: bool = False,
    advise: bool = False,
) -> Plan:
    """Predict where each op of a model, an ONNX or a TFLite file, runs on a target, and what memory it needs.

    `target` is a device's id or a `Target`; `backend` and `release` choose among what the device runs. `dims` binds
    free dimensions by name, `inputs` shapes and `values` scalars by input name; budgets are in bytes and seconds.
    `assume` plans a float model as though it were compressed: `w8a8`, `palette4`, ... (see `edgeplan.lower.scheme`).
    `order` "memory" plans the ops in an order with a lower peak; `relieve` asks what would lower the memory though
    there is enough; `exact` has a solver pack the arena (it needs the extra `exact`). `advise` tries which rewrites
    make the plan better (it needs the extra `rewrite`).
    Raises `edgeplan.ModelError`, `edgeplan.TargetError`, or `ValueError` for a binding that does not fit.

    >>> plan = analyze("model.onnx", target="iphone14pro")
    >>> plan.outcome, plan.memory.peak
    """
    where = target_for(target, backend, release, dialect_of(model), memory_budget, assume)
    own = dims or {}, inputs or {}, values or {}
    plan = planned(
        model,
        load_model(model, *own),
        where,
        own,
        size_budget=size_budget,
        latency_budget=latency_budget,
        order=order,
        relieve=relieve,
        exact=exact,
    )
    if not advise or dialect_of(model) != "onnx":
        return plan
    from edgeplan.surgery.rewriting import try_rewrites

    return try_rewrites(model, where, plan, *own)


def compare(
    models: Sequence[str | Path | ModelProto],
    targets: Sequence[str | Target],
    *,
    backend: str | None = None,
    release: str | None = None,
    dims: Mapping[str, int] | None = None,
    inputs: Mapping[str, Sequence[int]] | None = None,
    values: Mapping[str, float] | None = None,
    memory_budget: int | None = None,
    size_budget: int | None = None,
    latency_budget: float | None = None,
    assume: str = "",
) -> Comparison:
    """Plan several models on each of several targets, and tell which of them are beaten in time, memory and weights.

    Arguments are as for `analyze`; a dimension or input is bound in the models that have it. Raises as `analyze` does,
    `edgeplan.ModelError` with the model's name, and `ValueError` for a binding that fits none of them.

    >>> compare(["a.onnx", "b.onnx"], ["iphone14pro"]).standings[0].front
    """
    dialect = next((d for d in map(dialect_of, models) if d != "onnx"), "onnx")
    where = [target_for(t, backend, release, dialect, memory_budget, assume) for t in targets]
    wanted = {*(dims or {}), *(inputs or {}), *(values or {})}
    met: set[str] = set()
    candidates: list[list[Candidate]] = [[] for _ in where]
    for model, label in zip(models, _labels(models), strict=True):
        try:
            known = _names(model) if wanted else set()
            met |= known & wanted
            own = _those(dims, known), _those(inputs, known), _those(values, known)
            read = load_model(model, *own)
            for target, found in zip(where, candidates, strict=True):
                plan = planned(model, read, target, own, size_budget=size_budget, latency_budget=latency_budget)
                found.append(candidate(label, plan))
        except (ModelError, BindingError) as e:
            raise type(e)(f"{label}: {e}") from None
    if met != wanted:
        raise BindingError(f"no model has a free dimension or an input {min(wanted - met)!r}")
    return Comparison(tuple(standing(summarize_target(t), tuple(c)) for t, c in zip(where, candidates, strict=True)))


def _names(model: str | Path | ModelProto) -> set[str]:
    """What of a model can be bound: its free dimensions and its inputs."""
    read = load_model(model)
    return {*read.free, *read.graph.inputs}


def _those(given: Mapping[str, _T] | None, known: Collection[str]) -> dict[str, _T]:
    return {name: value for name, value in (given or {}).items() if name in known}


def _labels(models: Sequence[str | Path | ModelProto]) -> list[str]:
    """The models' names: of files that are called the same their paths, and numbers where these are the same, too."""
    short = [Path(m).name if isinstance(m, (str, Path)) else m.graph.name for m in models]
    long = [str(m) if isinstance(m, (str, Path)) else m.graph.name for m in models]
    names = [s if short.count(s) == 1 else path for s, path in zip(short, long, strict=True)]
    return [n if names.count(n) == 1 else f"{n} ({names[:i].count(n) + 1})" for i, n in enumerate(names)]


def sweep(
    model: str | Path | ModelProto,
    target: Target,
    name: str,
    sizes: Sequence[int],
    *,
    dims: Mapping[str, int] | None = None,
    inputs: Mapping[str, Sequence[int]] | None = None,
    values: Mapping[str, float] | None = None,
) -> Sweep:
    """Find the largest of `sizes`, ascending, at which a model fits the target's budget of memory.

    `name` is what has the size: see `edgeplan.sweep.axes.bindings`; the rest is bound as for `analyze`.
    Raises `edgeplan.ModelError`, and `ValueError` when the name or a binding does not fit the model, or the target has
    no budget.
    """
    limit = target.budget.effective
    if limit is None:
        raise BindingError(f"{target.budget.basis}; give one with --budget memory=SIZE")
    read = load_model(model, dims, inputs, values)
    first = bindings(read.graph, read.free, name, sizes[0])
    if isinstance(first, str):
        raise BindingError(first)
    open_ = [d for d in read.free if d not in first.dims]
    if open_:
        more = " ".join(f"--dim {d}=SIZE" for d in open_)
        raise BindingError(f"{name!r} leaves {', '.join(map(repr, open_))} open: add {more}")

    def need(size: int) -> Need | str:
        bound = bindings(read.graph, read.free, name, size)
        assert not isinstance(bound, str)
        shapes = {**(inputs or {}), **bound.inputs}
        try:
            plan = analyze(model, target, dims={**(dims or {}), **bound.dims}, inputs=shapes, values=values)
        except (ModelError, BindingError) as e:
            return str(e)
        if plan.memory.unsized:
            return f"the model may be made for one size: that of {plan.memory.unsized[0]!r} does not follow"
        return Need(plan.memory.peak, plan.memory.activations, plan.model.inputs)

    return search(name, sizes, limit, need)
