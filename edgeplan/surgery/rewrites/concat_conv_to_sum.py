"""A convolution over joined channels becomes the sum of convolutions over the tensors that were joined.

Before:
    y = Conv(Concat(x1, x2), w, b)
After:
    y = Add(Conv(x1, w[:, :C1], b), Conv(x2, w[:, C1:]))

A convolution is a sum over its input channels, so it can be added up tensor by tensor. The joined tensor need not
exist, and each part can go as soon as it is read: on small devices that lowers the peak of memory, as SERENITY (MLSys
2020) showed. It takes more ops. Not done where something else reads the joined tensor, where channels are not known,
on convolutions with groups, on more than 8 tensors, and where the weights are computed at run time.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import accumulate, pairwise
from typing import ClassVar

import onnx_ir as ir

from edgeplan.surgery.claim import EQUAL, Claim
from edgeplan.surgery.convolution import convolution, like
from edgeplan.surgery.looking import attribute, dims, made_by, only_reader, sizes
from edgeplan.surgery.rewrite import Array, Context, Edit, NearMiss, Replacement, Rewrite, Stage

__all__ = ["ConcatConvToSum"]

_TENSORS = 8


class ConcatConvToSum(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "concat-conv-to-sum"
    claim: ClassVar[Claim] = EQUAL
    stage: ClassVar[Stage] = Stage.FORM
    roots: ClassVar[frozenset[str]] = frozenset({"Conv"})

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on a Conv whose input is made by a Concat of channels."""
        joined = made_by(node.inputs[0], "Concat")
        if joined is None:
            return None
        conv = convolution(node)
        if isinstance(conv, str):
            return NearMiss(conv)
        if conv.groups > 1:
            return NearMiss("the convolution has groups")
        if attribute(joined, "axis", 1) not in (1, -1 - conv.spatial):
            return NearMiss("it is not channels that are joined")
        if only_reader(joined.outputs[0]) is not node:
            return NearMiss("something else reads the joined tensor")
        parts = [v for v in joined.inputs if v is not None]
        shapes = [dims(v) for v in parts]
        channels = [s[1] for s in shapes if s is not None and len(s) == 2 + conv.spatial and isinstance(s[1], int)]
        widths = [c for c in channels if isinstance(c, int)]
        if len(widths) != len(parts) or sum(widths) != conv.inputs:
            return NearMiss("the channels of a part are not known")
        if not 2 <= len(parts) <= _TENSORS:
            return NearMiss(f"{len(parts)} tensors are joined, not 2 to {_TENSORS}")
        edit = Edit()
        total: ir.Value | None = None
        shape = sizes(conv.weight) or ()
        for part, (start, end) in zip(parts, pairwise(accumulate(widths, initial=0)), strict=True):
            weight = edit.folded(_columns(start, end), conv.weight, shape=[shape[0], end - start, *shape[2:]])
            made = like(edit, conv, weight, conv.bias if total is None else None, part)
            edit.typed(made, like=conv.source, shape=dims(conv.result))
            total = made if total is None else edit.typed(edit.op("Add", [total, made]), made, dims(conv.result))
        assert total is not None
        return edit.replaces([joined, node], {node.outputs[0]: total})


def _columns(start: int, end: int) -> Callable[[Array], Array]:
    """What takes the weights that read some input channels."""
    return lambda old: old[:, start:end]
