"""Sequences of tensors: the shapes of their elements, followed through the ops that build and take them apart."""

from __future__ import annotations

from math import prod

from onnx import NodeProto

from edgeplan.frontends.onnx.scope import Known
from edgeplan.graph import Dim, Shape

__all__ = ["infer_sequence"]


def infer_sequence(node: NodeProto, inputs: list[Known | None]) -> list[Known] | None:
    """The outputs of a sequence op, or None when the op is not one or its elements are not known."""
    handler = {
        "SequenceConstruct": _construct,
        "SequenceInsert": _insert,
        "SequenceErase": _erase,
        "SequenceAt": _at,
        "SplitToSequence": _split,
        "ConcatFromSequence": _concat,
    }.get(node.op_type)
    return None if handler is None else handler(node, inputs)


def _sequence(like: Known, shapes: tuple[Shape, ...]) -> list[Known]:
    """A sequence's own shape is flat: the elements of all its tensors together, so that its bytes are right."""
    sizes = [
        prod(d for d in s if isinstance(d, int)) for s in shapes if s is not None and all(isinstance(d, int) for d in s)
    ]
    flat: Shape = (sum(sizes),) if len(sizes) == len(shapes) else None
    return [Known(like.dtype, flat, sequence=shapes)]


def _position(inputs: list[Known | None], slot: int, default: int) -> int | None:
    known = inputs[slot] if len(inputs) > slot else None
    if known is None:
        return default
    found = _integers(known)
    return found[0] if found is not None and len(found) == 1 else None


def _integers(known: Known) -> list[int] | None:
    """The elements of a known constant of integers."""
    return known.data.ravel().tolist() if known.data is not None and known.data.dtype.kind in "iu" else None


def _construct(node: NodeProto, inputs: list[Known | None]) -> list[Known] | None:
    given = [k for k in inputs if k is not None]
    return _sequence(given[0], tuple(k.shape for k in given)) if given else None


def _insert(node: NodeProto, inputs: list[Known | None]) -> list[Known] | None:
    if len(inputs) < 2 or inputs[0] is None or inputs[1] is None:
        return None
    before = inputs[0].sequence or ()
    if inputs[0].sequence is None and inputs[0].shape is not None:
        return None
    at = _position(inputs, 2, len(before))
    return None if at is None else _sequence(inputs[1], (*before[:at], inputs[1].shape, *before[at:]))


def _erase(node: NodeProto, inputs: list[Known | None]) -> list[Known] | None:
    if not inputs or inputs[0] is None or not inputs[0].sequence:
        return None
    at = _position(inputs, 1, -1)
    if at is None or not -len(inputs[0].sequence) <= at < len(inputs[0].sequence):
        return None
    at %= len(inputs[0].sequence)
    return _sequence(inputs[0], (*inputs[0].sequence[:at], *inputs[0].sequence[at + 1 :]))


def _at(node: NodeProto, inputs: list[Known | None]) -> list[Known] | None:
    if not inputs or inputs[0] is None or not inputs[0].sequence:
        return None
    shapes = set(inputs[0].sequence)
    at = _position(inputs, 1, 0)
    if len(shapes) == 1:
        return [Known(inputs[0].dtype, shapes.pop())]
    if at is None or not -len(inputs[0].sequence) <= at < len(inputs[0].sequence):
        return None
    return [Known(inputs[0].dtype, inputs[0].sequence[at])]


def _split(node: NodeProto, inputs: list[Known | None]) -> list[Known] | None:
    attrs = {a.name: a.i for a in node.attribute}
    axis, keep = attrs.get("axis", 0), attrs.get("keepdims", 1)
    source = inputs[0] if inputs else None
    if source is None or source.shape is None or not -len(source.shape) <= axis < len(source.shape):
        return None
    total = source.shape[axis]
    split = inputs[1] if len(inputs) > 1 else None
    given = [1] if split is None else _integers(split)
    if not isinstance(total, int) or total > 65536 or given is None or any(s < 0 for s in given):
        return None
    sizes = given
    if split is None or split.shape == ():
        step = given[0]
        if step < 1:
            return None
        sizes = [min(step, total - i) for i in range(0, total, step)]
    axis %= len(source.shape)
    shapes: tuple[Shape, ...] = tuple((*source.shape[:axis], s, *source.shape[axis + 1 :]) for s in sizes)
    if split is None and not keep:
        shapes = tuple((*source.shape[:axis], *source.shape[axis + 1 :]) for _ in sizes)
    return _sequence(source, shapes)


def _concat(node: NodeProto, inputs: list[Known | None]) -> list[Known] | None:
    attrs = {a.name: a.i for a in node.attribute}
    source = inputs[0] if inputs else None
    if source is None or not source.sequence:
        return None
    shapes = [s for s in source.sequence if s is not None]
    if len(shapes) < len(source.sequence):
        return None
    axis = attrs.get("axis", 0)
    first = list(shapes[0])
    if attrs.get("new_axis", 0):
        axis %= len(first) + 1
        return [Known(source.dtype, (*first[:axis], len(shapes), *first[axis:]))]
    if not first:
        return None
    axis %= len(first)
    along = [s[axis] for s in shapes if len(s) > axis]
    total: Dim = sum(d for d in along if isinstance(d, int)) if all(isinstance(d, int) for d in along) else None
    return [Known(source.dtype, (*first[:axis], total, *first[axis + 1 :]))]
