"""Convolutions of the same input whose results are added become one convolution, as RepVGG and MobileOne do by hand.

Before:
    a = Conv(x, v, b, pads=[1,1,1,1])       # 3x3
    c = Conv(x, w)                          # 1x1
    y = Add(Add(a, c), x)                   # the input itself, or BatchNormalization(x), or x times and plus constants
After:
    y = Conv(x, v + w in the middle + 1 in the middle where a channel meets itself, b, pads=[1,1,1,1])

A convolution is linear in its weights: kernels that look at the same places add up, smaller ones set into the larger
one where their padding puts them. The input itself is a convolution whose kernel is 1 for a channel's own place and 0
elsewhere. Not done where strides, groups or sizes differ, where something else reads a branch, where an activation or a
BatchNormalization not yet folded stands behind a convolution, or where no kernel holds the places of all the others
(1x3 and 3x1 would make 3x3, which multiplies more).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import onnx_ir as ir

from edgeplan.surgery.affine import Affine
from edgeplan.surgery.branches import Branch, Merged, branch, summed
from edgeplan.surgery.claim import EQUAL, Claim
from edgeplan.surgery.convolution import Convolution
from edgeplan.surgery.looking import dims, made_by
from edgeplan.surgery.rewrite import Array, Context, Edit, NearMiss, Replacement, Rewrite, Stage

__all__ = ["MergeConvBranches"]


class MergeConvBranches(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "merge-conv-branches"
    claim: ClassVar[Claim] = EQUAL
    stage: ClassVar[Stage] = Stage.FOLD
    roots: ClassVar[frozenset[str]] = frozenset({"Add", "Sum"})

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on a sum of which two terms or more are convolutions of one value, or that value."""
        if context.opset < 8:
            return None
        terms, sums = summed(node)
        makers = [c for t in terms if (c := made_by(t, "Conv")) is not None]
        if not makers:
            return None
        for source in dict.fromkeys(c.inputs[0] for c in makers):
            if source is None:
                continue
            branches = [b for t in terms if (b := branch(t, source)) is not None]
            if len(branches) < 2:
                continue
            found = Merged.of(branches, context)
            if isinstance(found, str):
                return NearMiss(found)
            return _merged(node, sums, terms, branches, found)
        return None


def _merged(
    root: ir.Node, sums: Sequence[ir.Node], terms: Sequence[ir.Value], branches: Sequence[Branch], to: Merged
) -> Replacement:
    """One convolution, and what else is added."""
    edit, first = Edit(), to.first
    shape = (first.outputs, first.inputs // first.groups, *to.kernel)
    kernels = [
        _set_in(b.conv, begin, shape) if b.conv is not None else _delta(_composed(steps), begin, shape)
        for b, begin, steps in zip(branches, to.begins, to.affines, strict=True)
    ]
    shifts: list[_Part] = []
    for one, steps in zip(branches, to.affines, strict=True):
        if one.conv is None and any(s.shifts for s in steps):
            shifts.append(_shift(_composed(steps)))
        elif one.conv is not None and one.conv.bias is not None:
            shifts.append(_Part((one.conv.bias,), lambda b: b))
    dtype = first.weight.dtype
    kernel, shift = _total(kernels), _total(shifts)
    inputs = [
        first.source,
        edit.folded(kernel.compute, *kernel.sources, shape=shape, dtype=dtype, name=first.weight.name or ""),
    ]
    if shifts:
        inputs.append(edit.folded(shift.compute, *shift.sources, shape=[first.outputs], dtype=dtype))
    made = edit.op(
        "Conv",
        inputs,
        {
            "kernel_shape": to.kernel,
            "pads": to.pads,
            "strides": first.strides,
            "dilations": to.dilations,
            "group": first.groups,
        },
    )
    merged = [b.term for b in branches]
    for term in terms:
        if term not in merged:
            edit.typed(made, like=first.result, shape=dims(first.result))
            made = edit.op("Add", [made, term])
    old = [*(n for b in branches for n in ((b.conv.node,) if b.conv is not None else b.steps)), *sums]
    return edit.replaces(list(dict.fromkeys(old)), {root.outputs[0]: made})


@dataclass(frozen=True, slots=True)
class _Part:
    """An array as a function of constants."""

    sources: tuple[ir.Value, ...]
    compute: Callable[..., Array]


def _total(parts: Sequence[_Part]) -> _Part:
    """The sum of arrays."""

    def compute(*given: Array) -> Array:
        made, left = [], list(given)
        for part in parts:
            made.append(part.compute(*left[: len(part.sources)]))
            del left[: len(part.sources)]
        return np.asarray(sum(made))

    return _Part(tuple(s for p in parts for s in p.sources), compute)


def _composed(steps: Sequence[Affine]) -> Affine | None:
    """Several factors and shifts in a row as one; None for none."""
    if not steps:
        return None
    *before, last = steps
    inner = _composed(before)
    if inner is None:
        return last
    count = len(inner.sources)

    def compute(*given: Array) -> tuple[Array, Array]:
        (scale, shift), (factor, more) = inner.compute(*given[:count]), last.compute(*given[count:])
        return scale * factor, shift * factor + more

    return Affine(last.node, inner.data, (*inner.sources, *last.sources), compute, inner.shifts or last.shifts)


def _shift(by: Affine | None) -> _Part:
    assert by is not None
    return _Part(by.sources, lambda *given: by.compute(*given)[1])


def _set_in(conv: Convolution, begin: Sequence[int], shape: Sequence[int]) -> _Part:
    """A kernel inside a larger one."""

    def compute(old: Array) -> Array:
        made = np.zeros(shape)
        inner: list[slice] = [slice(b, b + k) for b, k in zip(begin, conv.kernel, strict=True)]
        made[(slice(None), slice(None), *inner)] = old
        return made

    return _Part((conv.weight,), compute)


def _delta(by: Affine | None, place: Sequence[int], shape: Sequence[int]) -> _Part:
    """The kernel that hands every channel on, scaled."""

    def compute(*given: Array) -> Array:
        made = np.zeros(shape)
        channels = np.arange(shape[0])
        at: tuple[Array | int, ...] = (channels, channels % shape[1], *place)
        made[at] = 1.0 if by is None else by.compute(*given)[0]
        return made

    return _Part(by.sources if by is not None else (), compute)
