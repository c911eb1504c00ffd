"""Which axes an op names, as an attribute or an input, counted from the front or the end."""

from __future__ import annotations

import onnx_ir as ir

from edgeplan.surgery.looking import attribute, dims, integers, ints

__all__ = ["axes_named", "axes_reduced", "axis_of"]


def axis_of(node: ir.Node, axis: int) -> int | None:
    """An axis of a node's first input, counted from the front; None where that needs a rank that is not known."""
    if axis >= 0:
        return axis
    shape = dims(node.inputs[0])
    return None if shape is None else axis + len(shape)


def axes_named(node: ir.Node) -> tuple[int, ...] | None:
    """The axes a Squeeze, Unsqueeze or reduction names, as it counts them; none where it names none, None unknown."""
    given = ints(node, "axes")
    if given is not None:
        return given
    return integers(node.inputs[1]) if len(node.inputs) > 1 and node.inputs[1] is not None else ()


def axes_reduced(node: ir.Node) -> tuple[int, ...] | None:
    """The axes a reduction is over, counted from the front and in order; None where they or the rank are not known."""
    shape, given = dims(node.inputs[0]), axes_named(node)
    if shape is None or given is None:
        return None
    if not given or not shape:
        return () if attribute(node, "noop_with_empty_axes", 0) else tuple(range(len(shape)))
    return tuple(sorted(a % len(shape) for a in given))
