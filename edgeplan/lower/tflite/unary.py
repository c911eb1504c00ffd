"""Elementwise functions of one tensor without parameters: LiteRT's own, and the others as onnx2tf writes them."""

from __future__ import annotations

from collections.abc import Callable
from math import inf

from edgeplan.graph import DType, Op
from edgeplan.lower.attributes import flag
from edgeplan.lower.tflite.builder import Builder
from edgeplan.lower.tflite.layout import Layout
from edgeplan.lower.tflite.registry import lowers
from edgeplan.lower.tflite.steps import Steps

__all__ = ["composed", "is_infinite", "is_nan", "unary"]

_BUILTIN = {
    "Abs": "ABS", "Ceil": "CEIL", "Cos": "COS", "Exp": "EXP", "Floor": "FLOOR", "Log": "LOG", "Neg": "NEG",
    "Not": "LOGICAL_NOT", "Round": "ROUND", "Sigmoid": "LOGISTIC", "Sign": "SIGN", "Sin": "SIN", "Sqrt": "SQRT",
    "Tanh": "TANH",
}  # fmt: skip


@lowers(*_BUILTIN, layout=Layout.ANY)
def unary(op: Op, b: Builder) -> bool:
    """Abs(X) -> ABS(x), and the like; Sigmoid -> LOGISTIC, Not -> LOGICAL_NOT."""
    if len(op.inputs) != 1:
        return False
    s = Steps(op, b)
    s(_BUILTIN[op.type], *s.inputs, last=True)
    return True


def _reciprocal(s: Steps, x: str) -> None:
    s("DIV", 1.0, x, last=True)


def _erf(s: Steps, x: str) -> None:
    size, sign = s("ABS", x), s("SIGN", x)
    t = s("DIV", 1.0, s("ADD", 1.0, s("MUL", 0.3275911, size)))
    bell = s("EXP", s("MUL", -1.0, s("MUL", size, size)))
    total = s("MUL", t, 1.061405429)
    for a in (-1.453152027, 1.421413741, -0.284496736, 0.254829592):
        total = s("MUL", s("ADD", total, a), t)
    s("MUL", sign, s("SUB", 1.0, s("MUL", total, bell)), last=True)


def _softplus(s: Steps, x: str) -> None:
    s("LOG", s("ADD", s("EXP", x), 1.0), last=True)


def _softsign(s: Steps, x: str) -> None:
    s("DIV", x, s("ADD", s("ABS", x), 1.0), last=True)


def _mish(s: Steps, x: str) -> None:
    s("MUL", x, s("TANH", s("LOG", s("ADD", s("EXP", x), 1.0))), last=True)


def _tan(s: Steps, x: str) -> None:
    s("DIV", s("SIN", x), s("COS", x), last=True)


def _sinh(s: Steps, x: str) -> None:
    s("MUL", s("SUB", s("EXP", x), s("EXP", s("SUB", 0.0, x))), 0.5, last=True)


def _cosh(s: Steps, x: str) -> None:
    s("MUL", s("ADD", s("EXP", x), s("EXP", s("SUB", 0.0, x))), 0.5, last=True)


def _asin(s: Steps, x: str) -> None:
    s("ATAN2", x, s("SQRT", s("SUB", 1.0, s("MUL", x, x))), last=True)


def _acos(s: Steps, x: str) -> None:
    s("ATAN2", s("SQRT", s("SUB", 1.0, s("MUL", x, x))), x, last=True)


def _atan(s: Steps, x: str) -> None:
    s("ATAN2", x, 1.0, last=True)


def _asinh(s: Steps, x: str) -> None:
    s("LOG", s("ADD", x, s("SQRT", s("ADD", s("MUL", x, x), 1.0))), last=True)


def _acosh(s: Steps, x: str) -> None:
    root = s("MUL", s("SQRT", s("SUB", x, 1.0)), s("SQRT", s("ADD", x, 1.0)))
    s("LOG", s("ADD", x, root), last=True)


def _atanh(s: Steps, x: str) -> None:
    s("MUL", s("LOG", s("DIV", s("ADD", 1.0, x), s("SUB", 1.0, x))), 0.5, last=True)


_COMPOSED: dict[str, Callable[[Steps, str], None]] = {
    "Reciprocal": _reciprocal, "Erf": _erf, "Softplus": _softplus, "Softsign": _softsign, "Mish": _mish, "Tan": _tan,
    "Sinh": _sinh, "Cosh": _cosh, "Asin": _asin, "Acos": _acos, "Atan": _atan, "Asinh": _asinh, "Acosh": _acosh,
    "Atanh": _atanh,
}  # fmt: skip


@lowers(*_COMPOSED, layout=Layout.ANY)
def composed(op: Op, b: Builder) -> bool:
    """Softplus(X) -> EXP(x), ADD(., 1), LOG(.), and the like.

    Erf is the polynomial 7.1.26 of Abramowitz and Stegun; Atan is ATAN2(x, 1). Source: onnx2tf
    `tflite_builder/op_builders/elementwise.py`, build_erf_op and its neighbours.
    """
    if len(op.inputs) != 1:
        return False
    s = Steps(op, b)
    _COMPOSED[op.type](s, s.inputs[0])
    return True


@lowers("IsNaN", layout=Layout.ANY)
def is_nan(op: Op, b: Builder) -> bool:
    """IsNaN(X) -> NOT_EQUAL(x, x)."""
    if len(op.inputs) != 1:
        return False
    s = Steps(op, b)
    s("NOT_EQUAL", s.inputs[0], s.inputs[0], last=True)
    return True


@lowers("IsInf", layout=Layout.ANY)
def is_infinite(op: Op, b: Builder) -> bool:
    """IsInf(X) -> ABS(x), EQUAL(., inf); of one sign only: GREATER or LESS(x, 0) and LOGICAL_AND behind it."""
    low, high = flag(op, "detect_negative", True), flag(op, "detect_positive", True)
    if len(op.inputs) != 1 or low is None or high is None or not (low or high):
        return False
    s = Steps(op, b)
    x = s.inputs[0]
    size = s("ABS", x)
    if low and high:
        s("EQUAL", size, inf, last=True)
        return True
    far = s("EQUAL", size, inf, dtype=DType.BOOL)
    side = s("GREATER" if high else "LESS", x, 0.0, dtype=DType.BOOL)
    s("LOGICAL_AND", far, side, last=True)
    return True
