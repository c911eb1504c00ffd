"""Sequences of tensors: taken apart at conversion where they are Python lists, else MIL's lists."""

from __future__ import annotations

from edgeplan.graph import Attr, DType, Op
from edgeplan.lower.attributes import flag, integer, one_integer
from edgeplan.lower.lists import is_list, joined_along, list_of, position
from edgeplan.lower.mil.builder import Builder
from edgeplan.lower.mil.registry import lowers
from edgeplan.lower.neighbours import consumers
from edgeplan.lower.shapes import replaced, size

__all__ = [
    "sequence_append",
    "sequence_at",
    "sequence_concat",
    "sequence_construct",
    "sequence_empty",
    "sequence_length",
    "split_to_sequence",
]

_MOST_PARTS = 65_536
"""Tensors that one is split into at most: every one of them is named."""


@lowers("SequenceConstruct")
def sequence_construct(op: Op, b: Builder) -> bool:
    """SequenceConstruct(inputs) -> nothing: the ops that read it take its tensors. Otherwise no lowering."""
    return is_list(op, b)


@lowers("SplitToSequence")
def split_to_sequence(op: Op, b: Builder) -> bool:
    """SplitToSequence(input, const split) that only SequenceAt reads, at constant positions -> split, and squeeze of
    the parts where their axis goes; `aten::split` and `aten::chunk` come out of an exporter like that.
    """
    x, axis, given = op.input("input"), integer(op, "axis", 0), op.input("split")
    shape = None if x is None else b.shape(x)
    if x is None or shape is None or axis is None or not -len(shape) <= axis < len(shape):
        return False
    axis %= len(shape)
    sizes, keeps = _sizes(b, given, size(shape, axis)), given is not None or flag(op, "keepdims", True)
    readers = consumers(b, op.outputs[0])
    if sizes is None or not readers or op.outputs[0] in b.returned:
        return False
    if not all(r.label == "SequenceAt" and position(r, b, len(sizes)) is not None for r in readers):
        return False
    shapes = [replaced(shape, axis, n) for n in sizes]
    attrs: dict[str, Attr] = {"split_sizes": sizes, "axis": axis}
    names = b.several("split", {"x": x}, [(s, None) for s in shapes], attrs) if len(sizes) > 1 else (x,)
    if not keeps:
        less = (*shape[:axis], *shape[axis + 1 :])
        names = tuple(b.emit("squeeze", {"x": n}, less, attrs={"axes": (axis,)}) for n in names)
    b.parts[op.outputs[0]] = names
    return True


def _sizes(b: Builder, given: str | None, length: int | None) -> tuple[int, ...] | None:
    """The parts' sizes: as listed, or all of one size but a smaller last one; 1 each when nothing is given."""
    if given is not None and b.rank(given) == 1:
        data = b.data(given)
        return None if data is None else tuple(n for n in data if isinstance(n, int))
    step = 1 if given is None else one_integer(b, given)
    if step is None or step < 1 or length is None or length // step > _MOST_PARTS:
        return None
    return (step,) * (length // step) + ((length % step,) if length % step else ())


@lowers("SequenceAt")
def sequence_at(op: Op, b: Builder) -> bool:
    """SequenceAt(list, const position) -> identity of that tensor; of a MIL list -> list_read(ls, index)."""
    if len(op.inputs) != 2:
        return False
    parts = b.parts.get(op.inputs[0], ())
    index = position(op, b, len(parts)) if parts else None
    if index is not None:
        b.emit("identity", {"x": parts[index]}, to=op.outputs[0])
        return True
    made = list_of(op, b)
    at = None if made is None else position(op, b, len(made.inputs))
    if made is not None and at is not None:
        b.emit("identity", {"x": made.inputs[at]}, to=op.outputs[0])
        b.absorb(made)
    else:
        b.emit("list_read", {"ls": op.inputs[0], "index": op.inputs[1]}, to=op.outputs[0])
    return True


@lowers("ConcatFromSequence")
def sequence_concat(op: Op, b: Builder) -> bool:
    """ConcatFromSequence(list) -> concat(values, axis), or stack for a new axis. Of a MIL list: no lowering."""
    made = list_of(op, b)
    axis = None if made is None else joined_along(op, b.rank(made.inputs[0]))
    if made is None or axis is None:
        return False
    attrs: dict[str, Attr] = {"axis": axis}
    if flag(op, "new_axis", False):
        b.emit("stack", {"values": made.inputs}, to=op.outputs[0], attrs=attrs)
    else:
        b.emit("concat", {"values": made.inputs}, to=op.outputs[0], attrs={**attrs, "interleave": False})
    b.absorb(made)
    return True


@lowers("SequenceEmpty")
def sequence_empty(op: Op, b: Builder) -> bool:
    """SequenceEmpty -> make_list of dynamic length."""
    if op.inputs:
        return False
    b.emit("make_list", {}, to=op.outputs[0], attrs={"init_length": 1, "dynamic_length": True})
    return True


@lowers("SequenceInsert")
def sequence_append(op: Op, b: Builder) -> bool:
    """SequenceInsert(list, tensor) at the end -> list_length, list_write(ls, index, value). Elsewhere: no lowering."""
    if len(op.inputs) != 2:
        return False
    length = b.emit("list_length", {"ls": op.inputs[0]}, (), dtype=DType.INT32)
    b.emit("list_write", {"ls": op.inputs[0], "index": length, "value": op.inputs[1]}, to=op.outputs[0])
    return True


@lowers("SequenceLength")
def sequence_length(op: Op, b: Builder) -> bool:
    """SequenceLength(list) -> list_length(ls)."""
    if len(op.inputs) != 1:
        return False
    b.emit("list_length", {"ls": op.inputs[0]}, to=op.outputs[0])
    return True
