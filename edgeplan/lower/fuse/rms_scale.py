"""The scale of a root-mean-square norm that stands before the normalised data, as PyTorch's exporter writes it."""

from __future__ import annotations

from edgeplan.lower.fuse.pattern import Fused, Matcher

__all__ = ["fuse_rms_scale"]


def fuse_rms_scale(m: Matcher, index: int) -> Fused | None:
    """A product of a constant and a norm spelled out in this very order of operands.

    Before: `r = Reciprocal(Sqrt(Add(ReduceMean<-1>(Pow(x, 2)), e))); n = Mul(x, r); y = Mul(w, n)`, w a constant
    After:  the same, the last product marked `scales_norm`
    """
    op = m.op(index)
    if op.attrs.get("scales_norm") or len(op.inputs) != 2 or not m.value(op.inputs[0]).const:
        return None
    norm = m.producer(op.inputs[1], "Mul")
    root = m.producer(m.op(norm).inputs[1], "Reciprocal") if norm is not None else None
    power = _mean_of_squares(m, m.op(root).inputs[0]) if root is not None else None
    if norm is None or power is None or m.op(power).inputs[0] != m.op(norm).inputs[0]:
        return None
    return Fused("Mul", op.inputs, op.ports, op.outputs, {**op.attrs, "scales_norm": 1}, (index,))


def _mean_of_squares(m: Matcher, name: str) -> int | None:
    """The Pow whose mean over the last axis, something added, has this root."""
    root = m.producer(name, "Sqrt")
    added = m.producer(m.op(root).inputs[0], "Add") if root is not None else None
    if added is None or not m.value(m.op(added).inputs[1]).const:
        return None
    mean = m.producer(m.op(added).inputs[0], "ReduceMean")
    power = m.producer(m.op(mean).inputs[0], "Pow") if mean is not None else None
    if mean is None or power is None or m.scalar(m.op(power).inputs[1]) != 2:
        return None
    axes = m.op(mean).attrs.get("axes")
    if len(m.op(mean).inputs) > 1:
        axes = m.value(m.op(mean).inputs[1]).data
    rank = len(m.value(m.op(power).inputs[0]).shape or ())
    return power if axes in ((-1,), (rank - 1,)) else None
