"""Elementwise functions of one tensor."""

from __future__ import annotations

from edgeplan.graph import Attr, Op
from edgeplan.lower.mil.builder import Builder
from edgeplan.lower.mil.constants import cast, is_integer, scalar
from edgeplan.lower.mil.registry import lowers

__all__ = ["direct", "identity", "is_nan", "log", "negate"]

_DIRECT = {
    "Abs": "abs",
    "Acos": "acos",
    "Asin": "asin",
    "Atan": "atan",
    "Atanh": "atanh",
    "Ceil": "ceil",
    "Cos": "cos",
    "Cosh": "cosh",
    "Erf": "erf",
    "Exp": "exp",
    "Floor": "floor",
    "Not": "logical_not",
    "Reciprocal": "inverse",
    "Round": "round",
    "Sigmoid": "sigmoid",
    "Sign": "sign",
    "Sin": "sin",
    "Sinh": "sinh",
    "Softplus": "softplus",
    "Softsign": "softsign",
    "Sqrt": "sqrt",
    "Tan": "tan",
    "Tanh": "tanh",
}
"""Acosh and Asinh are missing: coremltools' frontend calls builders MIL does not have (`frontend/torch/ops.py`)."""

_EPSILON: dict[str, dict[str, Attr]] = {"inverse": {"epsilon": 1e-4}}


@lowers(*_DIRECT)
def direct(op: Op, b: Builder) -> bool:
    """Sqrt(X) -> sqrt(x); Not -> logical_not; Reciprocal -> inverse, with MIL's default epsilon."""
    if len(op.inputs) != 1:
        return False
    name = _DIRECT[op.type]
    b.emit(name, {"x": op.inputs[0]}, to=op.outputs[0], attrs=_EPSILON.get(name))
    return True


@lowers("Log")
def log(op: Op, b: Builder) -> bool:
    """Log(input) -> log(x), cast from an integer first."""
    if len(op.inputs) != 1:
        return False
    x = op.inputs[0]
    if is_integer(b, x):
        x = cast(b, x, b.real)
    b.emit("log", {"x": x}, to=op.outputs[0], attrs={"epsilon": 1e-45})
    return True


@lowers("Neg")
def negate(op: Op, b: Builder) -> bool:
    """Neg(X) -> mul(x, -1)."""
    if len(op.inputs) != 1:
        return False
    x = op.inputs[0]
    b.emit("mul", {"x": x, "y": scalar(b, x, -1)}, to=op.outputs[0])
    return True


@lowers("IsNaN")
def is_nan(op: Op, b: Builder) -> bool:
    """IsNaN(X) -> not_equal(x, x): NaN alone differs from itself."""
    if len(op.inputs) != 1:
        return False
    b.emit("not_equal", {"x": op.inputs[0], "y": op.inputs[0]}, to=op.outputs[0])
    return True


@lowers("Identity", "Dropout")
def identity(op: Op, b: Builder) -> bool:
    """Identity(input), Dropout(data) -> identity(x). A Dropout that also returns its mask has no lowering."""
    if not op.inputs or len(op.outputs) != 1:
        return False
    b.emit("identity", {"x": op.inputs[0]}, to=op.outputs[0])
    return True
