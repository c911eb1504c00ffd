"""Fourier transforms, as products with constant matrices of cosines and sines."""

from __future__ import annotations

from edgeplan.graph import Attr, Dim, Op, Shape
from edgeplan.lower.attributes import flag, integer, one_integer
from edgeplan.lower.mil.builder import Builder
from edgeplan.lower.mil.registry import lowers
from edgeplan.lower.shapes import permuted, replaced, size

__all__ = ["dft", "stft"]


@lowers("DFT")
def dft(op: Op, b: Builder) -> bool:
    """DFT(input, const axis) -> the real and the imaginary part (slice_by_index), each times a matrix of cosines and
    one of sines (linear, between transposes), sub and add, stack. From half a spectrum back: the real part alone.

    Source: coremltools `mil/passes/defs/lower_complex_dialect_ops.py` _fft_1d. Another dft_length than the axis has
    no lowering.
    """
    x, given = op.input("input"), op.input("axis")
    shape = None if x is None else b.shape(x)
    inverse, half = flag(op, "inverse", False), flag(op, "onesided", False)
    axis = integer(op, "axis", 1 if op.version < 20 else -2) if given is None else one_integer(b, given)
    if x is None or shape is None or axis is None or inverse is None or half is None:
        return False
    rank = len(shape)
    if not -rank <= axis < rank or axis % rank == rank - 1 or size(shape, -1) not in (1, 2) or rank < 2:
        return False
    axis %= rank
    points, back = size(shape, axis), inverse and half
    if points is None or back and size(shape, -1) != 2:
        return False
    bins = size(b.shape(op.outputs[0]), axis) if back else points // 2 + 1 if half else points
    length = op.input("dft_length")
    if bins is None or length is not None and one_integer(b, length) != (bins if back else points):
        return False
    flip = tuple(rank - 2 if i == axis else axis if i == rank - 2 else i for i in range(rank - 1))
    parts = [_part(b, x, shape, i, flip) for i in range(size(shape, -1) or 1)]
    turned = replaced(b.shape(parts[0]), rank - 2, bins)
    cosines, sines = ([_product(b, p, points, bins, turned, hint) for p in parts] for hint in ("cosines", "sines"))
    whole = replaced(shape[:-1], axis, bins)
    if back:
        real = b.emit("sub", {"x": cosines[0], "y": sines[1]}, turned)
        b.emit("expand_dims", {"x": _flipped(b, real, whole, flip)}, to=op.outputs[0], attrs={"axes": (rank - 1,)})
        return True
    real, imaginary = cosines[0], sines[0]
    if len(parts) == 2:
        real = b.emit("sub", {"x": cosines[0], "y": sines[1]}, turned)
        imaginary = b.emit("add", {"x": sines[0], "y": cosines[1]}, turned)
    found = [_flipped(b, part, whole, flip) for part in (real, imaginary)]
    b.emit("stack", {"values": found}, to=op.outputs[0], attrs={"axis": rank - 1})
    return True


def _part(b: Builder, x: str, shape: tuple[Dim, ...], index: int, flip: tuple[int, ...]) -> str:
    """x[..., index], the transformed axis last."""
    last = len(shape) - 1
    kept = (True,) * last
    attrs: dict[str, Attr] = {
        "begin": (*(0,) * last, index),
        "end": (*(0,) * last, index + 1),
        "begin_mask": (*kept, False),
        "end_mask": (*kept, False),
        "squeeze_mask": (*(False,) * last, True),
    }
    part = b.emit("slice_by_index", {"x": x}, shape[:-1], attrs=attrs)
    return _flipped(b, part, permuted(shape[:-1], flip), flip)


def _flipped(b: Builder, x: str, shape: Shape, flip: tuple[int, ...]) -> str:
    """x with two axes exchanged; itself where they are one."""
    return x if flip == tuple(sorted(flip)) else b.emit("transpose", {"x": x}, shape, attrs={"perm": flip})


def _product(b: Builder, x: str, points: int, bins: int, shape: Shape, hint: str) -> str:
    """A matrix [bins, points] times the last axis of x."""
    return b.emit("linear", {"x": x, "weight": b.weight(x, (bins, points), hint)}, shape)


@lowers("STFT")
def stft(op: Op, b: Builder) -> bool:
    """STFT(real signal, const frame_step, const window) -> reshape to [batch, 1, samples], two convolutions with the
    windowed cosines and sines, transposes to [batch, frames, bins], stack.

    Source: coremltools `mil/passes/defs/lower_complex_dialect_ops.py` _stft.
    """
    signal, window = op.input("signal"), op.input("window")
    shape = None if signal is None else b.shape(signal)
    step, half = one_integer(b, op.input("frame_step")), flag(op, "onesided", True)
    length = size(b.shape(window), 0) if window is not None else one_integer(b, op.input("frame_length"))
    if signal is None or shape is None or not step or not length or half is None or step < 0 or length < 0:
        return False
    batch, samples = size(shape, 0), size(shape, 1)
    if len(shape) not in (2, 3) or len(shape) == 3 and shape[2] != 1 or samples is None or batch is None:
        return False
    if window is not None and not b.value(window).const or samples < length:
        return False
    bins, frames = length // 2 + 1 if half else length, (samples - length) // step + 1
    x = b.emit("reshape", {"x": signal}, (batch, 1, samples), attrs={"shape": (batch, 1, samples)})
    attrs: dict[str, Attr] = {"strides": (step,), "pad_type": "valid", "pad": (0, 0), "dilations": (1,), "groups": 1}
    parts: list[str] = []
    for hint in ("cosines", "sines"):
        weight = b.weight(x, (bins, 1, length), hint)
        y = b.emit("conv", {"x": x, "weight": weight}, (batch, bins, frames), attrs=attrs)
        parts.append(b.emit("transpose", {"x": y}, (batch, frames, bins), attrs={"perm": (0, 2, 1)}))
    b.emit("stack", {"values": parts}, to=op.outputs[0], attrs={"axis": 3})
    return True
