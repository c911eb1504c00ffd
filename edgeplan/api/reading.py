"""What every call begins with: a model read, a target found, and the one planned on the other."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from edgeplan.capability.rows import backend_names, rules_dir
from edgeplan.devices import DeviceError, find_device
from edgeplan.frontends import load_model
from edgeplan.frontends.loaded import Loaded
from edgeplan.plan import Plan, analyze_graph
from edgeplan.target import Target, TargetError, resolve

if TYPE_CHECKING:
    from onnx import ModelProto

    from edgeplan.graph import Graph

__all__ = ["Bindings", "fitting_backend", "load", "planned", "settled", "target_for"]

Bindings = tuple[Mapping[str, int], Mapping[str, Sequence[int]], Mapping[str, float]]
"""Dimensions, shapes of inputs and values of scalars, by name."""


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


def target_for(
    target: str | Target,
    backend: str | None,
    release: str | None,
    dialect: str,
    memory: int | None,
    assume: str,
) -> Target:
    """The target for models of a dialect: as it was given, else what the device's name and the rest resolve to."""
    if isinstance(target, Target):
        title = target.backend.title
        if dialect not in ("onnx", target.backend.dialect):
            raise TargetError(f"{title} does not take a .tflite model; give the ONNX model it was made from")
        return replace(target, assume=assume) if assume else target
    return resolve(target, fitting_backend(target, backend, dialect), release, memory=memory, assume=assume)


def planned(
    model: str | Path | ModelProto,
    read: Loaded,
    where: Target,
    bound: Bindings,
    *,
    size_budget: int | None,
    latency_budget: float | None,
    order: Literal["file", "memory"] = "file",
    relieve: bool = False,
    exact: bool = False,
) -> Plan:
    """The plan of a model that was `read` with what is `bound`."""
    read = settled(model, read, where, bound)
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


def settled(model: str | Path | ModelProto, read: Loaded, where: Target, bound: Bindings) -> Loaded:
    """A model that was `read` with what is `bound`, read again where the runtime keeps the file's own sizes."""
    kept = {d: read.stored[d] for d in read.free if d in read.stored and not where.backend.resizes}
    if not kept:
        return read
    dims, inputs, values = bound
    return load_model(model, {**dims, **kept}, inputs, values)
