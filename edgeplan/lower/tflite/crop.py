"""Pieces of tensors put where they belong: CenterCropPad, Col2Im, MaxUnpool."""

from __future__ import annotations

from math import prod

from edgeplan.graph import Attr, Op
from edgeplan.lower.attributes import integers, vector
from edgeplan.lower.shapes import static
from edgeplan.lower.tflite.algebra import int32, padded, sliced, step
from edgeplan.lower.tflite.builder import Builder
from edgeplan.lower.tflite.registry import lowers

__all__ = ["center_crop_pad", "col2im", "max_unpool"]


@lowers("CenterCropPad")
def center_crop_pad(op: Op, b: Builder) -> bool:
    """CenterCropPad(input, const shape) -> SLICE of what is too much, PAD of what is missing.

    Source: onnx2tf `tflite_builder/op_builders/shape.py` build_center_crop_pad_op. Unknown sizes have no lowering.
    """
    x, wanted = op.input("input_data"), vector(op, b, "shape")
    shape = None if x is None else static(b.shape(x))
    if x is None or shape is None or wanted is None:
        return False
    axes = integers(op, "axes", tuple(range(len(shape))))
    if axes is None or len(axes) != len(wanted) or any(not -len(shape) <= a < len(shape) for a in axes):
        return False
    target = dict(zip((a % len(shape) for a in axes), wanted, strict=True))
    goal = [target.get(i, d) for i, d in enumerate(shape)]
    begins = [(d - g) // 2 if d > g else 0 for d, g in zip(shape, goal, strict=True)]
    kept = [min(d, g) for d, g in zip(shape, goal, strict=True)]
    pads = [((g - d) // 2, (g - d) - (g - d) // 2) if g > d else (0, 0) for d, g in zip(shape, goal, strict=True)]
    y = b.native(x)
    if kept != list(shape):
        y = sliced(b, y, begins, kept)
    if any(map(any, pads)):
        y = padded(b, y, pads)
    b.adopt(op.outputs[0], y)
    return True


@lowers("Col2Im")
def col2im(op: Op, b: Builder) -> bool:
    """Col2Im(input [n, c*k, l], const image_shape, const block_shape) -> each channel's blocks as an image of
    k channels (RESHAPE, TRANSPOSE, RESHAPE), summed into place by TRANSPOSE_CONV with a filter of ones and zeros,
    RESHAPE, SLICE of the pads.

    Source: onnx2tf `tflite_builder/op_builders/conv.py` build_col2im_op. Images only; unknown sizes have no lowering.
    """
    x, image, block = op.input("input"), vector(op, b, "image_shape"), vector(op, b, "block_shape")
    shape = None if x is None else static(b.shape(x))
    ones = (1, 1)
    strides, dilations = integers(op, "strides", ones), integers(op, "dilations", ones)
    pads = integers(op, "pads", (0, 0, 0, 0))
    if x is None or shape is None or len(shape) != 3 or image is None or block is None or len(image) != 2:
        return False
    if strides is None or dilations is None or pads is None or len(block) != 2 or len(pads) != 4:
        return False
    if len(strides) != 2 or len(dilations) != 2:
        return False
    if min(*strides, *dilations, *block) < 1 or min(pads) < 0 or shape[1] % prod(block):
        return False
    reach = [(k - 1) * d + 1 for k, d in zip(block, dilations, strict=True)]
    whole = [image[i] + pads[i] + pads[i + 2] for i in (0, 1)]
    count = [(w - r) // s + 1 for w, r, s in zip(whole, reach, strides, strict=True)]
    if min(count) < 1 or prod(count) != shape[2]:
        return False
    n, channels, cells = shape[0], shape[1] // prod(block), prod(block)
    y = b.transpose(b.reshape(b.native(x), (n, channels, cells, *count)), (0, 1, 3, 4, 2))
    y = b.reshape(y, (n * channels, *count, cells))
    made = [(c - 1) * s + r for c, s, r in zip(count, strides, reach, strict=True)]
    inputs = {
        "output_shape": b.ints([n * channels, *made, 1]),
        "weights": b.weight(y, (1, *reach, cells), "cells"),
        "input": y,
    }
    attrs: dict[str, Attr] = {"padding": "VALID", "stride_h": strides[0], "stride_w": strides[1]}
    y = b.emit("TRANSPOSE_CONV", inputs, (n * channels, *made, 1), dtype=b.value(y).dtype, attrs=attrs)
    y = b.reshape(y, (n, channels, *made))
    missing = [max(w - m, 0) for w, m in zip(whole, made, strict=True)]
    if any(missing):
        y = padded(b, y, ((0, 0), (0, 0), (0, missing[0]), (0, missing[1])))
    if any(pads):
        y = sliced(b, y, [0, 0, pads[0], pads[1]], [n, channels, *image])
    b.adopt(op.outputs[0], y)
    return True


@lowers("MaxUnpool")
def max_unpool(op: Op, b: Builder) -> bool:
    """MaxUnpool(X, I) -> both flattened, SCATTER_ND into a vector of zeros, RESHAPE.

    Source: onnx2tf `tflite_builder/op_builders/pool.py` build_max_unpool_op: images without pads, known sizes.
    A size of its own has no lowering here.
    """
    x, places = op.input("X"), op.input("I")
    shape, wanted = None if x is None else static(b.shape(x)), static(b.shape(op.outputs[0]))
    if x is None or places is None or shape is None or wanted is None or len(shape) != 4:
        return False
    if any(integers(op, "pads", (0,)) or ()) or op.input("output_shape") is not None:
        return False
    count, whole = prod(shape), prod(wanted)
    index = b.reshape(int32(b, places), (count, 1))
    inputs = [index, b.reshape(b.native(x), (count,)), b.ints([whole])]
    found = step(b, "SCATTER_ND", inputs, (whole,), dtype=b.value(x).dtype)
    b.reshape(found, wanted, to=op.outputs[0])
    return True
