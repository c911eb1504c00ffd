"""New constants from old ones: computed in float64, rounded once, and only when somebody reads them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from edgeplan.surgery.rewrite import Folded

__all__ = ["contents", "deferred", "evaluate"]

_CACHED = 1 << 20
"""Bytes up to which a computed constant is kept, once computed."""


def contents(tensor: ir.TensorProtocol) -> NDArray[Any]:
    """A tensor as rewrites compute with it: floats of any width as float64, the rest as it is."""
    array = np.asarray(tensor.numpy())
    return array.astype(np.float64) if tensor.dtype.is_floating_point() else array


def evaluate(folded: Folded, given: Mapping[ir.Value, NDArray[Any]]) -> NDArray[Any]:
    """The contents of a new constant from those of its sources, not yet rounded. `ValueError`: of another shape."""
    array = np.asarray(folded.compute(*(given[s] for s in folded.sources)))
    shape = folded.value.shape
    if shape is None or array.shape != tuple(shape):
        raise ValueError(f"{folded.value.name} has shape {list(array.shape)}, not {list(shape or ())}")
    return array


def deferred(folded: Folded) -> ir.LazyTensor:
    """The tensor of a new constant, computed from its sources when it is read or written."""
    tensors = [ir.convenience.get_const_tensor(s) for s in folded.sources]
    value = folded.value
    assert value.dtype is not None
    assert value.shape is not None
    dtype, shape = value.dtype, ir.Shape(list(value.shape))
    sources = folded.sources

    def compute() -> ir.TensorProtocol:
        given = {s: contents(t) for s, t in zip(sources, tensors, strict=True) if t is not None}
        return ir.Tensor(evaluate(folded, given).astype(dtype.numpy()), dtype=dtype, name=value.name)

    size = value.shape.numpy()
    small = int(np.prod(size)) * dtype.itemsize <= _CACHED
    return ir.LazyTensor(compute, dtype=dtype, shape=shape, name=value.name or "", cache=small)
