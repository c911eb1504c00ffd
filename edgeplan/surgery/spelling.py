"""New ops that move data, spelled as the model's opset wants them: what is an input today was an attribute before.

Each result is told its type and shape, so that rewrites can look at it in their turn.
"""

from __future__ import annotations

from collections.abc import Sequence

import onnx_ir as ir

from edgeplan.surgery.looking import dims
from edgeplan.surgery.rewrite import Edit

__all__ = [
    "END",
    "Dim",
    "concatenated",
    "reduced",
    "reshaped",
    "sliced",
    "split",
    "squeezed",
    "transposed",
    "unsqueezed",
    "zero_padded",
]

Dim = int | str | None

END = 2**31 - 1
"""As an end of a slice: all there is."""

_AXES_AN_INPUT = {"ReduceSum": 13}
"""The opset from which a reduction takes its axes as an input; 18 for the others."""


def reshaped(edit: Edit, value: ir.Value, shape: Sequence[Dim]) -> ir.Value:
    """`value` in another shape, of which at most one size may be neither a number nor that of the same axis before."""
    old = dims(value) or ()
    same = [isinstance(d, str) and i < len(old) and old[i] == d for i, d in enumerate(shape)]
    to = [d if isinstance(d, int) else 0 if same[i] else -1 for i, d in enumerate(shape)]
    assert to.count(-1) <= 1, shape
    return edit.typed(edit.op("Reshape", [value, edit.constant(to, ir.DataType.INT64)]), like=value, shape=shape)


def transposed(edit: Edit, value: ir.Value, order: Sequence[int]) -> ir.Value:
    """`value` with its axes in another order."""
    made = edit.op("Transpose", [value], {"perm": list(order)})
    old = dims(value)
    return edit.typed(made, like=value, shape=[old[i] for i in order] if old is not None else None)


def sliced(edit: Edit, opset: int, value: ir.Value, parts: Sequence[tuple[int, int, int, int]]) -> ir.Value:
    """`value` cut to `parts`: axis, start, end and step of each. Steps other than 1 are from opset 10 on."""
    old = dims(value)
    shape = list(old) if old is not None else None
    for axis, start, end, step in parts:
        if shape is not None:
            size = shape[axis]
            shape[axis] = len(range(size)[start:end:step]) if isinstance(size, int) else None
    axes, starts, ends, steps = (list(column) for column in zip(*parts, strict=True))
    if opset < 10:
        assert all(step == 1 for step in steps)
        made = edit.op("Slice", [value], {"axes": axes, "starts": starts, "ends": ends})
    else:
        given = [edit.constant(column) for column in (starts, ends, axes, steps)]
        made = edit.op("Slice", [value, *(given if any(step != 1 for step in steps) else given[:3])])
    return edit.typed(made, like=value, shape=shape)


def zero_padded(edit: Edit, opset: int, value: ir.Value, before: Sequence[int], behind: Sequence[int]) -> ir.Value:
    """`value` with so many zeros before and behind each of its axes; itself where these are none."""
    widths = [*before, *behind]
    if not any(widths):
        return value
    made = edit.op("Pad", [value], {"pads": widths}) if opset < 11 else edit.op("Pad", [value, edit.constant(widths)])
    old = dims(value)
    shape = None
    if old is not None:
        added = [a + b for a, b in zip(before, behind, strict=True)]
        shape = [d + n if isinstance(d, int) else d if n == 0 else None for d, n in zip(old, added, strict=True)]
    return edit.typed(made, like=value, shape=shape)


def split(edit: Edit, opset: int, value: ir.Value, axis: int, parts: Sequence[int]) -> Sequence[ir.Value]:
    """`value` in pieces of the sizes `parts` along an axis."""
    if opset < 13:
        made = edit.op_multi_out("Split", [value], {"axis": axis, "split": list(parts)}, num_outputs=len(parts))
    else:
        made = edit.op_multi_out("Split", [value, edit.constant(list(parts))], {"axis": axis}, num_outputs=len(parts))
    old = dims(value)
    for piece, size in zip(made, parts, strict=True):
        edit.typed(piece, like=value, shape=[*old[:axis], size, *old[axis + 1 :]] if old is not None else None)
    return made


def concatenated(edit: Edit, values: Sequence[ir.Value], axis: int) -> ir.Value:
    """`values` one behind the other along an axis."""
    shapes = [dims(v) for v in values]
    shape = list(shapes[0]) if shapes[0] is not None else None
    if shape is not None:
        sizes = [s[axis] if s is not None else None for s in shapes]
        whole = [n for n in sizes if isinstance(n, int)]
        shape[axis] = sum(whole) if len(whole) == len(sizes) else None
    return edit.typed(edit.op("Concat", list(values), {"axis": axis}), like=values[0], shape=shape)


def reduced(edit: Edit, opset: int, kind: str, value: ir.Value, axes: Sequence[int], keepdims: bool = True) -> ir.Value:
    """`value` reduced over axes, which are counted from the front, by the op `kind`."""
    if opset >= _AXES_AN_INPUT.get(kind, 18):
        made = edit.op(kind, [value, edit.constant(list(axes))], {"keepdims": int(keepdims)})
    else:
        made = edit.op(kind, [value], {"axes": list(axes), "keepdims": int(keepdims)})
    old = dims(value)
    left = None if old is None else [1 if i in axes else d for i, d in enumerate(old) if keepdims or i not in axes]
    return edit.typed(made, like=value, shape=left)


def unsqueezed(edit: Edit, opset: int, value: ir.Value, axis: int) -> ir.Value:
    """`value` with a new axis of size 1."""
    old = dims(value)
    shape = None if old is None else [*old[:axis], 1, *old[axis:]]
    return edit.typed(_axes(edit, opset, "Unsqueeze", value, axis), like=value, shape=shape)


def squeezed(edit: Edit, opset: int, value: ir.Value, axis: int) -> ir.Value:
    """`value` without an axis of size 1."""
    old = dims(value)
    shape = None if old is None else [*old[:axis], *old[axis + 1 :]]
    return edit.typed(_axes(edit, opset, "Squeeze", value, axis), like=value, shape=shape)


def _axes(edit: Edit, opset: int, kind: str, value: ir.Value, axis: int) -> ir.Value:
    if opset < 13:
        return edit.op(kind, [value], {"axes": [axis]})
    return edit.op(kind, [value, edit.constant([axis])])
