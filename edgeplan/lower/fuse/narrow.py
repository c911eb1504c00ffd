"""Integers of 64 bits that a runtime keeps at the edge of its graph and holds in 32 bits inside."""

from __future__ import annotations

from dataclasses import replace

from edgeplan.graph import DType
from edgeplan.lower.fuse.pattern import Fused, Matcher

__all__ = ["NARROW_ENDS", "fuse_narrow"]

NARROW_ENDS = frozenset({
    "Abs", "Add", "ArgMax", "ArgMin", "Cast", "CastLike", "Clip", "Concat", "CumSum", "Div", "Expand", "Flatten",
    "Gather", "GatherElements", "GatherND", "Identity", "Max", "Min", "Mod", "Mul", "Neg", "NonZero", "OneHot",
    "Pad", "Pow", "Range", "ReduceMax", "ReduceMin", "ReduceSum", "Relu", "Reshape", "ScatterElements", "ScatterND",
    "Shape", "Sign", "Slice", "Split", "Squeeze", "Sub", "Sum", "Tile", "TopK", "Transpose", "Unsqueeze", "Where",
})  # fmt: skip
"""The ops that can make int64 tensors and run on a QNN unit."""


def fuse_narrow(m: Matcher, index: int) -> Fused | None:
    """An int64 result that is no output of the graph is int32 in QNN (onnxruntime-qnn, cast_op_builder.cc and
    base_op_builder.cc, ProcessInt64Tensors, at cee6c0d9); at the edge it keeps its type and is cast.

    Before: `i = ArgMax(x); j = Add(i, k); y = Cast<to = float>(j)`, i and j int64
    After:  the same, i and j int32
    """
    op = m.op(index)
    wide = [m.value(n) for n in op.outputs if m.value(n).dtype is DType.INT64 and n not in m.graph.outputs]
    if not wide or op.bodies:
        return None
    narrow = tuple(replace(v, dtype=DType.INT32) for v in wide)
    return Fused(op.type, op.inputs, op.ports, op.outputs, dict(op.attrs), (index,), narrow)
