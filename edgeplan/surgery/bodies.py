"""Copies what stands in a body, a branch of an If or the body of a Loop, for a replacement that stands outside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import onnx_ir as ir

from edgeplan.surgery.apply import forget
from edgeplan.surgery.rewrite import Array, Edit

__all__ = ["as_it_is", "bring_weights", "copy_in"]


def bring_weights(edit: Edit, body: ir.Graph) -> dict[ir.Value, ir.Value]:
    """A body's own weights, as weights of the graph around it."""
    found = {}
    for value in body.initializers.values():
        tensor = value.const_value
        if tensor is None or value.is_graph_input():
            continue
        sizes = [int(d) for d in tensor.shape.numpy()]
        found[value] = edit.folded(as_it_is, value, shape=sizes, dtype=tensor.dtype)
    return found


def copy_in(
    edit: Edit, body: ir.Graph, given: Mapping[ir.Value, ir.Value], wanted: Sequence[ir.Value] | None = None
) -> list[ir.Value]:
    """Copy a body's ops, what they take from `given` replaced; returns what stands for its outputs.

    With `wanted`, the last of its outputs, only for these; what nothing is read of is not copied.
    """
    copy = body.clone(allow_outer_scope_values=True)
    places = {
        **dict(zip(body.inputs, copy.inputs, strict=True)),
        **{v: copy.initializers[n] for n, v in body.initializers.items()},
    }
    outputs = list(copy.outputs)[len(copy.outputs) - len(body.outputs if wanted is None else wanted) :]
    copy.outputs.clear()
    stands = {place: given[value] for value, place in places.items() if value in given}
    for place, value in stands.items():
        ir.convenience.replace_all_uses_with(place, value, replace_graph_outputs=True)
    for node in reversed(copy):
        if not any(o.uses() or o in outputs for o in node.outputs):
            copy.remove(node)
            forget(node)
    nodes = list(copy)
    copy.remove(nodes)
    edit.adopt(nodes)
    return [stands.get(o, o) for o in outputs]


def as_it_is(array: Array) -> Array:
    """What a weight that is only moved is computed by."""
    return array
