"""Conditions on shapes that rows of several backends share."""

from __future__ import annotations

from edgeplan.graph import Op, Value

__all__ = ["dynamic_shape"]


def dynamic_shape(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """A tensor of the op has an axis whose size is not known before the model runs."""
    shapes = [v.shape for v in (*inputs, *outputs)]
    if any(not isinstance(d, int) for s in shapes if s is not None for d in s):
        return True
    return None if None in shapes else False
