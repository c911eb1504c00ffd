"""Einsum of one or two tensors."""

from __future__ import annotations

from edgeplan.graph import Attr, Dim, Op
from edgeplan.lower.attributes import text
from edgeplan.lower.mil.builder import Builder
from edgeplan.lower.mil.registry import lowers
from edgeplan.lower.shapes import permuted, reduced, reshape_target, total

__all__ = ["einsum"]

_NATIVE = frozenset({"0123,0324->0124", "012,213->013"})
"""nchw,nwhu->nchu and chw,whu->chu: the two equations that MIL's own einsum knows."""

_PRODUCTS = {
    "0123,0143->0124": (False, False, True),
    "0123,0143->0142": (True, False, True),
    "0123,0124->0134": (False, True, False),
    "0123,0124->0143": (True, True, False),
    "012,23->013": (False, False, False),
}
"""Equations that are one matmul: (operands swapped, transpose_x, transpose_y)."""

_HEADS_INSIDE = frozenset({"0123,0423->0214", "0123,0423->0241", "0123,0314->0214"})
"""bqnd,bknd->bnqk, the same with its operands exchanged, and bnqk,bknd->bqnd: attention with the heads inside."""

_HEADS_FIRST = (0, 2, 1, 3)


@lowers("Einsum")
def einsum(op: Op, b: Builder) -> bool:
    """Einsum(a, b) -> einsum for nchw,nwhu->nchu and chw,whu->chu; one matmul for the forms of attention scores; else,
    for each operand, reduce_sum, transpose and reshape to [batch, rows, columns], matmul, reshape, transpose.

    Source: coremltools `frontend/_utils.py` build_einsum_mil. Steps that change nothing are left out, and a constant is
    rearranged beforehand. Ellipses, repeated letters, an implied result and more than two operands have no lowering.
    """
    terms = _parsed(op, b)
    if terms is None:
        return False
    letters, out = terms[:-1], terms[-1]
    sizes: dict[str, Dim] = {}
    for term, name in zip(letters, op.inputs, strict=True):
        for letter, dim in zip(term, b.shape(name) or (), strict=True):
            if letter not in sizes or not isinstance(sizes[letter], int) or sizes[letter] == 1:
                sizes[letter] = dim
    if any(letter not in sizes for letter in out):
        return False
    if len(letters) == 1:
        return _single(op, b, letters[0], out)
    pattern = _numbered(letters, out)
    if pattern in _NATIVE:
        b.emit(
            "einsum", {"values": op.inputs}, to=op.outputs[0], attrs={"equation": f"{letters[0]},{letters[1]}->{out}"}
        )
        return True
    if pattern in _PRODUCTS:
        swapped, flip_x, flip_y = _PRODUCTS[pattern]
        x, y = reversed(op.inputs) if swapped else op.inputs
        b.emit("matmul", {"x": x, "y": y}, to=op.outputs[0], attrs={"transpose_x": flip_x, "transpose_y": flip_y})
        return True
    if pattern in _HEADS_INSIDE:
        return _heads_inside(op, b, pattern)
    return _general(op, b, (letters[0], letters[1]), out, sizes)


def _heads_inside(op: Op, b: Builder, pattern: str) -> bool:
    """[batch, length, heads, width] operands: the heads are brought forward, the product is one matmul."""
    x, y = op.inputs
    out = b.shape(op.outputs[0])
    if pattern == "0123,0314->0214":
        y = b.emit("transpose", {"x": y}, permuted(b.shape(y), _HEADS_FIRST), attrs={"perm": _HEADS_FIRST})
        flips: dict[str, Attr] = {"transpose_x": False, "transpose_y": False}
        z = b.emit("matmul", {"x": x, "y": y}, permuted(out, _HEADS_FIRST), attrs=flips)
        b.emit("transpose", {"x": z}, to=op.outputs[0], attrs={"perm": _HEADS_FIRST})
        return True
    if pattern == "0123,0423->0241":
        x, y = y, x
    x = b.emit("transpose", {"x": x}, permuted(b.shape(x), _HEADS_FIRST), attrs={"perm": _HEADS_FIRST})
    y = b.emit("transpose", {"x": y}, permuted(b.shape(y), _HEADS_FIRST), attrs={"perm": _HEADS_FIRST})
    b.emit("matmul", {"x": x, "y": y}, to=op.outputs[0], attrs={"transpose_x": False, "transpose_y": True})
    return True


def _parsed(op: Op, b: Builder) -> tuple[str, ...] | None:
    """The letters of each operand and of the result; None when the equation does not fit or is not covered."""
    equation = (text(op, "equation", "") or "").replace(" ", "")
    left, arrow, out = equation.partition("->")
    terms = tuple(left.split(","))
    if not arrow or len(terms) != len(op.inputs) or len(terms) > 2:
        return None
    for term in (*terms, out):
        if len(set(term)) != len(term) or not all(c.isascii() and c.isalpha() for c in term):
            return None
    if any(b.rank(name) != len(term) for term, name in zip(terms, op.inputs, strict=True)):
        return None
    return (*terms, out)


def _numbered(letters: tuple[str, ...], out: str) -> str:
    """The equation with its letters numbered in the order of their first use."""
    order = {c: str(i) for i, c in enumerate(dict.fromkeys("".join((*letters, out))))}
    return ",".join("".join(order[c] for c in t) for t in letters) + "->" + "".join(order[c] for c in out)


def _single(op: Op, b: Builder, term: str, out: str) -> bool:
    x = op.inputs[0]
    kept = "".join(c for c in term if c in out)
    perm = tuple(kept.index(c) for c in out)
    turned = perm != tuple(range(len(perm)))
    if kept != term:
        gone = tuple(i for i, c in enumerate(term) if c not in out)
        attrs: dict[str, Attr] = {"axes": gone, "keep_dims": False}
        x = b.emit(
            "reduce_sum", {"x": x}, reduced(b.shape(x), gone, False), to=None if turned else op.outputs[0], attrs=attrs
        )
    if turned:
        b.emit("transpose", {"x": x}, to=op.outputs[0], attrs={"perm": perm})
    elif kept == term:
        b.emit("identity", {"x": x}, to=op.outputs[0])
    return True


def _general(op: Op, b: Builder, letters: tuple[str, str], out: str, sizes: dict[str, Dim]) -> bool:
    left, right = letters
    common = [c for c in left if c in right]
    batch = "".join(c for c in common if c in out)
    inner = "".join(c for c in common if c not in out)
    rows, columns = ("".join(c for c in t if c in out and c not in o) for t, o in ((left, right), (right, left)))
    leading = (total([sizes[c] for c in batch]),) if batch else ()
    m, k, n = (total([sizes[c] for c in group]) for group in (rows, inner, columns))
    full = tuple(sizes[c] for c in batch + rows + columns)
    shapes = ((*leading, m, k), (*leading, k, n), (*leading, m, n), full)
    if any(reshape_target(s) is None for s in shapes):
        return False
    x = _arranged(b, op.inputs[0], left, batch + rows + inner, shapes[0])
    y = _arranged(b, op.inputs[1], right, batch + inner + columns, shapes[1])
    perm = tuple((batch + rows + columns).index(c) for c in out)
    turned, folded = perm != tuple(range(len(perm))), shapes[2] != full or None in full
    steps = 1 + folded + turned
    flips: dict[str, Attr] = {"transpose_x": False, "transpose_y": False}
    z = b.emit("matmul", {"x": x, "y": y}, shapes[2], to=op.outputs[0] if steps == 1 else None, attrs=flips)
    if folded:
        target = reshape_target(full) or ()
        z = b.emit("reshape", {"x": z}, full, to=None if turned else op.outputs[0], attrs={"shape": target})
    if turned:
        b.emit("transpose", {"x": z}, to=op.outputs[0], attrs={"perm": perm})
    return True


def _arranged(b: Builder, x: str, term: str, order: str, flat: tuple[Dim, ...]) -> str:
    """One operand with the letters that only it has summed away, its axes in `order`, as one batch of matrices."""
    if b.value(x).const:
        return b.weight(x, flat)
    gone = tuple(i for i, c in enumerate(term) if c not in order)
    if gone:
        x = b.emit("reduce_sum", {"x": x}, reduced(b.shape(x), gone, False), attrs={"axes": gone, "keep_dims": False})
    kept = "".join(c for c in term if c in order)
    perm = tuple(kept.index(c) for c in order)
    if perm != tuple(range(len(perm))):
        x = b.emit("transpose", {"x": x}, permuted(b.shape(x), perm), attrs={"perm": perm})
    if b.shape(x) != flat or None in flat:
        x = b.emit("reshape", {"x": x}, flat, attrs={"shape": reshape_target(flat) or ()})
    return x
