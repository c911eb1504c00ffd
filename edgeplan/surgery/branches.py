"""Sums of convolutions of one value: the branches, and where each one's kernel lies in the kernel of the largest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import onnx_ir as ir

from edgeplan.surgery.affine import Affine, affine, batchnorm
from edgeplan.surgery.convolution import Convolution, convolution
from edgeplan.surgery.elementwise import ARITHMETIC
from edgeplan.surgery.looking import by_constant, made_by, only_reader
from edgeplan.surgery.rewrite import Context

__all__ = ["Branch", "Merged", "branch", "summed"]

_TERMS = 16
"""Terms of a sum that are looked at, at most."""

_STEPS = 4
"""Ops that scale and shift the input on a branch without convolution, at most."""


@dataclass(frozen=True, slots=True)
class Branch:
    """A term of the sum: a convolution of `source`, or, without one, `source` behind ops that scale and shift it."""

    term: ir.Value
    source: ir.Value
    conv: Convolution | None
    steps: tuple[ir.Node, ...] = ()


def summed(node: ir.Node) -> tuple[list[ir.Value], list[ir.Node]]:
    """What a tree of sums adds up, and its nodes; inner sums are gone into where nothing else reads them."""
    terms: list[ir.Value] = []
    sums = [node]
    left = [v for v in reversed(node.inputs) if v is not None]
    while left:
        value = left.pop()
        inner = made_by(value, "Add", "Sum")
        if inner is not None and only_reader(value) is not None and len(terms) + len(left) < _TERMS:
            sums.append(inner)
            left += [v for v in reversed(inner.inputs) if v is not None]
        else:
            terms.append(value)
    return terms, sums


def branch(term: ir.Value, source: ir.Value) -> Branch | None:
    """A term as a branch over `source`."""
    conv = made_by(term, "Conv")
    if conv is not None and conv.inputs[0] is source:
        read = convolution(conv)
        return None if isinstance(read, str) else Branch(term, source, read)
    steps: list[ir.Node] = []
    value: ir.Value | None = term
    while value is not None and value is not source and len(steps) < _STEPS:
        step = made_by(value, "BatchNormalization", *ARITHMETIC)
        if step is None:
            return None
        steps.insert(0, step)
        value = step.inputs[0]
        if step.op_type != "BatchNormalization":
            found = by_constant(step)
            if found is None:
                return None
            value = found[0]
    return Branch(term, source, None, tuple(steps)) if value is source else None


@dataclass(frozen=True, slots=True)
class Merged:
    """The one convolution branches make: where each one's kernel begins in it, and how a branch without one scales."""

    first: Convolution
    kernel: tuple[int, ...]
    dilations: tuple[int, ...]
    pads: tuple[int, ...]
    begins: tuple[tuple[int, ...], ...]
    affines: tuple[tuple[Affine, ...], ...]

    @classmethod
    def of(cls, branches: Sequence[Branch], context: Context) -> Merged | str:
        """The merge of branches over one value, or why it cannot be."""
        convs = [b.conv for b in branches if b.conv is not None]
        first = max(convs, key=lambda c: prod(c.kernel))
        for one in branches:
            if one.term is not one.source and only_reader(one.term) is None:
                return "something else reads a branch"
        for conv in convs:
            if conv.groups != first.groups:
                return "the convolutions' groups differ"
            if conv.strides != first.strides:
                return "the convolutions' strides differ"
            if (conv.inputs, conv.outputs) != (first.inputs, first.outputs) or conv.spatial != first.spatial:
                return "the convolutions' channels differ"
            if conv.pads is None:
                return "the convolutions choose their padding by a size that is not known"
            if conv.weight.dtype != first.weight.dtype:
                return "the weights' types differ"
        affines: list[tuple[Affine, ...]] = []
        for one in branches:
            steps: list[Affine] = []
            if one.conv is None:
                if first.inputs != first.outputs or set(first.strides) != {1}:
                    return (
                        "the convolution changes the number of channels or the size, so its input cannot be part of it"
                    )
                for step in one.steps:
                    if only_reader(step.outputs[0]) is None:
                        return "something else reads a branch"
                    if step.op_type == "BatchNormalization":
                        read: Affine | str | None = batchnorm(step, context)
                    else:
                        read = affine(step, first.spatial + 2, first.inputs, context)
                    if not isinstance(read, Affine):
                        return read or "the input is scaled by something that is not constant"
                    steps.append(read)
            affines.append(tuple(steps))
        return cls._placed(branches, first, tuple(affines))

    @classmethod
    def _placed(
        cls, branches: Sequence[Branch], first: Convolution, affines: tuple[tuple[Affine, ...], ...]
    ) -> Merged | str:
        """The kernels set into one another, axis by axis."""
        count, kernel, dilations, before, behind = first.spatial, [], [], [], []
        begins: list[list[int]] = [[] for _ in branches]
        for axis in range(count):
            spans = []  # where each branch's kernel begins and ends, seen from the result, and what it adds to the size
            steps = set()
            for one in branches:
                conv = one.conv
                if conv is None:
                    spans.append((0, 0, 0))
                    continue
                assert conv.pads is not None
                reach = (conv.kernel[axis] - 1) * conv.dilations[axis]
                begin, end = conv.pads[axis], conv.pads[count + axis]
                spans.append((-begin, reach - begin, begin + end - reach))
                if conv.kernel[axis] > 1:
                    steps.add(conv.dilations[axis])
            if len({grown for _, _, grown in spans}) > 1:
                return "the branches make results of different sizes"
            if len(steps) > 1:
                return "the convolutions' dilations differ"
            step = steps.pop() if steps else 1
            low, high = min(s[0] for s in spans), max(s[1] for s in spans)
            if any((s[0] - low) % step for s in spans):
                return "the kernels look at different places"
            kernel.append((high - low) // step + 1)
            dilations.append(step)
            before.append(-low)
            behind.append(spans[0][2] + high)
            for at, span in enumerate(spans):
                begins[at].append((span[0] - low) // step)
        if tuple(kernel) not in {b.conv.kernel for b in branches if b.conv is not None}:
            return "no convolution's kernel holds the others' places, and a larger one would multiply more"
        return cls(first, tuple(kernel), tuple(dilations), (*before, *behind), tuple(tuple(b) for b in begins), affines)
