"""The two calls most programs need: read a model, and plan it on a target."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from edgeplan.capability.rows import backend_names, rules_dir
from edgeplan.devices import DeviceError, find_device
from edgeplan.frontends import dialect_of, load_model
from edgeplan.frontends.errors import BindingError, ModelError
from edgeplan.plan import Plan, analyze_graph
from edgeplan.sweep.axes import bindings
from edgeplan.sweep.search import Need, Sweep, search
from edgeplan.target import Target, TargetError, resolve

if TYPE_CHECKING:
    from onnx import ModelProto

    from edgeplan.graph import Graph

__all__ = ["analyze", "fitting_backend", "load", "sweep"]


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
    order: Literal["file", "memory"] = "file",
    relieve: bool = False,
    exact: bool = False,
) -> Plan:
    """Predict where each op of a model, an ONNX or a TFLite file, runs on a target, and what memory it needs.

    `target` is a device's id or a `Target`; `backend` and `release` choose among what the device runs. `dims` binds
    free dimensions by name, `inputs` shapes and `values` scalars by input name; budgets are in bytes. `order` "memory"
    plans the ops in an order with a lower peak; `relieve` asks what would lower the memory though there is enough;
    `exact` has a solver pack the arena (it needs the extra `exact`).
    Raises `edgeplan.ModelError`, `edgeplan.TargetError`, or `ValueError` for a binding that does not fit.

    >>> plan = analyze("model.onnx", target="iphone14pro")
    >>> plan.outcome, plan.memory.peak
    """
    dialect = dialect_of(model)
    if isinstance(target, Target):
        where = target
        if dialect not in ("onnx", where.backend.dialect):
            raise TargetError(
                f"{where.backend.title} does not take a .tflite model; give the ONNX model it was made from"
            )
    else:
        where = resolve(target, fitting_backend(target, backend, dialect), release, memory=memory_budget)
    read = load_model(model, dims, inputs, values)
    kept = {d: read.stored[d] for d in read.free if d in read.stored and not where.backend.resizes}
    if kept:
        read = load_model(model, {**(dims or {}), **kept}, inputs, values)
    path = Path(model) if isinstance(model, (str, Path)) else None
    return analyze_graph(
        read.graph,
        where,
        name=path.name if path else read.graph.name,
        file_bytes=path.stat().st_size if path else None,
        free=read.free,
        missing=read.missing,
        size_budget=size_budget,
        order=order,
        relieve=relieve,
        exact=exact,
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
