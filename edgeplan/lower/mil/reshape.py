"""Other views of the same elements: Reshape, Flatten, Squeeze, Unsqueeze, Transpose."""

from __future__ import annotations

from edgeplan.graph import DType, Op
from edgeplan.lower.attributes import axes, integer, integers, vector
from edgeplan.lower.mil.builder import Builder
from edgeplan.lower.mil.high_rank import rearranged, reshapes_after
from edgeplan.lower.mil.linear import only_swaps_for_matmul
from edgeplan.lower.mil.registry import lowers
from edgeplan.lower.neighbours import only_consumer
from edgeplan.lower.shapes import reshape_target, total

__all__ = ["flatten", "reshape", "squeeze", "transpose", "unsqueeze"]


@lowers("Reshape")
def reshape(op: Op, b: Builder) -> bool:
    """Reshape(data, shape) -> reshape(x, shape), the shape constant when the result has at most one unknown axis.

    One that changes nothing -> identity (pass `noop_elimination`); to rank 0 -> squeeze. Several in a row -> the last
    (pass `merge_consecutive_reshapes`); through six and more axes -> as in `high_rank`.
    """
    x, wanted = op.input("data"), op.input("shape")
    if x is None:
        return False
    merged = reshapes_after(op, b)
    if rearranged((merged or [op])[-1], b, x):
        b.absorb(*merged)
        return True
    if merged:
        kind = "identity" if _same(b, x, merged[-1].outputs[0]) else "reshape"
        sizes = reshape_target(b.shape(merged[-1].outputs[0])) or ()
        b.emit(kind, {"x": x}, to=merged[-1].outputs[0], attrs={"shape": sizes} if kind == "reshape" else None)
        b.absorb(*merged)
        return True
    target = b.shape(op.outputs[0])
    given = vector(op, b, "shape") if reshape_target(target) is None else reshape_target(target)
    if _same(b, x, op.outputs[0]):
        b.emit("identity", {"x": x}, to=op.outputs[0])
    elif target == ():
        b.emit("squeeze", {"x": x}, to=op.outputs[0], attrs={"axes": tuple(range(b.rank(x) or 0))})
    elif given is not None:
        b.emit("reshape", {"x": x}, to=op.outputs[0], attrs={"shape": given})
    elif wanted is not None:
        b.emit("reshape", {"x": x, "shape": wanted}, to=op.outputs[0])
    else:
        return False
    return True


def _same(b: Builder, x: str, y: str) -> bool:
    shape = b.shape(x)
    return shape is not None and shape == b.shape(y) and None not in shape


@lowers("Flatten")
def flatten(op: Op, b: Builder) -> bool:
    """Flatten(input) -> reshape(x, [before axis, from axis on]); both unknown -> shape, slice_by_index, concat."""
    x, axis = op.input("input"), integer(op, "axis", 1)
    shape = None if x is None else b.shape(x)
    if x is None or shape is None or axis is None or not -len(shape) <= axis <= len(shape):
        return False
    axis += len(shape) if axis < 0 else 0
    flat = (total(shape[:axis]) if axis else 1, total(shape[axis:]))
    target = reshape_target(flat)
    if target is None:
        return axis == 1 and _flatten_at_run_time(op, b, x, len(shape))
    kind = "identity" if flat == shape and None not in flat else "reshape"
    b.emit(kind, {"x": x}, to=op.outputs[0], attrs={"shape": target} if kind == "reshape" else None)
    return True


def _flatten_at_run_time(op: Op, b: Builder, x: str, rank: int) -> bool:
    whole = b.emit("shape", {"x": x}, (rank,), dtype=DType.INT32)
    first = b.emit("slice_by_index", {"x": whole}, (1,), attrs={"begin": (0,), "end": (1,), "end_mask": (False,)})
    rest = b.constant((-1,), DType.INT32, (1,))
    sizes = b.emit("concat", {"values": (first, rest)}, (2,), attrs={"axis": 0, "interleave": False})
    b.emit("reshape", {"x": x, "shape": sizes}, to=op.outputs[0])
    return True


@lowers("Squeeze")
def squeeze(op: Op, b: Builder) -> bool:
    """Squeeze(data, axes) -> squeeze(x, axes); without axes, those of size 1. Nothing to remove -> identity."""
    x = op.input("data")
    shape = None if x is None else b.shape(x)
    found = axes(op, b, None if shape is None else len(shape))
    if x is None or found is None:
        return False
    if not found:
        if shape is None or not all(isinstance(d, int) for d in shape):
            return False
        found = tuple(i for i, d in enumerate(shape) if d == 1)
    if found:
        b.emit("squeeze", {"x": x}, to=op.outputs[0], attrs={"axes": tuple(sorted(found))})
    else:
        b.emit("identity", {"x": x}, to=op.outputs[0])
    return True


@lowers("Unsqueeze")
def unsqueeze(op: Op, b: Builder) -> bool:
    """Unsqueeze(data, axes) -> expand_dims(x, axes)."""
    x, given = op.input("data"), vector(op, b, "axes")
    if x is None or not given:
        return False
    rank = b.rank(x)
    found = axes(op, b, None if rank is None else rank + len(given))
    if found is None:
        return False
    b.emit("expand_dims", {"x": x}, to=op.outputs[0], attrs={"axes": tuple(sorted(found))})
    return True


@lowers("Transpose")
def transpose(op: Op, b: Builder) -> bool:
    """Transpose(data) -> transpose(x, perm); several in a row -> one (pass `merge_consecutive_transposes`).

    One that changes nothing -> identity; one that matmul does itself -> nothing.
    """
    if len(op.inputs) != 1:
        return False
    x = op.inputs[0]
    rank = b.rank(x)
    perm = integers(op, "perm", tuple(reversed(range(rank or 0))))
    if rank is None and perm:
        rank = len(perm)
    if perm is None or rank is None or sorted(perm) != list(range(rank)):
        return False
    if only_swaps_for_matmul(op, b):
        return True
    merged: list[Op] = []
    while after := only_consumer(b, (merged[-1] if merged else op).outputs[0]):
        then = integers(after, "perm", tuple(reversed(range(rank))))
        if after.label != "Transpose" or len(after.outputs) != 1 or then is None or sorted(then) != list(range(rank)):
            break
        perm = tuple(perm[p] for p in then)
        merged.append(after)
    out = (merged[-1] if merged else op).outputs[0]
    if perm == tuple(range(rank)):
        b.emit("identity", {"x": x}, to=out)
    else:
        b.emit("transpose", {"x": x}, to=out, attrs={"perm": perm})
    b.absorb(*merged)
    return True
