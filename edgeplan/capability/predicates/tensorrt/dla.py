"""Conditions on layers of the Deep Learning Accelerator."""

from __future__ import annotations

from edgeplan.capability.predicates.tensorrt.values import at, numbers, size
from edgeplan.graph import DType, Op, Value

__all__ = [
    "convolution_exceeds_buffer",
    "cuts_first_axis",
    "kernel_longer_than_32",
    "large_square_deconvolution",
    "padding_reaches_kernel",
    "scales_outside_image",
    "softmax_too_long",
]

BANKS = 16
"""Banks of the convolution buffer."""


def _kernel(op: Op, inputs: tuple[Value, ...]) -> tuple[int, ...]:
    """Height and width of the kernel: the attribute, else the weight's own."""
    given = numbers(op.attrs.get("kernel_shape"))
    weight = at(op, inputs, "W")
    if given or weight is None or weight.shape is None:
        return given
    return tuple(d for d in weight.shape[2:] if isinstance(d, int))


def kernel_longer_than_32(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """The kernel is more than 32 high or wide."""
    kernel = _kernel(op, inputs)
    return any(k > 32 for k in kernel) if kernel else None


def padding_reaches_kernel(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """A padding is not smaller than the kernel."""
    pads, kernel = numbers(op.attrs.get("pads")), _kernel(op, inputs)
    if not any(pads):
        return False
    return any(p >= k for p, k in zip(pads, kernel * 2, strict=False)) if kernel else None


def convolution_exceeds_buffer(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """One kernel and the rows it reads need more than the 16 banks of the convolution buffer.

    A bank holds 32 KiB of weights or 256 entries of 128 bytes of data.
    """
    kernel, dilations = _kernel(op, inputs), numbers(op.attrs.get("dilations"))
    channels, width = size(inputs[0].shape, 1), size(inputs[0].shape, 3)
    if len(kernel) != 2 or not isinstance(channels, int) or not isinstance(width, int):
        return None
    bytes_each = 1 if inputs[0].dtype is DType.INT8 else 2
    weights = -(-channels * kernel[0] * kernel[1] * bytes_each // 128) * 128
    entries = -(-(-(-channels * bytes_each // 32) * width) // 4)
    rows = (kernel[0] - 1) * (dilations[0] if dilations else 1) + 1
    return -(-weights // 32768) + -(-entries * rows // 256) > BANKS


def large_square_deconvolution(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """Kernel and stride are square, and both of 23 to 32."""
    kernel, strides = _kernel(op, inputs), numbers(op.attrs.get("strides"))
    if len(kernel) != 2 or len(strides) != 2:
        return False
    return kernel[0] == kernel[1] and strides[0] == strides[1] and all(23 <= n <= 32 for n in (kernel[0], strides[0]))


def scales_outside_image(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """There are not four scales, or one of the first two is not 1."""
    scales, axes = at(op, inputs, "scales"), numbers(op.attrs.get("axes"))
    if scales is None or axes:
        return bool(axes) and any(a in (0, 1, -3, -4) for a in axes)
    if scales.data is None:
        return None
    return len(scales.data) not in (0, 4) or any(s != 1 for s in scales.data[:2])


def softmax_too_long(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """The axis has more than 1024 entries while another one, the batch aside, is longer than 1."""
    shape, axis = inputs[0].shape, op.attrs.get("axis", -1 if op.version >= 13 else 1)
    if shape is None or not isinstance(axis, int) or not -len(shape) <= axis < len(shape):
        return None
    at_axis = axis % len(shape)
    length, others = shape[at_axis], [d for i, d in enumerate(shape) if i not in (0, at_axis)]
    if not isinstance(length, int):
        return None
    return length > 1024 and any(d != 1 for d in others)


def cuts_first_axis(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """The first axis of what comes out is shorter than that of what goes in."""
    before = size(inputs[0].shape, 0) if inputs else None
    after = size(outputs[0].shape, 0) if outputs else None
    return before != after if isinstance(before, int) and isinstance(after, int) else None
