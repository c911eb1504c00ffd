"""The two calls most programs need: read a model, and plan it on a target."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar

from edgeplan.capability.rows import backend_names, rules_dir
from edgeplan.comparison import Candidate, Comparison, candidate, standing
from edgeplan.devices import DeviceError, find_device
from edgeplan.frontends import dialect_of, load_model
from edgeplan.frontends.errors import BindingError, ModelError
from edgeplan.frontends.loaded import Loaded
from edgeplan.lower.assumed import Scheme
from edgeplan.plan import Plan, analyze_graph
from edgeplan.summary import summarize_target
from edgeplan.sweep.axes import bindings
from edgeplan.sweep.search import Need, Sweep, search
from edgeplan.target import Target, TargetError, resolve

if TYPE_CHECKING:
    from onnx import ModelProto

    from edgeplan.graph import Graph
    from edgeplan.surgery.rewriting import Rewriting

__all__ = ["analyze", "compare", "fitting_backend", "load", "rewrite", "sweep"]

_T = TypeVar("_T")


def load(
    model: str | Path | ModelProto,
    *,
    dims: Mapping[str, int] | None = None,
    inputs: Mapping[str, Sequence[int]] | None = None,
    values: Mapping[str, float] | None = None,
) -> Graph:
    """Read a model's graph, shapes inferred, weights left where they are: an ONNX or a TFLite file.

    `dims` binds free dimensions by name, `inputs` shapes and `values` scalars by input name.
    Raises `edgeplan.ModelError` when the model cannot be analysed and `ValueError` when a binding does not fit it.
    """
    return load_model(model, dims, inputs, values).graph


def fitting_backend(device: str, backend: str | None, dialect: str) -> str | None:
    """The backend to ask a device for, given the dialect of the model: the one wanted, else the first that takes it.

    Every backend takes ONNX, a graph of another dialect only those that speak it. None leaves the choice, and what is
    to be said of an unknown device, to `resolve`. Raises `TargetError` when no backend fits.
    """
    if dialect == "onnx":
        return backend
    try:
        found = find_device(device)
    except DeviceError:
        return backend
    names = [backend] if backend else list(found.backends)
    for name in names:
        if name not in found.backends or name not in backend_names() or _dialect(name) == dialect:
            return name
    runs = f"{names[0]} does not take" if backend else f"no runtime of {found.title} takes"
    raise TargetError(f"{runs} a .tflite model; give the ONNX model it was made from")


def _dialect(backend: str) -> str:
    """What a backend's rows speak of, from its head alone."""
    return str(tomllib.loads((rules_dir() / backend / "backend.toml").read_text("utf-8"))["dialect"])


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
    assume: Scheme | Literal[""] = "",
    order: Literal["file", "memory"] = "file",
    relieve: bool = False,
    exact: bool = False,
    advise: bool = False,
) -> Plan:
    """Predict where each op of a model, an ONNX or a TFLite file, runs on a target, and what memory it needs.

    `target` is a device's id or a `Target`; `backend` and `release` choose among what the device runs. `dims` binds
    free dimensions by name, `inputs` shapes and `values` scalars by input name; budgets are in bytes and seconds.
    `assume` plans a float model as though it were quantised (see `edgeplan.lower.assumed`). `order` "memory" plans the
    ops in an order with a lower peak; `relieve` asks what would lower the memory though there is enough; `exact` has a
    solver pack the arena (it needs the extra `exact`). `advise` tries which rewrites make the plan better (it needs the
    extra `rewrite`).
    Raises `edgeplan.ModelError`, `edgeplan.TargetError`, or `ValueError` for a binding that does not fit.

    >>> plan = analyze("model.onnx", target="iphone14pro")
    >>> plan.outcome, plan.memory.peak
    """
    where = _target(target, backend, release, dialect_of(model), memory_budget, assume)
    own = dims or {}, inputs or {}, values or {}
    plan = _planned(
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


_Bindings = tuple[Mapping[str, int], Mapping[str, Sequence[int]], Mapping[str, float]]
"""Dimensions, shapes of inputs and values of scalars, by name."""


def _target(
    target: str | Target,
    backend: str | None,
    release: str | None,
    dialect: str,
    memory: int | None,
    assume: Scheme | Literal[""],
) -> Target:
    """The target for models of a dialect: as it was given, else what the device's name and the rest resolve to."""
    if isinstance(target, Target):
        title = target.backend.title
        if dialect not in ("onnx", target.backend.dialect):
            raise TargetError(f"{title} does not take a .tflite model; give the ONNX model it was made from")
        return replace(target, assume=assume) if assume else target
    return resolve(target, fitting_backend(target, backend, dialect), release, memory=memory, assume=assume)


def _planned(
    model: str | Path | ModelProto,
    read: Loaded,
    where: Target,
    bound: _Bindings,
    *,
    size_budget: int | None,
    latency_budget: float | None,
    order: Literal["file", "memory"] = "file",
    relieve: bool = False,
    exact: bool = False,
) -> Plan:
    """The plan of a model that was `read` with what is `bound`; read again where the runtime keeps the file's sizes."""
    kept = {d: read.stored[d] for d in read.free if d in read.stored and not where.backend.resizes}
    if kept:
        dims, inputs, values = bound
        read = load_model(model, {**dims, **kept}, inputs, values)
    path = Path(model) if isinstance(model, (str, Path)) else None
    return analyze_graph(
        read.graph,
        where,
        name=path.name if path else read.graph.name,
        file_bytes=path.stat().st_size if path else None,
        free=read.free,
        missing=read.missing,
        size_budget=size_budget,
        latency_budget=latency_budget,
        order=order,
        relieve=relieve,
        exact=exact,
    )


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
    assume: Scheme | Literal[""] = "",
) -> Comparison:
    """Plan several models on each of several targets, and tell which of them are beaten in time, memory and weights.

    Arguments are as for `analyze`; a dimension or input is bound in the models that have it. Raises as `analyze` does,
    `edgeplan.ModelError` with the model's name, and `ValueError` for a binding that fits none of them.

    >>> compare(["a.onnx", "b.onnx"], ["iphone14pro"]).standings[0].front
    """
    dialect = next((d for d in map(dialect_of, models) if d != "onnx"), "onnx")
    where = [_target(t, backend, release, dialect, memory_budget, assume) for t in targets]
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
                plan = _planned(model, read, target, own, size_budget=size_budget, latency_budget=latency_budget)
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


def rewrite(
    model: str | Path,
    target: str | Target | None = None,
    *,
    output: str | Path | None = None,
    backend: str | None = None,
    release: str | None = None,
    only: Collection[str] = (),
    safe: bool = False,
    verify: bool = True,
    dims: Mapping[str, int] | None = None,
    inputs: Mapping[str, Sequence[int]] | None = None,
    values: Mapping[str, float] | None = None,
    opset: int = 0,
) -> Rewriting:
    """Rewrite an ONNX file so that it stays on a target's accelerator, or, without one, only make it smaller.

    The new model is written to `output` when it gives the same results; without one nothing is written. `only` names
    the rewrites that may be used, `safe` leaves out those that change the numbers, and `verify` off believes them.
    Bindings are as for `analyze` and become part of the new model, which is raised to `opset`, if given.
    Needs the extra `rewrite`.
    Raises `edgeplan.ModelError`, `edgeplan.TargetError`, or `ValueError` for what does not fit: bindings, places.

    >>> rewrite("model.onnx", "iphone14pro", output="better.onnx").comparison.equal
    """
    from edgeplan.surgery.rewriting import rewrite_model

    where = _target(target, backend, release, "onnx", None, "") if target is not None else None
    place = Path(output) if output is not None else None
    return rewrite_model(
        Path(model),
        where,
        output=place,
        only=only,
        safe=safe,
        verify=verify,
        dims=dims,
        inputs=inputs,
        values=values,
        opset=opset,
    )


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
