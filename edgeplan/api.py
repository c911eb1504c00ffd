"""The two calls most programs need: read a model, and plan it on a target."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from edgeplan.plan import Plan, analyze_graph
from edgeplan.target import Target, resolve

if TYPE_CHECKING:
    from onnx import ModelProto

    from edgeplan.graph import Graph

__all__ = ["analyze", "load"]


def load(
    model: str | Path | ModelProto,
    *,
    dims: Mapping[str, int] | None = None,
    inputs: Mapping[str, Sequence[int]] | None = None,
    values: Mapping[str, float] | None = None,
) -> Graph:
    """Read a model's graph, shapes inferred, weights left where they are.

    `dims` binds free dimensions by name, `inputs` shapes and `values` scalars by input name.
    Raises `edgeplan.ModelError` when the model cannot be analysed and `ValueError` when a binding does not fit it.
    """
    from edgeplan.frontends.onnx import load_onnx

    return load_onnx(model, dims, inputs, values).graph


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
) -> Plan:
    """Predict where each op of a model runs on a target, and what memory it needs.

    `target` is a device's id or a `Target`; `backend` and `release` choose among what the device runs. `dims` binds
    free dimensions by name, `inputs` shapes and `values` scalars by input name; budgets are in bytes.
    Raises `edgeplan.ModelError`, `edgeplan.TargetError`, or `ValueError` for a binding that does not fit.

    >>> plan = analyze("model.onnx", target="iphone14pro")
    >>> plan.outcome, plan.memory.total
    """
    from edgeplan.frontends.onnx import load_onnx

    where = target if isinstance(target, Target) else resolve(target, backend, release, memory=memory_budget)
    read = load_onnx(model, dims, inputs, values)
    path = Path(model) if isinstance(model, (str, Path)) else None
    return analyze_graph(
        read.graph,
        where,
        name=path.name if path else read.graph.name,
        file_bytes=path.stat().st_size if path else None,
        free=read.free,
        missing=read.missing,
        size_budget=size_budget,
    )
