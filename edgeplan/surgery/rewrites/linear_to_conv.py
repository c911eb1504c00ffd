"""Linear layers over the last axis become 1x1 convolutions, with the channels turned to the front once around them.

Before:
    h = Gelu(Add(MatMul(x, V), a))              # x of shape (B, S, C)
    y = Add(MatMul(h, W), b)
After:
    t = Transpose(Unsqueeze(x, 1), [0, 3, 1, 2])    # (B, C, 1, S)
    h = Gelu(Conv(t, V', a))                        # kernel 1 x 1
    u = Conv(h, W', b)
    y = Squeeze(Transpose(u, [0, 2, 3, 1]), 1)

A 1x1 convolution multiplies the channels of each position by a matrix, as a linear layer does with each row. Layers and
elementwise ops between them are turned together, so that one Transpose before and one behind is all that is moved. A
tensor of four axes (B, H, W, C) needs no new axis.

Not done for tensors of two axes, which a linear layer takes directly, nor of more than four; for weights that are
shared or computed. Elementwise ops stay outside unless they stand between two layers and treat each element or channel
alike.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import onnx_ir as ir

from edgeplan.surgery.claim import EQUAL, Claim
from edgeplan.surgery.elementwise import ARITHMETIC, UNARY
from edgeplan.surgery.groups import in_order
from edgeplan.surgery.linear import Linear, layer_of, linear
from edgeplan.surgery.looking import (
    attributes,
    dims,
    is_channelwise,
    is_constant,
    is_output,
    made_by,
    readers,
    scalar,
    sizes,
)
from edgeplan.surgery.rewrite import Context, Edit, NearMiss, Replacement, Rewrite, Stage
from edgeplan.surgery.spelling import squeezed, transposed, unsqueezed

__all__ = ["LinearToConv"]

_ALIKE = UNARY | {*ARITHMETIC, "Pow"}
"""Ops that treat each element alike."""

_MANY = 64
"""Ops that are turned together, at most."""


class LinearToConv(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "linear-to-conv"
    claim: ClassVar[Claim] = EQUAL
    stage: ClassVar[Stage] = Stage.FORM
    roots: ClassVar[frozenset[str]] = frozenset({"MatMul"})

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on the last linear layer of a chain."""
        axes = dims(node.inputs[0])
        if not is_constant(node.inputs[1]) or (axes is not None and len(axes) < 3):
            return None
        layer = layer_of(node)
        if layer is None:
            return None
        if isinstance(layer, str):
            return NearMiss(layer)
        if axes is None or len(axes) > 4:
            return NearMiss("its input has more than four axes")
        if any(node in _chain(later) for later in _later(layer)):
            return None
        chain = _chain(layer)
        edit = Edit()
        made: dict[ir.Value, ir.Value] = {}
        for step in in_order(chain):
            _turn(edit, step, chain, made, context.opset)
        end = layer.nodes[-1].outputs[0]
        back = transposed(edit, made[end], (0, 2, 3, 1))
        if len(axes) == 3:
            back = squeezed(edit, context.opset, back, 1)
        return edit.replaces(list(chain), {end: back})


_Chain = dict[ir.Node, Linear | None]
"""Nodes that are turned together; the last one of each layer with the layer, its other one with nothing."""


def _chain(last: Linear) -> _Chain:
    """A layer, and the layers and elementwise ops before it that can be turned with it: one tensor enters."""
    alone: _Chain = {**dict.fromkeys(last.nodes), last.nodes[-1]: last}
    rank = len(dims(last.data) or ())
    chain, left = dict(alone), [last.data]
    while left and len(chain) < _MANY:
        value = left.pop()
        step = value.producer()
        if step is None or step in chain or is_output(value) or any(r not in chain for r in readers(value)):
            continue
        layer = linear(value) if made_by(value, "Add", "MatMul") is not None else None
        if isinstance(layer, Linear) and layer.product.op_type == "MatMul" and len(dims(layer.data) or ()) == rank:
            chain |= {**dict.fromkeys(layer.nodes), step: layer}
            left.append(layer.data)
        elif _alike(step, rank):
            chain[step] = None
            left.extend(v for v in step.inputs if v is not None and not is_constant(v))
    while True:  # what stands before the first layer stays outside
        heads = [n for n, layer in chain.items() if _is_head(n, chain)]
        if not heads:
            break
        for n in heads:
            del chain[n]
    return chain if len(_entries(chain)) == 1 else alone


def _is_head(node: ir.Node, chain: _Chain) -> bool:
    linear_inside = node.op_type == "MatMul" or chain[node] is not None
    return not linear_inside and not any(v is not None and v.producer() in chain for v in node.inputs)


def _entries(chain: _Chain) -> set[ir.Value]:
    return {v for n in chain for v in n.inputs if v is not None and not is_constant(v) and v.producer() not in chain}


def _alike(node: ir.Node, rank: int) -> bool:
    """Whether an op treats each element, or each channel of the last axis, alike."""
    if node.op_type not in _ALIKE or node.domain != "" or len(node.outputs) != 1:
        return False
    shape = dims(node.outputs[0])
    if shape is None or len(shape) != rank or not isinstance(shape[-1], int):
        return False
    for at, value in enumerate(node.inputs):
        if value is None:
            continue
        if is_constant(value):
            if not (is_channelwise(value, -1, rank, shape[-1]) if node.op_type in ARITHMETIC else at and _one(value)):
                return False
        elif dims(value) != shape or None in shape:
            return False
    return True


def _one(value: ir.Value) -> bool:
    return scalar(value) is not None and len(sizes(value) or ()) <= 1


def _later(layer: Linear) -> list[Linear]:
    """The layers that are reached from a layer over elementwise ops alone."""
    found: list[Linear] = []
    left, seen = [layer.nodes[-1].outputs[0]], 0
    done: set[ir.Node] = set()
    while left and seen < _MANY:
        for reader in readers(left.pop()):
            seen += 1
            if reader in done or reader.domain != "":
                continue
            done.add(reader)
            if reader.op_type == "MatMul" and is_constant(reader.inputs[1]):
                after = layer_of(reader)
                if isinstance(after, Linear):
                    found.append(after)
            if reader.op_type in _ALIKE:
                left.append(reader.outputs[0])
            elif reader.op_type == "MatMul" and found and found[-1].product is reader:
                left.append(found[-1].nodes[-1].outputs[0])
    return found


def _turn(edit: Edit, node: ir.Node, chain: _Chain, made: dict[ir.Value, ir.Value], opset: int) -> None:
    """Write one op of the chain with the channels in front."""

    def turned(value: ir.Value) -> ir.Value:
        if value not in made:
            rank = len(dims(value) or ())
            wide = unsqueezed(edit, opset, value, 1) if rank == 3 else value
            made[value] = transposed(edit, wide, (0, 3, 1, 2))
        return made[value]

    layer, out = chain[node], node.outputs[0]
    axes = dims(out) or ()
    shape = [axes[0], axes[-1], *([1] if len(axes) == 3 else []), *axes[1:-1]]
    if layer is not None:
        kernel = edit.folded(
            lambda old: np.asarray(layer.matrix(old).T[:, :, None, None]),
            layer.weight,
            shape=[layer.outputs, layer.inputs, 1, 1],
        )
        bias = [edit.folded(layer.offset, layer.bias, shape=[layer.outputs])] if layer.bias is not None else []
        new = edit.op("Conv", [turned(layer.data), kernel, *bias], {"kernel_shape": [1, 1]})
    elif any(node in other.nodes for other in chain.values() if other is not None):
        return  # a layer's product, written with its bias
    else:
        inputs: list[ir.Value | None] = []
        for value in node.inputs:
            if value is None or not is_constant(value):
                inputs.append(turned(value) if value is not None else None)
                continue
            size = sizes(value) or ()
            if size and size[-1] != 1:
                value = edit.folded(lambda old: np.asarray(old.reshape(-1, 1, 1)), value, shape=[size[-1], 1, 1])
            inputs.append(value)
        new = edit.op(node.op_type, inputs, attributes(node))
    made[out] = edit.typed(new, like=out, shape=shape)
