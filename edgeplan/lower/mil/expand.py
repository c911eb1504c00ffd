"""Repetition of a tensor along its axes: Expand and Tile."""

from __future__ import annotations

from edgeplan.graph import DType, Op
from edgeplan.lower.attributes import vector
from edgeplan.lower.mil.builder import Builder
from edgeplan.lower.mil.constants import cast, scalar
from edgeplan.lower.mil.registry import lowers
from edgeplan.lower.shapes import static

__all__ = ["broadcast_to", "expand", "tile"]


def broadcast_to(b: Builder, x: str, target: tuple[int, ...]) -> str:
    """x -> expand_dims and tile to a known shape, as needed; a constant becomes a larger constant."""
    shape = static(b.shape(x))
    if shape is None or shape == target:
        return x
    if b.value(x).const:
        return b.weight(x, target, "broadcast")
    missing = len(target) - len(shape)
    if missing:
        shape = (1,) * missing + shape
        x = b.emit("expand_dims", {"x": x}, shape, attrs={"axes": tuple(range(missing))})
    if shape == target:
        return x
    reps = tuple(t if s == 1 else 1 for s, t in zip(shape, target, strict=True))
    return b.emit("tile", {"x": x}, target, attrs={"reps": reps})


@lowers("Expand")
def expand(op: Op, b: Builder) -> bool:
    """Expand(input, shape) -> expand_dims for new leading axes, then tile; identity when nothing is repeated.

    With repetitions known only at run time: shape, equal, select, real_div and cast compute `reps` before the tile
    (source: coremltools `frontend/_utils.py` pymil_broadcast_to).
    """
    x, target = op.input("input"), b.shape(op.outputs[0])
    shape = None if x is None else b.shape(x)
    wanted = op.input("shape")
    if x is None or wanted is None or shape is None or target is None or len(shape) > len(target):
        return False
    missing = len(target) - len(shape)
    widened = (1,) * missing + shape
    reps = [
        1 if s == t or s != 1 and isinstance(s, int) else t if s == 1 else None
        for s, t in zip(widened, target, strict=True)
    ]
    known = tuple(r for r in reps if isinstance(r, int))
    same = len(known) == len(reps) and set(known) <= {1}
    if missing:
        to = op.outputs[0] if same else None
        x = b.emit("expand_dims", {"x": x}, widened, to=to, attrs={"axes": tuple(range(missing))})
    elif same:
        b.emit("identity", {"x": x}, to=op.outputs[0])
    if same:
        return True
    if len(known) == len(reps):
        b.emit("tile", {"x": x}, to=op.outputs[0], attrs={"reps": known})
        return True
    rank = (len(target),)
    own = b.emit("shape", {"x": x}, rank, dtype=DType.INT32)
    free = b.emit("equal", {"x": wanted, "y": scalar(b, wanted, -1)}, rank, dtype=DType.BOOL)
    sizes = b.emit("select", {"cond": free, "a": own, "b": wanted}, rank, dtype=DType.INT32)
    ratio = b.emit("real_div", {"x": sizes, "y": own}, rank, dtype=DType.INT32)
    b.emit("tile", {"x": x, "reps": cast(b, ratio, DType.INT32)}, to=op.outputs[0])
    return True


@lowers("Tile")
def tile(op: Op, b: Builder) -> bool:
    """Tile(input, repeats) -> tile(x, reps)."""
    x, repeats = op.input("input"), op.input("repeats")
    if x is None or repeats is None:
        return False
    reps = vector(op, b, "repeats")
    if reps is None:
        b.emit("tile", {"x": x, "reps": repeats}, to=op.outputs[0])
    elif set(reps) <= {1}:
        b.emit("identity", {"x": x}, to=op.outputs[0])
    else:
        b.emit("tile", {"x": x}, to=op.outputs[0], attrs={"reps": reps})
    return True
