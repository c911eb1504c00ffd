"""The contents of small tensors that say how large others are: shapes taken, cut, joined and computed with."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from math import prod
from operator import add, eq, floordiv, ge, gt, le, lt, mod, mul, ne, sub

from edgeplan.frontends.tflite.call import Call, Elements, as_ints
from edgeplan.graph import Dim, Scalar

__all__ = ["contents", "of_constant"]

_MOST = 64
"""Elements up to which contents are computed: shapes, not data."""


def of_constant(data: tuple[Scalar, ...] | None) -> Elements | None:
    """A constant's contents, when they are whole numbers, numbers or truth values."""
    if data is None or any(isinstance(d, str) for d in data):
        return None
    return tuple(d for d in data if not isinstance(d, str))


def contents(call: Call) -> tuple[Elements | None, ...]:
    """The contents of an op's outputs, from the first on, None where they are not known."""
    cut = _PARTS.get(call.type)
    if cut is not None:
        return cut(call)
    rule = _RULES.get(call.type)
    return (None if rule is None else rule(call),)


def _shape(call: Call) -> Elements | None:
    return call.shape(0)


def _rank(call: Call) -> Elements | None:
    x = call.shape(0)
    return None if x is None else (len(x),)


def _kept(call: Call) -> Elements | None:
    return call.data(0)


def _joined(call: Call) -> Elements | None:
    parts = call.contents
    if call.number("axis") != 0 or any(p is None for p in parts):
        return None
    found = tuple(d for p in parts if p is not None for d in p)
    return found if len(found) <= _MOST else None


def _gathered(call: Call) -> Elements | None:
    x, at = call.data(0), call.ints(1)
    if x is None or at is None or any(not -len(x) <= i < len(x) for i in at) or len(call.shape(0) or ()) != 1:
        return None
    return tuple(x[i] for i in at[:_MOST])


def _cut(call: Call) -> Elements | None:
    x, begin, size = call.data(0), call.ints(1), call.ints(2)
    if x is None or begin is None or size is None or len(begin) != 1:
        return None
    return x[begin[0] :] if size[0] == -1 else x[begin[0] : begin[0] + size[0]]


def _split(call: Call) -> tuple[Elements | None, ...]:
    size = len(call.data(1) or ()) // max(call.outputs, 1)
    return _taken(call, 1, (size,) * call.outputs)


def _split_v(call: Call) -> tuple[Elements | None, ...]:
    sizes = call.ints(1) or ()
    rest = len(call.data(0) or ()) - sum(n for n in sizes if n >= 0)
    return _taken(call, 0, tuple(n if n >= 0 else rest for n in sizes))


def _unpacked(call: Call) -> tuple[Elements | None, ...]:
    return _taken(call, 0, (1,) * call.outputs)


def _taken(call: Call, slot: int, sizes: tuple[int, ...]) -> tuple[Elements | None, ...]:
    """The parts of a list, one behind the other; nothing is known of those of a table."""
    x = call.data(slot)
    if x is None or len(call.shape(slot) or ()) != 1 or sum(sizes) != len(x):
        return ()
    ends = list(itertools.accumulate(sizes))
    return tuple(x[end - size : end] for size, end in zip(sizes, ends, strict=True))


def _strided(call: Call) -> Elements | None:
    x, sizes = call.data(0), as_ints(call.shape(0))
    begin, end, step = call.ints(1), call.ints(2), call.ints(3)
    if x is None or sizes is None or begin is None or end is None or step is None or 0 in step:
        return None
    if call.number("ellipsis_mask") or call.number("new_axis_mask") or prod(sizes) != len(x):
        return None
    taken = []
    for i, size in enumerate(sizes):
        if i >= len(begin):
            taken.append(range(size))
        elif call.number("shrink_axis_mask") >> i & 1:
            taken.append(range(size)[begin[i] :][:1])
        else:
            first = None if call.number("begin_mask") >> i & 1 else begin[i]
            last = None if call.number("end_mask") >> i & 1 else end[i]
            taken.append(range(size)[first : last : step[i]])
    steps = [prod(sizes[i + 1 :]) for i in range(len(sizes))]
    return tuple(x[sum(i * s for i, s in zip(at, steps, strict=True))] for at in itertools.product(*taken))


def _pairwise(work: Callable[[int, int], int], neutral: int | None) -> Callable[[Call], Elements | None]:
    """Elementwise on whole numbers; `neutral` as the right operand leaves even a free dimension as it is."""

    def one(a: Dim | float, b: Dim | float) -> Dim | float:
        if isinstance(a, int) and isinstance(b, int):
            return work(a, b) if b or work not in (floordiv, mod) else None
        return a if neutral is not None and b == neutral else None

    def rule(call: Call) -> Elements | None:
        x, y = call.data(0), call.data(1)
        if x is None or y is None or not (len(x) == len(y) or 1 in (len(x), len(y))):
            return None
        size = max(len(x), len(y))
        if size > _MOST:
            return None
        return tuple(one(x[i % len(x)], y[i % len(y)]) for i in range(size)) if x and y else ()

    return rule


def _chosen(call: Call) -> Elements | None:
    """Where every condition is known, the elements that they choose."""
    where, x, y = call.ints(0), call.data(1), call.data(2)
    if where is None or not x or not y or not where:
        return None
    size = max(len(where), len(x), len(y))
    if size > _MOST or any(len(part) not in (1, size) for part in (where, x, y)):
        return None
    parts = ((where[i % len(where)], x[i % len(x)], y[i % len(y)]) for i in range(size))
    return tuple(one if chosen else other for chosen, one, other in parts)


def _multiplied(call: Call) -> Elements | None:
    x = as_ints(call.data(0))
    return None if x is None or len(call.shape(0) or ()) != 1 else (prod(x),)


_PARTS: dict[str, Callable[[Call], tuple[Elements | None, ...]]] = {
    "SPLIT": _split,
    "SPLIT_V": _split_v,
    "UNPACK": _unpacked,
}

_RULES: dict[str, Callable[[Call], Elements | None]] = {
    **dict.fromkeys(("CAST", "EXPAND_DIMS", "RESHAPE", "SQUEEZE"), _kept),
    **dict.fromkeys(("CONCATENATION", "PACK"), _joined),
    **dict.fromkeys(("SELECT", "SELECT_V2"), _chosen),
    "ADD": _pairwise(add, 0),
    "DIV": _pairwise(floordiv, 1),
    "EQUAL": _pairwise(eq, None),
    "FLOOR_DIV": _pairwise(floordiv, 1),
    "FLOOR_MOD": _pairwise(mod, None),
    "GATHER": _gathered,
    "GREATER": _pairwise(gt, None),
    "GREATER_EQUAL": _pairwise(ge, None),
    "LESS": _pairwise(lt, None),
    "LESS_EQUAL": _pairwise(le, None),
    "MAXIMUM": _pairwise(max, None),
    "MINIMUM": _pairwise(min, None),
    "MUL": _pairwise(mul, 1),
    "NOT_EQUAL": _pairwise(ne, None),
    "RANK": _rank,
    "REDUCE_PROD": _multiplied,
    "SHAPE": _shape,
    "SLICE": _cut,
    "STRIDED_SLICE": _strided,
    "SUB": _pairwise(sub, 0),
}
