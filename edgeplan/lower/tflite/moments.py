"""Normalisation by mean and deviation, as the chain of ops that stands for it."""

from __future__ import annotations

from collections.abc import Sequence

from edgeplan.lower.shapes import broadcast
from edgeplan.lower.tflite.builder import Builder
from edgeplan.lower.tflite.reduction import reduced_by

__all__ = ["moments", "normalized", "per_channel", "scaled"]


def normalized(b: Builder, x: str, over: Sequence[int], epsilon: float, *, inverse: bool = True) -> str:
    """MEAN, SUB, MUL, MEAN, ADD epsilon, SQRT of a tensor over its axes, then DIV; or DIV(1, .), MUL if `inverse`.

    Source: onnx2tf `op_builders/norm.py`.
    """
    if inverse:
        return moments(b, x, over, epsilon)[0]
    centered, _, deviation = _deviation(b, x, over, epsilon)
    return b.emit("DIV", {"lhs": centered, "rhs": deviation}, b.shape(x))


def moments(b: Builder, x: str, over: Sequence[int], epsilon: float) -> tuple[str, str, str]:
    """The normalised tensor, its mean and the inverse of its deviation."""
    centered, mean, deviation = _deviation(b, x, over, epsilon)
    share = b.emit("DIV", {"lhs": b.like(deviation, 1.0), "rhs": deviation}, b.shape(deviation))
    return b.emit("MUL", {"lhs": centered, "rhs": share}, b.shape(x)), mean, share


def _deviation(b: Builder, x: str, over: Sequence[int], epsilon: float) -> tuple[str, str, str]:
    shape, mean = b.shape(x), reduced_by(b, "MEAN", x, over)
    centered = b.emit("SUB", {"lhs": x, "rhs": mean}, shape)
    variance = reduced_by(b, "MEAN", b.emit("MUL", {"lhs": centered, "rhs": centered}, shape), over)
    small = b.shape(variance)
    total = b.emit("ADD", {"lhs": variance, "rhs": b.like(variance, epsilon)}, small)
    return centered, mean, b.emit("SQRT", {"x": total}, small)


def scaled(b: Builder, x: str, *steps: tuple[str, str | None]) -> str:
    """MUL by a scale and ADD of a bias, each left out where it is None."""
    for kind, by in steps:
        if by is not None:
            x = b.emit(kind, {"lhs": x, "rhs": by}, broadcast(b.shape(x), b.shape(by)))
    return x


def per_channel(b: Builder, name: str, at: int, rank: int) -> str:
    """A vector [C] as an operand of a tensor whose axis `at` is the channels: itself when that is the last one."""
    if at == rank - 1 or b.rank(name) != 1:
        return b.native(name)
    wide = tuple((b.shape(name) or (None,))[0] if i == at else 1 for i in range(rank))
    if b.is_weight(name):
        return b.relaid_constant(name, wide, tuple(range(rank)))
    return b.reshape(b.native(name), wide)
