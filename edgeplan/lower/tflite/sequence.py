"""Sequences of tensors, taken apart where they are lists that the graph itself writes down."""

from __future__ import annotations

from edgeplan.graph import Op
from edgeplan.lower.attributes import flag
from edgeplan.lower.lists import is_list, joined_along, list_of, position
from edgeplan.lower.tflite.algebra import concat
from edgeplan.lower.tflite.builder import Builder
from edgeplan.lower.tflite.registry import lowers

__all__ = ["sequence_at", "sequence_concat", "sequence_construct"]


@lowers("SequenceConstruct")
def sequence_construct(op: Op, b: Builder) -> bool:
    """SequenceConstruct(inputs) -> nothing: the ops that read it take its tensors. Otherwise no lowering: LiteRT has no
    type for lists.
    """
    return is_list(op, b)


@lowers("SequenceAt")
def sequence_at(op: Op, b: Builder) -> bool:
    """SequenceAt(list, const position) -> that tensor itself."""
    made = list_of(op, b)
    at = None if made is None else position(op, b, len(made.inputs))
    if made is None or at is None:
        return False
    b.alias(op.outputs[0], made.inputs[at], ())
    return True


@lowers("ConcatFromSequence")
def sequence_concat(op: Op, b: Builder) -> bool:
    """ConcatFromSequence(list) -> CONCATENATION(values, axis), or PACK for a new axis."""
    made = list_of(op, b)
    axis = None if made is None else joined_along(op, b.rank(made.inputs[0]))
    if made is None or axis is None:
        return False
    b.absorb(op.outputs[0], made)
    if flag(op, "new_axis", False):
        attrs = {"axis": axis, "values_count": len(made.inputs)}
        b.emit("PACK", {"values": list(made.inputs)}, to=op.outputs[0], attrs=attrs)
    else:
        concat(b, made.inputs, axis, to=op.outputs[0])
    return True
