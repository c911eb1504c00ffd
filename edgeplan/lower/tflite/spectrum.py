"""Spectra as products with constant matrices of sines: DFT, STFT; and the windows and mel weights around them."""

from __future__ import annotations

from math import pi, prod

from edgeplan.graph import Dim, DType, Op
from edgeplan.lower.attributes import flag, integer, one_integer
from edgeplan.lower.shapes import static
from edgeplan.lower.tflite.algebra import binary, concat, int32, matmul, sliced, step, unary
from edgeplan.lower.tflite.builder import Builder
from edgeplan.lower.tflite.convert import cast
from edgeplan.lower.tflite.registry import lowers

__all__ = ["dft", "mel_weights", "stft", "window"]

_MOST_FRAMES = 512


def _spectrum(b: Builder, x: str, bins: int, leading: tuple[int, ...], to: str | None) -> str:
    """[.., n] of reals -> RESHAPE to [1, all, n], two BATCH_MATMUL by cosines and sines, RESHAPE, CONCATENATION."""
    length = (b.shape(x) or (0,))[-1]
    count = prod(leading)
    flat = b.reshape(x, (1, count, length))
    parts = [b.reshape(matmul(b, flat, b.weight(x, (1, length, bins), "waves")), (*leading, bins, 1)) for _ in range(2)]
    return concat(b, parts, len(leading) + 1, to=to)


@lowers("DFT")
def dft(op: Op, b: Builder) -> bool:
    """DFT(input [.., n, 1]), real and one-sided over the last axis -> BATCH_MATMUL by cosines and by sines,
    CONCATENATION to [.., n/2+1, 2].

    Source: onnx2tf `tflite_builder/op_builders/shape.py` build_dft_op, which knows no other form.
    """
    x = op.input("input")
    shape = None if x is None else static(b.shape(x))
    if x is None or shape is None or len(shape) < 2 or shape[-1] != 1:
        return False
    given = op.input("axis")
    axis = integer(op, "axis", 1 if op.version < 20 else -2) if given is None else one_integer(b, given)
    length = op.input("dft_length")
    count = shape[-2] if length is None else one_integer(b, length)
    if axis is None or axis % len(shape) != len(shape) - 2 or count != shape[-2]:
        return False
    if flag(op, "onesided", False) is not True or flag(op, "inverse", False) is not False:
        return False
    flat = b.reshape(b.native(x), shape[:-1])
    _spectrum(b, flat, count // 2 + 1, shape[:-2], op.outputs[0])
    return True


@lowers("STFT")
def stft(op: Op, b: Builder) -> bool:
    """STFT(signal, const frame_step, const window), one-sided -> for each frame SLICE, MUL by the window, BATCH_MATMUL
    by cosines and by sines; all frames by CONCATENATION.

    Source: onnx2tf `tflite_builder/op_builders/shape.py` build_stft_op. Signals of unknown length, complex ones, more
    than 512 frames (a bound of this program) and two-sided spectra have no lowering.
    """
    x, hop, taper, length = (op.input(p) for p in ("signal", "frame_step", "window", "frame_length"))
    shape = None if x is None else static(b.shape(x))
    if x is None or shape is None or len(shape) not in (2, 3) or (len(shape) == 3 and shape[2] != 1):
        return False
    pace = one_integer(b, hop)
    frame = (static(b.shape(taper)) or (0,))[0] if taper is not None else one_integer(b, length)
    if (
        not pace
        or not frame
        or flag(op, "onesided", True) is not True
        or taper is not None
        and not b.value(taper).const
    ):
        return False
    count = (shape[1] - frame) // pace + 1
    if not 0 < count <= _MOST_FRAMES:
        return False
    signal = b.reshape(b.native(x), shape[:2])
    bins = frame // 2 + 1
    frames: list[str] = []
    for i in range(count):
        part = sliced(b, signal, [0, i * pace], [shape[0], frame])
        if taper is not None:
            part = binary(b, "MUL", part, taper)
        spectrum = _spectrum(b, part, bins, (shape[0],), None)
        frames.append(b.reshape(spectrum, (shape[0], 1, bins, 2)))
    if count == 1:
        b.adopt(op.outputs[0], frames[0])
    else:
        concat(b, frames, 1, to=op.outputs[0])
    return True


_TERMS = {"HannWindow": (0.5, 0.5, 0.0), "HammingWindow": (25 / 46, 21 / 46, 0.0), "BlackmanWindow": (0.42, 0.5, 0.08)}


@lowers(*_TERMS)
def window(op: Op, b: Builder) -> bool:
    """HannWindow(size) -> RANGE, CAST, MAXIMUM, MUL, DIV, COS, MUL, SUB; HammingWindow the same; BlackmanWindow with a
    second cosine, MUL, ADD.

    Source: onnx2tf `tflite_builder/op_builders/shape.py` _build_window_op.
    """
    if len(op.inputs) != 1:
        return False
    first, second, third = _TERMS[op.type]
    out = op.outputs[0]
    shape: tuple[Dim, ...] = b.shape(out) or (None,)
    count = int32(b, op.inputs[0])
    count = b.reshape(count, ()) if b.rank(count) else count
    numbers = step(b, "RANGE", [b.scalar(0, DType.INT32), count, b.scalar(1, DType.INT32)], shape)
    places = cast(b, numbers, DType.FLOAT32)
    whole = cast(b, count, DType.FLOAT32)
    if flag(op, "periodic", True) is False:
        whole = binary(b, "SUB", whole, 1.0)
    whole = binary(b, "MAXIMUM", whole, 1.0)
    turn = binary(b, "DIV", binary(b, "MUL", places, 2 * pi), whole)
    wave = binary(b, "MUL", unary(b, "COS", turn), second)
    dtype = b.value(out).dtype or DType.FLOAT32
    plain = dtype is DType.FLOAT32
    last = out if plain and not third else None
    y = step(b, "SUB", [b.scalar(first), wave], shape, to=last)
    if third:
        other = binary(b, "MUL", unary(b, "COS", binary(b, "MUL", turn, 2.0)), third)
        y = binary(b, "ADD", y, other, to=out if plain else None)
    if not plain:
        cast(b, y, dtype, to=out)
    return True


@lowers("MelWeightMatrix")
def mel_weights(op: Op, b: Builder) -> bool:
    """MelWeightMatrix of constants -> a constant.

    Source: onnx2tf `tflite_builder/op_builders/shape.py` build_mel_weight_matrix_op.
    """
    shape = static(b.shape(op.outputs[0]))
    if shape is None or not all(b.value(n).const for n in op.inputs):
        return False
    b.adopt(op.outputs[0], b.weight(b.scalar(0.0, b.value(op.outputs[0]).dtype), shape, "mel"))
    return True
