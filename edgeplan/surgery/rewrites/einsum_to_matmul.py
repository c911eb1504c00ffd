"""An Einsum of two tensors becomes the matrix product it is, or the elementwise one.

Before:
    y = Einsum(a, b, equation="bchq,bkhc->bkhq")
After:
    s = Transpose(b, [0, 2, 1, 3])          # b h k c: shared axes, own axes, summed axes
    t = Transpose(a, [0, 2, 1, 3])          # b h c q: shared axes, summed axes, own axes
    y = Transpose(MatMul(s, t), [0, 2, 1, 3])

The axes of both operands that the result keeps are the batch of the product, those it does not keep are summed by it;
an operand's own axes are its rows or columns. Several axes of one kind are merged by a Reshape (rows only where there
is a batch: without one MatMul takes more), none is an axis of size 1. Where nothing is summed, the product is a Mul of
tensors that broadcast. Of the two orders of the operands the one with fewer Transposes is taken. One operand alone
whose axes only change places is a Transpose.

Not done for more than two operands; for an index twice in one operand, which is a diagonal; for an index of one operand
alone that is summed, unless its size is 1; where an index is not known to have one size in both; and where the sizes of
merged axes are not known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import onnx_ir as ir

from edgeplan.surgery.claim import EQUAL, Claim
from edgeplan.surgery.looking import FLOATS, attribute, dims
from edgeplan.surgery.reshaping import merged
from edgeplan.surgery.rewrite import Context, Edit, NearMiss, Replacement, Rewrite, Stage
from edgeplan.surgery.spelling import Dim, reshaped, transposed

__all__ = ["EinsumToMatmul"]


@dataclass(frozen=True, slots=True)
class _Product:
    """A product of two operands by their indices, and the order in which each is laid out for it."""

    left: ir.Value
    right: ir.Value
    batch: tuple[str, ...]
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    summed: tuple[tuple[str, ...], tuple[str, ...]]
    size: dict[str, Dim]

    @property
    def orders(self) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
        """The indices of the left operand, of the right one and of the result, as a MatMul wants them."""
        b = self.batch
        return b + self.rows + self.summed[0], b + self.summed[1] + self.columns, b + self.rows + self.columns


class EinsumToMatmul(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "einsum-to-matmul"
    claim: ClassVar[Claim] = EQUAL
    stage: ClassVar[Stage] = Stage.FUSE
    roots: ClassVar[frozenset[str]] = frozenset({"Einsum"})

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on an Einsum whose equation is a product of two operands, or a Transpose."""
        operands = [v for v in node.inputs if v is not None]
        shapes = [dims(v) for v in operands]
        if any(s is None for s in shapes):
            return NearMiss("the shape of an operand is not known")
        if any(v.dtype not in FLOATS for v in operands):
            return NearMiss("the operands are no floating-point numbers")
        found = _indices(str(attribute(node, "equation", "")), [len(s or ()) for s in shapes])
        if isinstance(found, str):
            return NearMiss(found)
        indices, out = found
        edit = Edit()
        if len(operands) == 1:
            if sorted(indices[0]) != sorted(out):
                return NearMiss("one operand is summed, that is no matrix product")
            made = edit.op("Transpose", operands, {"perm": [indices[0].index(i) for i in out]})
            return edit.replaces([node], {node.outputs[0]: made})
        if len(operands) != 2:
            return NearMiss(f"{len(operands)} operands are no one product")
        size: dict[str, Dim] = {}
        for letters, shape in zip(indices, shapes, strict=True):
            for i, d in zip(letters, shape or (), strict=True):
                if i in size and (d is None or d != size[i]):
                    return NearMiss(f"the sizes of {i} in both operands are not known to be equal")
                if d == 0:
                    return NearMiss("an operand has no elements")
                size[i] = d
        kinds = _kinds(indices, out, size)
        if isinstance(kinds, str):
            return NearMiss(kinds)
        if not kinds[3] and not kinds[4]:
            made_or_why = _elementwise(edit, operands, indices, out, size)
        else:
            made_or_why = _matmul(edit, operands, indices, out, kinds, size)
        if isinstance(made_or_why, str):
            return NearMiss(made_or_why)
        return edit.replaces([node], {node.outputs[0]: made_or_why})


def _indices(equation: str, ranks: Sequence[int]) -> tuple[list[list[str]], list[str]] | str:
    """The indices of each operand and of the result; axes an ellipsis stands for are named by digits."""
    text = equation.replace(" ", "")
    left, arrow, right = text.partition("->")
    terms = left.split(",")
    if len(terms) != len(ranks):
        return "the equation speaks of another number of operands"
    widths = {rank - len(t.replace("...", "")) for t, rank in zip(terms, ranks, strict=True) if "..." in t}
    if len(widths) > 1:
        return "the ellipsis stands for other numbers of axes in each operand"
    dots = [str(i) for i in range(widths.pop())] if widths else []

    def spelled(term: str) -> list[str]:
        before, found, after = term.partition("...")
        return [*before, *(dots if found else []), *after]

    indices = [spelled(t) for t in terms]
    if any(len(i) != rank for i, rank in zip(indices, ranks, strict=True)):
        return "the equation does not fit the operands' axes"
    if any(len(set(i)) != len(i) for i in indices):
        return "an index stands twice in one operand: a diagonal"
    if arrow:
        return indices, spelled(right)
    every = [i for term in indices for i in term if i not in dots]
    return indices, dots + sorted(i for i in set(every) if every.count(i) == 1)


_Kinds = tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...], tuple[str, ...], tuple[str, ...]]


def _kinds(indices: Sequence[Sequence[str]], out: Sequence[str], size: dict[str, Dim]) -> _Kinds | str:
    """Shared indices, those of each operand alone, and the ones each sums, in the order they are laid out in."""
    first, second = indices
    if len(set(out)) != len(out) or not set(out) <= {*first, *second}:
        return "the result's indices are not those of the operands, each once"
    for own, other in ((first, second), (second, first)):
        for i in own:
            if i not in other and i not in out and size[i] != 1:
                return f"{i} is summed in one operand alone"
    shared = tuple(i for i in out if i in first and i in second)
    summed = tuple(i for i in first if i in second and i not in out)
    alone = [tuple(i for i in t if i not in o and i not in out) for t, o in ((first, second), (second, first))]
    return (
        shared,
        tuple(i for i in out if i in first and i not in second),
        tuple(i for i in out if i in second and i not in first),
        summed + alone[0],
        summed + alone[1],
    )


def _matmul(
    edit: Edit,
    operands: Sequence[ir.Value],
    indices: Sequence[Sequence[str]],
    out: Sequence[str],
    kinds: _Kinds,
    size: dict[str, Dim],
) -> ir.Value | str:
    batch, own, others, summed, also_summed = kinds
    a, b = operands
    straight = _Product(a, b, batch, own, others, (summed, also_summed), size)
    swapped = _Product(b, a, batch, others, own, (also_summed, summed), size)
    given = [tuple(indices[0]), tuple(indices[1])]

    def turns(p: _Product, first: int) -> int:
        return sum(x != y for x, y in zip(p.orders, (given[first], given[1 - first], tuple(out)), strict=True))

    product, at = (straight, 0) if turns(straight, 0) <= turns(swapped, 1) else (swapped, 1)
    wanted = product.orders
    rows = [size[i] for i in product.rows] if not batch and product.rows else [merged([size[i] for i in product.rows])]
    kept = [size[i] for i in batch]
    inner, outer = merged([size[i] for i in product.summed[0]]), merged([size[i] for i in product.columns])
    sides: list[_Side] = [
        (product.left, given[at], wanted[0], [*kept, *rows, inner]),
        (product.right, given[1 - at], wanted[1], [*kept, merged([size[i] for i in product.summed[1]]), outer]),
    ]
    flat = [*kept, *rows, outer]
    final = [size[i] for i in wanted[2]]
    if not all(_tellable(s, [size[i] for i in order]) for _, _, order, s in sides) or not _tellable(final, flat):
        return "the sizes of merged axes are not known"
    made = edit.op("MatMul", [_laid_out(edit, side, size) for side in sides])
    edit.typed(made, like=a, shape=flat)
    if flat != final:
        made = reshaped(edit, made, final)
    return _turned(edit, made, wanted[2], out)


def _elementwise(
    edit: Edit,
    operands: Sequence[ir.Value],
    indices: Sequence[Sequence[str]],
    out: Sequence[str],
    size: dict[str, Dim],
) -> ir.Value | str:
    sides: list[_Side] = []
    for value, had in zip(operands, indices, strict=True):
        order = tuple(i for i in out if i in had)
        first = out.index(order[0]) if order else len(out)
        sides.append((value, tuple(had), order, [size[i] if i in had else 1 for i in out[first:]]))
    if not all(_tellable(shape, [size[i] for i in order]) for _, _, order, shape in sides):
        return "the sizes of more than one axis are not known"
    return edit.op("Mul", [_laid_out(edit, side, size) for side in sides])


_Side = tuple[ir.Value, tuple[str, ...], tuple[str, ...], list[Dim]]
"""An operand, its indices, the order they are wanted in, and the shape it is wanted in then."""


def _laid_out(edit: Edit, side: _Side, size: dict[str, Dim]) -> ir.Value:
    value, had, order, shape = side
    turned = _turned(edit, value, had, order)
    return turned if shape == [size[i] for i in order] else reshaped(edit, turned, shape)


def _turned(edit: Edit, value: ir.Value, had: Sequence[str], wanted: Sequence[str]) -> ir.Value:
    order = [list(had).index(i) for i in wanted]
    return value if order == list(range(len(order))) else transposed(edit, value, order)


def _tellable(shape: Sequence[Dim], before: Sequence[Dim]) -> bool:
    """Whether a Reshape can be told a shape: a free size stays in its place, but for one; so it can if all stay."""
    if list(shape) == list(before):
        return True
    stays = [isinstance(d, str) and i < len(before) and before[i] == d for i, d in enumerate(shape)]
    return sum(not isinstance(d, int) and not stay for d, stay in zip(shape, stays, strict=True)) <= 1
