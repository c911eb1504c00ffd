"""Sequences of tensors that are lists which the graph itself writes down: taken apart at conversion."""

from __future__ import annotations

from edgeplan.graph import Op
from edgeplan.lower.attributes import flag, integer, one_integer
from edgeplan.lower.builder import Builder
from edgeplan.lower.neighbours import consumers, producer

__all__ = ["is_list", "joined_along", "list_of", "position"]


def position(op: Op, b: Builder, count: int) -> int | None:
    """Where a SequenceAt with a constant position reads a list of `count` tensors."""
    index = one_integer(b, op.input("position"))
    return None if index is None or not -count <= index < count else index % count


def joined_along(op: Op, rank: int | None) -> int | None:
    """The axis of a ConcatFromSequence, None when it is ill-formed."""
    axis, new = integer(op, "axis", 0), flag(op, "new_axis", False)
    if axis is None or new is None or rank is None or "axis" not in op.attrs:
        return None
    rank += new
    return axis % rank if -rank <= axis < rank else None


def is_list(op: Op, b: Builder) -> bool:
    """True for a SequenceConstruct that only ops read which know its elements."""
    if op.label != "SequenceConstruct" or not op.inputs or not op.outputs or op.outputs[0] in b.returned:
        return False
    readers = consumers(b, op.outputs[0])
    for r in readers:
        if not r.outputs or r.inputs[:1] != op.outputs[:1] or r.inputs.count(op.outputs[0]) != 1:
            return False
        at = r.label == "SequenceAt" and position(r, b, len(op.inputs)) is not None
        joined = r.label == "ConcatFromSequence" and joined_along(r, b.rank(op.inputs[0])) is not None
        if not at and not joined:
            return False
    return bool(readers)


def list_of(op: Op, b: Builder) -> Op | None:
    """The SequenceConstruct an op reads, when its elements are known."""
    before = producer(b, op.inputs[0]) if op.inputs else None
    return before if before is not None and is_list(before, b) else None
