"""Ops that keep a tensor between two bounds: Clip and Relu, read and made whatever the version of the op."""

from __future__ import annotations

from math import inf

import numpy as np
import onnx_ir as ir

from edgeplan.surgery.looking import attribute, dims, known
from edgeplan.surgery.rewrite import Edit

__all__ = ["bounds_of", "clipped", "single"]

_MOST = float(np.finfo(np.float32).max)
"""What a Clip before opset 11 takes for a bound that is not given."""


def single(value: ir.Value | None) -> float | None:
    """The one number a constant holds, exactly; None for what is none or is not a number."""
    found = known(value)
    if found is None or found.size != 1 or found.dtype.kind not in "fiu":
        return None
    number = found.reshape(()).item()
    return None if number != number else number


def bounds_of(node: ir.Node, opset: int) -> tuple[float, float] | None:
    """The bounds of a Clip or a Relu, infinite where it has none; None where they are not known."""
    if node.op_type == "Relu":
        return 0.0, inf
    if opset < 11:
        return float(attribute(node, "min", -_MOST)), float(attribute(node, "max", _MOST))
    given = [*node.inputs[1:3], None, None][:2]
    found = [single(v) for v in given]
    if any(f is None and v is not None for f, v in zip(found, given, strict=True)):
        return None
    return (-inf if found[0] is None else found[0]), (inf if found[1] is None else found[1])


def clipped(edit: Edit, opset: int, value: ir.Value, low: float, high: float) -> ir.Value:
    """`value` between bounds, by a Relu where that is all, else by a Clip; itself where there are none."""
    if low == -inf and high == inf:
        return value
    if low == 0 and high == inf:
        made = edit.op("Relu", [value])
    elif opset < 11:
        given = {"min": low if low > -_MOST else None, "max": high if high < _MOST else None}
        made = edit.op("Clip", [value], {name: bound for name, bound in given.items() if bound is not None})
    else:
        ends = [None if abs(b) == inf else edit.constant(b, dtype=value.dtype) for b in (low, high)]
        made = edit.op("Clip", [value, *(ends if ends[1] is not None else ends[:1])])
    return edit.typed(made, like=value, shape=dims(value))
