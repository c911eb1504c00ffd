"""Models before their training, whose weights are all one number: what holds of it holds of no trained model."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

import numpy as np
import onnx_ir as ir

from edgeplan.surgery.looking import BLANK

__all__ = ["has_blank_weights", "mark_blank"]

_SAMPLE = 4096
"""Elements of a weight that are looked at."""

_MODEL = 64
"""Elements of all weights below which a model is an example, not a network before its training."""

_SETTING = 8
"""Elements below which a constant is a setting of an op, not a weight."""


def has_blank_weights(model: ir.Model) -> bool:
    """Whether more than half of a model's float weights hold one number throughout, or are made of nothing."""
    blank = total = 0
    for graph in _graphs(model):
        for node in graph:
            shape = node.outputs[0].shape if node.op_type == "ConstantOfShape" else None
            if shape is not None and shape.is_static():
                blank, total = blank + prod(shape.numpy()), total + prod(shape.numpy())
        for value in graph.initializers.values():
            if _is_weight(value):
                size = value.const_value.size if value.const_value is not None else 0
                blank, total = blank + (size if _is_uniform(value) else 0), total + size
    return total >= _MODEL and blank > total / 2


def mark_blank(model: ir.Model) -> None:
    """Mark the weights of one number, so that no rewrite counts on it: they stand for those still to come."""
    for graph in _graphs(model):
        for value in graph.initializers.values():
            if _is_weight(value) and _is_uniform(value):
                value.meta[BLANK] = True
        for node in graph:
            if node.op_type == "ConstantOfShape":
                node.outputs[0].meta[BLANK] = True


def _graphs(model: ir.Model) -> Iterator[ir.Graph]:
    yield model.graph
    yield from model.graph.subgraphs()


def _is_weight(value: ir.Value) -> bool:
    tensor = value.const_value
    return tensor is not None and tensor.size >= _SETTING and tensor.dtype.is_floating_point()


def _is_uniform(value: ir.Value) -> bool:
    tensor = value.const_value
    assert tensor is not None
    try:
        sample = np.asarray(tensor.numpy()).reshape(-1)[:_SAMPLE].astype(np.float64)
    except (OSError, ValueError):  # of a file that is missing or too short; who needs it says so
        return False
    return bool(sample.min() == sample.max())
