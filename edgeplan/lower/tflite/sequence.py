"""Sequences of tensors, taken apart where they are lists that the graph itself writes down."""

from __future__ import annotations

from edgeplan.graph import Op
from edgeplan.lower.attributes import flag, integer, one_integer
from edgeplan.lower.tflite.algebra import concat
from edgeplan.lower.tflite.builder import Builder
from edgeplan.lower.tflite.registry import lowers

__all__ = ["sequence_at", "sequence_concat", "sequence_construct"]

_MOST = 64


def _readers(b: Builder, name: str) -> tuple[Op, ...]:
    found = b.source.consumers.get(name, ())
    return tuple(b.source.ops[i] for i in found) if len(found) <= _MOST else ()


def _position(op: Op, b: Builder, count: int) -> int | None:
    at = one_integer(b, op.input("position"))
    return None if at is None or not -count <= at < count else at % count


def _joined_along(op: Op, rank: int | None) -> int | None:
    axis, new = integer(op, "axis", 0), flag(op, "new_axis", False)
    if axis is None or new is None or rank is None or "axis" not in op.attrs:
        return None
    rank += new
    return axis % rank if -rank <= axis < rank else None


def _is_list(op: Op, b: Builder) -> bool:
    """True for a SequenceConstruct that only ops read which know its elements."""
    if op.label != "SequenceConstruct" or not op.inputs or not op.outputs or op.outputs[0] in b.returned:
        return False
    readers = _readers(b, op.outputs[0])
    for r in readers:
        if not r.outputs or r.inputs[:1] != op.outputs[:1] or r.inputs.count(op.outputs[0]) != 1:
            return False
        at = r.label == "SequenceAt" and _position(r, b, len(op.inputs)) is not None
        joined = r.label == "ConcatFromSequence" and _joined_along(r, b.rank(op.inputs[0])) is not None
        if not at and not joined:
            return False
    return bool(readers)


def _list_of(op: Op, b: Builder) -> Op | None:
    index = b.source.producer.get(op.inputs[0]) if op.inputs else None
    before = None if index is None else b.source.ops[index]
    return before if before is not None and _is_list(before, b) else None


@lowers("SequenceConstruct")
def sequence_construct(op: Op, b: Builder) -> bool:
    """SequenceConstruct(inputs) -> nothing: the ops that read it take its tensors. Otherwise no lowering: LiteRT has no
    type for lists.
    """
    return _is_list(op, b)


@lowers("SequenceAt")
def sequence_at(op: Op, b: Builder) -> bool:
    """SequenceAt(list, const position) -> that tensor itself."""
    made = _list_of(op, b)
    at = None if made is None else _position(op, b, len(made.inputs))
    if made is None or at is None:
        return False
    b.alias(op.outputs[0], made.inputs[at], ())
    return True


@lowers("ConcatFromSequence")
def sequence_concat(op: Op, b: Builder) -> bool:
    """ConcatFromSequence(list) -> CONCATENATION(values, axis), or PACK for a new axis."""
    made = _list_of(op, b)
    axis = None if made is None else _joined_along(op, b.rank(made.inputs[0]))
    if made is None or axis is None:
        return False
    b.absorb(op.outputs[0], made)
    if flag(op, "new_axis", False):
        attrs = {"axis": axis, "values_count": len(made.inputs)}
        b.emit("PACK", {"values": list(made.inputs)}, to=op.outputs[0], attrs=attrs)
    else:
        concat(b, made.inputs, axis, to=op.outputs[0])
    return True
