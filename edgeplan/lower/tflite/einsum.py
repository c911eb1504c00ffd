"""Einsum of one or two tensors, as one BATCH_MATMUL."""

from __future__ import annotations

from edgeplan.graph import Dim, Op
from edgeplan.lower.attributes import text
from edgeplan.lower.shapes import permuted, reshape_target, total
from edgeplan.lower.tflite.algebra import binary, matmul, reduce
from edgeplan.lower.tflite.builder import Builder
from edgeplan.lower.tflite.registry import lowers

__all__ = ["einsum"]


@lowers("Einsum")
def einsum(op: Op, b: Builder) -> bool:
    """Einsum(a, b) -> SUM, TRANSPOSE, RESHAPE of each operand to [batch, rows, columns], BATCH_MATMUL, RESHAPE,
    TRANSPOSE; what changes nothing is left out. Without a common letter that disappears: MUL.

    Before: `y = Einsum<equation = "bqhd,bkhd->bhqk">(q, k)`
    After:  `y = BATCH_MATMUL(TRANSPOSE(q), TRANSPOSE(k))`

    Source: onnx2tf `tflite_builder/op_builders/fc.py` build_einsum_op. Repeated letters in a term, an implied result
    and more than two operands have no lowering; an ellipsis stands for the axes that are there.
    """
    terms = _parsed(op, b)
    if terms is None:
        return False
    letters, out = terms[:-1], terms[-1]
    sizes: dict[str, Dim] = {}
    for term, name in zip(letters, op.inputs, strict=True):
        for letter, dim in zip(term, b.shape(name) or (), strict=True):
            if letter not in sizes or sizes[letter] == 1 or not isinstance(sizes[letter], int):
                sizes[letter] = dim
    if any(letter not in sizes for letter in out):
        return False
    if len(letters) == 1:
        _single(op, b, letters[0], out)
        return True
    return _product(op, b, (letters[0], letters[1]), out, sizes)


def _parsed(op: Op, b: Builder) -> tuple[str, ...] | None:
    """The letters of each operand and of the result, ellipses spelled out; None when the equation is not covered."""
    equation = (text(op, "equation", "") or "").replace(" ", "")
    left, arrow, out = equation.partition("->")
    terms = left.split(",")
    if not arrow or len(terms) != len(op.inputs) or len(terms) > 2:
        return None
    spare = [c for c in "ZYXWVUTSRQ" if c not in equation]
    found: list[str] = []
    most = 0
    for term, name in zip(terms, op.inputs, strict=True):
        rank = b.rank(name)
        if rank is None:
            return None
        extra = rank - len(term.replace("...", "")) if "..." in term else 0
        if not 0 <= extra <= len(spare):
            return None
        most = max(most, extra)
        found.append(term.replace("...", "".join(reversed(spare[:extra]))))
        if len(found[-1]) != rank:
            return None
    found.append(out.replace("...", "".join(reversed(spare[:most]))))
    if any(len(set(t)) != len(t) or not all(c.isascii() and c.isalpha() for c in t) for t in found):
        return None
    return tuple(found)


def _single(op: Op, b: Builder, term: str, out: str) -> None:
    x = b.native(op.inputs[0])
    kept = "".join(c for c in term if c in out)
    perm = tuple(kept.index(c) for c in out)
    turned = perm != tuple(range(len(perm)))
    gone = [i for i, c in enumerate(term) if c not in out]
    if gone:
        x = reduce(b, "SUM", x, gone, keep=False, to=None if turned else op.outputs[0])
    if turned:
        b.transpose(x, perm, to=op.outputs[0])
    elif not gone:
        b.alias(op.outputs[0], op.inputs[0], ())


def _product(op: Op, b: Builder, letters: tuple[str, str], out: str, sizes: dict[str, Dim]) -> bool:
    left, right = letters
    common = [c for c in left if c in right]
    batch = "".join(c for c in common if c in out)
    inner = "".join(c for c in common if c not in out)
    rows, columns = ("".join(c for c in t if c in out and c not in o) for t, o in ((left, right), (right, left)))
    leading = tuple(sizes[c] for c in batch)
    m, k, n = (total([sizes[c] for c in group]) if group else 1 for group in (rows, inner, columns))
    made = batch + rows + columns
    full = tuple(sizes[c] for c in made)
    shapes = ((*leading, m, k), (*leading, k, n), full)
    if any(reshape_target(s) is None and len(g) != 1 for s, g in zip(shapes[:2], (rows, columns), strict=True)):
        return False
    if reshape_target(full) is None and (len(rows) != 1 or len(columns) != 1):
        return False
    perm = tuple(made.index(c) for c in out)
    turned = perm != tuple(range(len(perm)))
    folded = len(rows) != 1 or len(columns) != 1
    if not inner and not rows and not columns:
        x, y = (_arranged(b, n, t, batch, leading) for n, t in zip(op.inputs, letters, strict=True))
        z = binary(b, "MUL", x, y, to=None if turned else op.outputs[0])
    else:
        x = _arranged(b, op.inputs[0], left, batch + rows + inner, shapes[0])
        y = _arranged(b, op.inputs[1], right, batch + columns + inner, (*leading, n, k))
        z = matmul(b, x, y, adj_y=True, to=op.outputs[0] if not (folded or turned) else None)
        if folded:
            z = b.reshape(z, full, to=None if turned else op.outputs[0])
    if turned:
        b.transpose(z, perm, to=op.outputs[0])
    return True


def _arranged(b: Builder, x: str, term: str, order: str, flat: tuple[Dim, ...]) -> str:
    """One operand with the letters that only it has summed away, its axes in `order`, as one batch of matrices."""
    if b.is_weight(x):
        return b.weight(x, flat)
    x = b.native(x)
    gone = [i for i, c in enumerate(term) if c not in order]
    if gone:
        x = reduce(b, "SUM", x, gone, keep=False)
    kept = "".join(c for c in term if c in order)
    perm = tuple(kept.index(c) for c in order)
    if perm != tuple(range(len(perm))):
        x = b.transpose(x, perm)
    shape = permuted(b.shape(x), tuple(range(len(perm))))
    return x if shape == flat or reshape_target(flat) is None else b.reshape(x, flat)
