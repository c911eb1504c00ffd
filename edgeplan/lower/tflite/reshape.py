"""Other views of the same elements: Reshape, Flatten, Squeeze, Unsqueeze, Transpose."""

from __future__ import annotations

from edgeplan.graph import DType, Op, Shape
from edgeplan.lower.attributes import axes, flag, integer, integers, vector
from edgeplan.lower.shapes import reshape_target, total
from edgeplan.lower.tflite.builder import Builder
from edgeplan.lower.tflite.convert import cast
from edgeplan.lower.tflite.layout import NATIVE, Layout, Order, channels_last, relaid_shape
from edgeplan.lower.tflite.registry import lowers
from edgeplan.lower.tflite.regroup import Group, Groups, groups_of
from edgeplan.lower.tflite.runtime import dimension, shape_operand
from edgeplan.lower.tflite.shuffle import channel_shuffle

__all__ = ["flatten", "reshape", "squeeze", "transpose", "unsqueeze"]


@lowers("Transpose", layout=Layout.ANY)
def transpose(op: Op, b: Builder) -> bool:
    """Transpose(data) -> TRANSPOSE(input, perm), none where an order that its readers ask for is there already.

    Several in a row are one, and one that undoes the channels-last order of its input vanishes; one that moves only
    axes of one is a RESHAPE (source: LiteRT `optimize_patterns.td` FoldDoubleTranspose,
    ConvertTrivialTransposeOpToReshapeOp).
    """
    if len(op.inputs) != 1:
        return False
    x = op.inputs[0]
    rank = b.rank(x)
    perm = integers(op, "perm", tuple(reversed(range(rank or 0))))
    if perm is None or rank is None or sorted(perm) != list(range(rank)):
        return False
    if b.rank(op.outputs[0]) not in (None, rank):
        return False
    b.alias(op.outputs[0], x, perm)
    return True


def _regroup(b: Builder, x: str, out: str, groups: Groups) -> bool:
    """RESHAPE from an order in which `x` is there to one of `out`, whole groups of axes moving; False if none fits."""
    shape = b.shape(out)
    rank, wide = b.rank(x) or 0, b.rank(out) or 0
    if shape is None or reshape_target(shape) is None:
        return False
    identity, flat = tuple(range(rank)), tuple(range(wide))
    last = channels_last(wide)
    wishes: list[Order] = [last, NATIVE] if b.wants(out) is Layout.LAST else [NATIVE]
    there = [(o, s) for o in b.orders(x) if (s := groups.signature(o or identity, 0)) is not None]
    for wish in wishes:
        wanted = groups.signature(wish or flat, 1)
        for order, signature in there:
            if signature == wanted:
                b.adopt(out, b.reshape(b.ordered(x, order), relaid_shape(wish, shape)), wish)
                return True
    if there:
        order, signature = there[0]
        made = groups.forward(signature)
        b.adopt(out, b.reshape(b.ordered(x, order), relaid_shape(made, shape)), made)
        return True
    for wish in wishes:
        wanted = groups.signature(wish or flat, 1)
        if wanted is not None:
            order = groups.back(wanted)
            b.adopt(out, b.reshape(b.ordered(x, order), relaid_shape(wish, shape)), wish)
            return True
    return False


def _native(b: Builder, x: str, out: str) -> bool:
    """RESHAPE from native to native order, when the target's sizes are known."""
    if reshape_target(b.shape(out)) is None:
        return False
    b.adopt(out, b.reshape(b.native(x), b.shape(out)))
    return True


@lowers("Reshape")
def reshape(op: Op, b: Builder) -> bool:
    """Reshape(data, shape) -> RESHAPE(input, shape), in the order the data is in when that moves whole groups of axes.

    Before: x [N,C,H,W], held as [N,H,W,C], to [N,C,H*W]
    After:  RESHAPE to [N,H*W,C], which is the output in the order (0, 2, 1)

    One that begins a shuffle of channels -> GATHER. Several unknown sizes -> SHAPE, STRIDED_SLICE and PACK of them, or
    the given shape, CAST to int32.
    """
    x, wanted = op.input("data"), op.input("shape")
    if x is None:
        return False
    out = op.outputs[0]
    if channel_shuffle(op, b):
        return True
    groups = groups_of(b.shape(x), b.shape(out))
    if groups is not None and _regroup(b, x, out, groups):
        return True
    if _native(b, x, out):
        return True
    given = vector(op, b, "shape")
    if given is not None and flag(op, "allowzero", False) is False:
        rank = b.rank(x)
        if rank is None or any(g == 0 and i >= rank for i, g in enumerate(given)):
            return False
        data = b.native(x)
        sizes = shape_operand(b, [g or dimension(b, data, i) for i, g in enumerate(given)])
    elif wanted is not None and not b.is_weight(wanted):
        data, sizes = b.native(x), cast(b, b.native(wanted), DType.INT32)
    else:
        return False
    b.emit("RESHAPE", {"input": data, "shape": sizes}, to=out)
    return True


@lowers("Flatten")
def flatten(op: Op, b: Builder) -> bool:
    """Flatten(input) -> RESHAPE(input, [before axis, from axis on]); both unknown: one by SHAPE, the other -1."""
    x, axis = op.input("input"), integer(op, "axis", 1)
    shape = None if x is None else b.shape(x)
    if x is None or shape is None or axis is None or not -len(shape) <= axis <= len(shape):
        return False
    axis += len(shape) if axis < 0 else 0
    out = op.outputs[0]
    flat: Shape = (total(shape[:axis]) if axis else 1, total(shape[axis:]))
    groups = groups_of(shape, flat)
    if b.shape(out) is None or (groups is None or not _regroup(b, x, out, groups)) and not _native(b, x, out):
        if axis != 1:
            return False
        data = b.native(x)
        b.emit("RESHAPE", {"input": data, "shape": shape_operand(b, (dimension(b, data, 0), -1))}, to=out)
    return True


@lowers("Squeeze")
def squeeze(op: Op, b: Builder) -> bool:
    """Squeeze(data, axes) -> RESHAPE(input, shape); several unknown sizes -> SQUEEZE(input, squeeze_dims).

    Without axes, those of size 1. Source: LiteRT `optimize_patterns.td` ConvertSqueezeToReshape.
    """
    x = op.input("data")
    shape = None if x is None else b.shape(x)
    found = axes(op, b, None if shape is None else len(shape))
    if x is None or found is None:
        return False
    if shape is None:
        if found:
            b.emit("SQUEEZE", {"input": x}, to=op.outputs[0], attrs={"squeeze_dims": tuple(sorted(found))})
        return bool(found)
    if not found:
        if not all(isinstance(d, int) for d in shape):
            return False
        found = tuple(i for i, d in enumerate(shape) if d == 1)
    out = op.outputs[0]
    if any(isinstance(shape[a], int) and shape[a] != 1 for a in found) or b.rank(out) != len(shape) - len(found):
        return False
    left = [a for a in range(len(shape)) if a not in found]
    groups: list[Group] = [((a,), (left.index(a),)) if a in left else ((a,), ()) for a in range(len(shape))]
    if not found:
        b.alias(out, x, ())
    elif not _regroup(b, x, out, Groups(tuple(groups))) and not _native(b, x, out):
        b.emit("SQUEEZE", {"input": b.native(x)}, to=out, attrs={"squeeze_dims": tuple(sorted(found))})
    return True


@lowers("Unsqueeze")
def unsqueeze(op: Op, b: Builder) -> bool:
    """Unsqueeze(data, axes) -> RESHAPE(input, shape); several unknown sizes -> one EXPAND_DIMS(input, dim) an axis.

    Source: LiteRT `optimize_patterns.td` ConvertExpandDimsToReshape.
    """
    x, given = op.input("data"), vector(op, b, "axes")
    rank = None if x is None else b.rank(x)
    if x is None or not given:
        return False
    if rank is None:
        if len(given) > 1 and min(given) < 0:
            return False
        _expand(b, x, None, sorted(given), op.outputs[0])
        return True
    found, out = axes(op, b, rank + len(given)), op.outputs[0]
    if found is None or b.rank(out) != rank + len(given):
        return False
    left = [a for a in range(rank + len(given)) if a not in found]
    groups: list[Group] = [((left.index(a),), (a,)) if a in left else ((), (a,)) for a in range(rank + len(given))]
    if _regroup(b, x, out, Groups(tuple(groups))) or _native(b, x, out):
        return True
    _expand(b, b.native(x), b.shape(x), sorted(found), out)
    return True


def _expand(b: Builder, x: str, shape: Shape, at: list[int], out: str) -> None:
    """One EXPAND_DIMS(input, dim) an axis, from the first on."""
    for i, axis in enumerate(at):
        shape = None if shape is None else (*shape[:axis], 1, *shape[axis:])
        last = i == len(at) - 1
        x = b.emit("EXPAND_DIMS", {"input": x, "dim": b.ints((axis,))}, shape, to=out if last else None)
