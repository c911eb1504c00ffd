"""How large what flows into the contractions of a model is, channel by channel: measured on samples, in onnxruntime."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from edgeplan.surgery.draft import Draft
from edgeplan.surgery.runs import RunError, run_each
from edgeplan.surgery.writing import write_model

__all__ = ["mean_sizes"]

Channels = tuple[str, int]
"""A value of a graph, and the axis of its channels."""


def mean_sizes(
    draft: Draft, wanted: Iterable[Channels], samples: Sequence[Mapping[str, NDArray[Any]]]
) -> Mapping[Channels, NDArray[np.float64]] | str:
    """The mean of |x| of every channel of some values over all samples and positions; or why it cannot be measured.

    The model computes the means itself, in float32, so that of its large tensors none is handed out.
    """
    made = draft.copy()
    graph = made.model.graph
    held = {v.name: v for v in (*graph.inputs, *(o for n in graph for o in n.outputs))}
    outputs = {(name, axis): _mean(made, held[name], axis) for name, axis in dict.fromkeys(wanted)}
    if not outputs:
        return {}
    totals = [np.zeros(0)] * len(outputs)
    with tempfile.TemporaryDirectory(prefix="edgeplan-") as folder:
        place = Path(folder) / "measured.onnx"
        write_model(made, place, place)
        try:
            for found in run_each(str(place), samples, list(outputs.values())):
                totals = [
                    np.nan_to_num(f.astype(np.float64)) + (t if t.size else 0)
                    for t, f in zip(totals, found, strict=True)
                ]
        except RunError as e:
            return f"onnxruntime does not run the model on the samples: {e}"
    return {c: total / max(len(samples), 1) for c, total in zip(outputs, totals, strict=True)}


def _mean(draft: Draft, value: ir.Value, axis: int) -> str:
    """Add to a graph what takes the mean of |x| over all axes of a value but one, as an output; its name."""
    graph = draft.model.graph
    rank = len(value.shape or ())
    others = [a for a in range(rank) if a != axis % max(rank, 1)]
    cast = ir.node("Cast", [value], {"to": ir.DataType.FLOAT.value}, name=draft.fresh("edgeplan_cast"))
    size = ir.node("Abs", cast.outputs, name=draft.fresh("edgeplan_abs"))
    made = [cast, size]
    if others:
        attributes: dict[str, Any] = {"keepdims": 0}
        given = [size.outputs[0]]
        if draft.context.opset >= 18:
            axes = ir.Value(name=draft.fresh("edgeplan_axes"), shape=ir.Shape([len(others)]))
            axes.dtype, axes.const_value = ir.DataType.INT64, ir.tensor(others, dtype=ir.DataType.INT64, name=axes.name)
            graph.initializers[axes.name or ""] = axes
            given.append(axes)
        else:
            attributes["axes"] = others
        made.append(ir.node("ReduceMean", given, attributes, name=draft.fresh("edgeplan_mean")))
    for node in made:
        node.outputs[0].name = draft.fresh(f"{node.name}_out")
    out = made[-1].outputs[0]
    out.dtype = ir.DataType.FLOAT
    graph.extend(made)
    graph.outputs.append(out)
    return out.name or ""
