"""Convolutions and pools of signals become those of images one pixel high, and what lies between them, too.

Before:
    y = Conv(Relu(Conv(x, w1)), w2)                       # x: N x C x L, w: M x C x k
After:
    t = Unsqueeze(x, 2)                                   # N x C x 1 x L
    y = Squeeze(Conv(Relu(Conv(t, w1')), w2'), 2)         # w': M x C x 1 x k

A signal is an image of height 1. The first step puts Unsqueeze and Squeeze around each Conv, ConvTranspose and pool.
Then every Squeeze moves behind the elementwise ops, norms and Concats that follow, as long as all they read is of
this form, and where it meets the next convolution's Unsqueeze both go. Not done where a pool hands out indices, where
the weights are computed at run time, and where the rank of the input is not known.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import onnx_ir as ir

from edgeplan.surgery.axes import axes_named
from edgeplan.surgery.claim import EQUAL, Claim
from edgeplan.surgery.convolution import convolution
from edgeplan.surgery.elementwise import BROADCASTING, UNARY
from edgeplan.surgery.looking import attribute, attributes, dims, is_constant, is_used, made_by, sizes
from edgeplan.surgery.rewrite import Array, Context, Edit, NearMiss, Replacement, Rewrite, Stage
from edgeplan.surgery.spelling import squeezed, unsqueezed

__all__ = ["Conv1dToConv2d"]

_CONVOLUTIONS = frozenset({"Conv", "ConvTranspose"})
_POOLS = frozenset({"AveragePool", "GlobalAveragePool", "GlobalMaxPool", "LpPool", "MaxPool"})
_NORMS = frozenset({"BatchNormalization", "InstanceNormalization"})


class Conv1dToConv2d(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "conv1d-to-conv2d"
    claim: ClassVar[Claim] = EQUAL
    stage: ClassVar[Stage] = Stage.FORM
    roots: ClassVar[frozenset[str]] = _CONVOLUTIONS | _POOLS | _NORMS | UNARY | BROADCASTING | {"Concat"}

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on a convolution or pool over one axis, and on what reads an image without its height of 1."""
        if node.op_type in _CONVOLUTIONS | _POOLS:
            return _over_image(node, context.opset)
        return _behind(node, context.opset)


def _over_image(node: ir.Node, opset: int) -> Replacement | NearMiss | None:
    """A convolution or pool of a signal, over an image."""
    shape = dims(node.inputs[0])
    source = node.inputs[0]
    if node.op_type in _CONVOLUTIONS and len(sizes(node.inputs[1]) or (1,) * 4) != 3:
        return None
    if source is None or shape is None:
        return NearMiss("the rank of the input is not known")
    if len(shape) != 3:
        return None
    result = dims(node.outputs[0])
    if result is None or len(result) != 3:
        return NearMiss("the rank of the result is not known")
    if any(map(is_used, node.outputs[1:])):
        return NearMiss("the pool hands out indices")
    conv = convolution(node) if node.op_type in _CONVOLUTIONS else None
    if isinstance(conv, str):
        return NearMiss(conv)
    edit = Edit()
    before, image = _image(source)
    if image is None:
        image = unsqueezed(edit, opset, source, 2)
    inputs: list[ir.Value | None] = [image]
    if conv is not None:
        first, second, k = sizes(conv.weight) or ()
        wide = [first, second, 1, k]
        inputs.append(edit.folded(_reshape(wide), conv.weight, shape=wide))
        inputs += [conv.bias] if conv.bias is not None else []
    made = edit.op(node.op_type, inputs, _attributes(node))
    edit.typed(made, like=node.outputs[0], shape=[result[0], result[1], 1, result[2]])
    return edit.replaces([*before, node], {node.outputs[0]: squeezed(edit, opset, made, 2)})


def _attributes(node: ir.Node) -> dict[str, Any]:
    """The attributes of an op over one axis, for two of which the first has size 1."""
    given = attributes(node)
    for name, alone in (
        ("kernel_shape", 1),
        ("strides", 1),
        ("dilations", 1),
        ("output_padding", 0),
        ("output_shape", 1),
    ):
        if name in given:
            given[name] = [alone, *given[name]]
    if "pads" in given:
        before, behind = given["pads"]
        given["pads"] = [0, before, 0, behind]
    return given


def _behind(node: ir.Node, opset: int) -> Replacement | None:
    """An op that reads squeezed images: over the images themselves, and squeezed behind it."""
    read = [_image(v) for v in node.inputs]
    if all(image is None for _, image in read):
        return None
    result = dims(node.outputs[0])
    if result is None or len(result) != 3 or any(map(is_used, node.outputs[1:])):
        return None
    given = attributes(node)
    if node.op_type == "Concat":
        if attribute(node, "axis") not in (-2, -1, 1, 2) or any(image is None for _, image in read):
            return None
        given["axis"] = 1 if given["axis"] in (1, -2) else 3
    edit = Edit()
    inputs: list[ir.Value | None] = []
    for at, (value, (_, image)) in enumerate(zip(node.inputs, read, strict=True)):
        if image is None and value is not None and not (node.op_type in _NORMS and at > 0):
            shape = sizes(value)
            if shape is None or not is_constant(value) or len(shape) > 3:
                return None
            if len(shape) > 1:
                high = [*shape[:-1], 1, shape[-1]]
                image = edit.folded(_reshape(high), value, shape=high)
        inputs.append(image if image is not None else value)
    made = edit.op(node.op_type, inputs, given)
    edit.typed(made, like=node.outputs[0], shape=[result[0], result[1], 1, result[2]])
    old = list(dict.fromkeys(n for nodes, _ in read for n in nodes))
    return edit.replaces([*old, node], {node.outputs[0]: squeezed(edit, opset, made, 2)})


def _image(value: ir.Value | None) -> tuple[list[ir.Node], ir.Value | None]:
    """The image of height 1 that a signal was, and the Squeeze between them."""
    node = made_by(value, "Squeeze")
    if node is None or node.inputs[0] is None:
        return [], None
    shape = dims(node.inputs[0])
    if axes_named(node) not in ((2,), (-2,)) or shape is None or len(shape) != 4:
        return [], None
    return [node], node.inputs[0]


def _reshape(shape: list[int]) -> Callable[[Array], Array]:
    """What gives a constant another shape."""
    return lambda old: old.reshape(shape)
