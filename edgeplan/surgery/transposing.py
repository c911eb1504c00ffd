"""Transposes: the order they put axes in, which axes stay neighbours, and one written as steps of few axes."""

from __future__ import annotations

from collections.abc import Sequence

import onnx_ir as ir

from edgeplan.surgery.looking import dims, ints, is_output, readers
from edgeplan.surgery.reshaping import VIEWS, can_reshape, formed, merged, same_data
from edgeplan.surgery.rewrite import Edit, NearMiss, Replacement
from edgeplan.surgery.spelling import Dim, reshaped, transposed

__all__ = ["Order", "in_steps", "inverse", "merged_axes", "moves_nothing", "order_of", "runs"]

Order = tuple[int, ...]
"""For every axis of the result, the axis it was."""


def order_of(transpose: ir.Node) -> Order | None:
    """The order a Transpose puts axes in; None where it reverses axes whose number is not known."""
    given = ints(transpose, "perm")
    if given is not None:
        return given
    shape = dims(transpose.inputs[0]) or dims(transpose.outputs[0])
    return tuple(reversed(range(len(shape)))) if shape is not None else None


def inverse(order: Order) -> Order:
    """The order that undoes another: for every axis, where it has gone."""
    return tuple(order.index(axis) for axis in range(len(order)))


def moves_nothing(order: Order, shape: Sequence[int | str | None]) -> bool:
    """Whether a Transpose leaves every element where it is in memory: only axes of size 1 change places."""
    kept = [axis for axis in order if shape[axis] != 1]
    return kept == sorted(kept)


def runs(order: Sequence[int]) -> list[tuple[int, ...]]:
    """An order of axes as blocks of axes that follow each other as before."""
    found: list[list[int]] = []
    for axis in order:
        if found and found[-1][-1] + 1 == axis:
            found[-1].append(axis)
        else:
            found.append([axis])
    return [tuple(run) for run in found]


def merged_axes(shape: Sequence[Dim], perm: Sequence[int]) -> tuple[tuple[Dim, ...], tuple[int, ...]]:
    """The shape with axes that stay neighbours taken as one, those of size 1 as none, and the order of what is left."""
    kept = [a for a in perm if shape[a] != 1]
    before = sorted(kept)
    place = {a: i for i, a in enumerate(before)}
    blocks = runs([place[a] for a in kept])
    ranks = sorted(blocks)
    return tuple(merged([shape[before[i]] for i in run]) for run in ranks), tuple(ranks.index(run) for run in blocks)


def in_steps(
    node: ir.Node, order: Order, parts: Sequence[Dim], steps: Sequence[Sequence[int]]
) -> Replacement | NearMiss:
    """A Transpose as several, one for each of `steps`, which are orders of axes whose sizes are `parts` at first.

    Reshapes around it are taken in: those in front, and those behind when nothing else reads the result.
    """
    data, out = node.inputs[0], node.outputs[0]
    shape = dims(data)
    assert data is not None
    assert shape is not None
    if 0 in shape or not can_reshape(parts):
        return NearMiss("more than one size is open, or there are no elements")
    turned = [shape[a] for a in order]
    views = _views_behind(out)
    if not views and not can_reshape(turned):
        return NearMiss("more than one size of the result is open")
    edit = Edit()
    here, before = same_data(data)
    for step in steps:
        blocks = runs(step)
        ranks = sorted(blocks)
        whole = [merged([parts[a] for a in run]) for run in ranks]
        here = transposed(edit, formed(edit, here, whole), [ranks.index(run) for run in blocks])
        parts = [parts[a] for a in step]
    if not views:
        return edit.replaces([*before, node], {out: reshaped(edit, here, turned)})
    outputs = {v.outputs[0]: reshaped(edit, here, dims(v.outputs[0]) or ()) for v in views}
    return edit.replaces([*before, node, *views], outputs)


def _views_behind(out: ir.Value) -> list[ir.Node]:
    """The reshapes that read a value, when nothing else does and their shapes can be told."""
    found, maker = readers(out), out.producer()
    if is_output(out) or maker is None:
        return []
    for view in found:
        shape = dims(view.outputs[0])
        if view.op_type not in VIEWS or view.domain != "" or view.inputs[0] is not out or view.graph is not maker.graph:
            return []
        if shape is None or not can_reshape(shape):
            return []
    return list(found)
