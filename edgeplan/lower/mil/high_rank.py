"""Rearrangements through six and more axes, which Core ML does not have, in steps of lower rank."""

from __future__ import annotations

from math import prod

from edgeplan.graph import Op
from edgeplan.lower.attributes import integers
from edgeplan.lower.mil.builder import Builder
from edgeplan.lower.neighbours import only_consumer
from edgeplan.lower.shapes import reshape_target, static

__all__ = ["rearranged", "reshapes_after"]

_MOST = 5


def rearranged(op: Op, b: Builder, x: str) -> bool:
    """Reshape to rank >= 6, Transpose, Reshape to rank <= 5 -> reshape, transpose, reshape of few axes.

    Before: reshape [1, 8, 7, 8, 7, 96], transpose (0, 1, 3, 2, 4, 5), reshape [64, 7, 7, 96]
    After:  reshape [8, 7, 8, 672], transpose (0, 2, 1, 3), reshape [64, 7, 7, 96]

    `op` is the first reshape, `x` what it, or the reshapes merged into it, read. Axes that stay together count as one;
    where six are left, each is brought forward on its own, by a reshape and a transpose of rank 4. Emits nothing and
    returns False when the pattern is not there.
    Source: coremltools' pass expand_high_rank_reshape_and_transpose.
    """
    sizes = static(b.shape(op.outputs[0]))
    turn = only_consumer(b, op.outputs[0])
    if sizes is None or len(sizes) <= _MOST or turn is None or turn.label != "Transpose" or len(turn.outputs) != 1:
        return False
    perm = integers(turn, "perm", tuple(reversed(range(len(sizes)))))
    last = only_consumer(b, turn.outputs[0])
    if perm is None or sorted(perm) != list(range(len(sizes))) or last is None or len(last.outputs) != 1:
        return False
    if last.label != "Reshape" or last.inputs[0] != turn.outputs[0]:
        return False
    more = reshapes_after(last, b)
    out = (more or [last])[-1].outputs[0]
    final = reshape_target(b.shape(out))
    if final is None or len(final) > _MOST:
        return False
    sizes, perm = _grouped(sizes, perm)
    if len(sizes) <= _MOST:
        x = b.emit("reshape", {"x": x}, sizes, attrs={"shape": sizes})
        x = b.emit("transpose", {"x": x}, tuple(sizes[p] for p in perm), attrs={"perm": perm})
    else:
        x = _one_by_one(b, x, sizes, perm)
    b.emit("reshape", {"x": x}, to=out, attrs={"shape": final})
    b.absorb(turn, last, *more)
    return True


def reshapes_after(op: Op, b: Builder) -> list[Op]:
    """The reshapes that follow and whose result alone is needed. Rank 0 is no reshape in MIL."""
    found: list[Op] = []
    before = op.outputs[0]
    while after := only_consumer(b, before):
        reshapes = after.label in ("Reshape", "Flatten") and len(after.outputs) == 1 and after.inputs[0] == before
        if not reshapes or not reshape_target(b.shape(after.outputs[0])):
            break
        found.append(after)
        before = after.outputs[0]
    return found


def _grouped(sizes: tuple[int, ...], perm: tuple[int, ...]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Sizes and permutation with axes that stay neighbours taken as one."""
    groups: list[list[int]] = []
    for axis in perm:
        if groups and axis == groups[-1][-1] + 1:
            groups[-1].append(axis)
        else:
            groups.append([axis])
    ordered = sorted(groups)
    return tuple(prod(sizes[a] for a in g) for g in ordered), tuple(ordered.index(g) for g in groups)


def _one_by_one(b: Builder, x: str, sizes: tuple[int, ...], perm: tuple[int, ...]) -> str:
    done: set[int] = set()
    leading = 1
    for axis in perm:
        done.add(axis)
        before = prod(s for a, s in enumerate(sizes[:axis]) if a not in done)
        behind = prod(s for a, s in enumerate(sizes) if a > axis and a not in done)
        shape = (leading, before, sizes[axis], behind)
        x = b.emit("reshape", {"x": x}, shape, attrs={"shape": shape})
        x = b.emit("transpose", {"x": x}, (leading, sizes[axis], before, behind), attrs={"perm": (0, 2, 1, 3)})
        leading *= sizes[axis]
    return x
