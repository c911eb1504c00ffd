"""Elementwise arithmetic of two or more tensors."""

from __future__ import annotations

from edgeplan.graph import DType, Op
from edgeplan.lower.tflite.builder import Builder
from edgeplan.lower.tflite.convert import cast
from edgeplan.lower.tflite.fused import with_activation
from edgeplan.lower.tflite.layout import Layout
from edgeplan.lower.tflite.registry import lowers
from edgeplan.lower.tflite.steps import Steps

__all__ = ["arithmetic", "divide", "mean", "power", "remainder", "variadic"]

_ARITHMETIC = {"Add": "ADD", "Sub": "SUB", "Mul": "MUL"}
_VARIADIC = {"Max": "MAXIMUM", "Min": "MINIMUM", "Sum": "ADD"}


def _fused(s: Steps, op: Op, b: Builder, type: str, *given: str | float) -> None:
    """The last op of a lowering, with the activation behind it."""
    out, function = with_activation(op, b)
    s(type, *given, to=out, attrs={"fused_activation_function": function}, last=True)


@lowers(*_ARITHMETIC, layout=Layout.ANY)
def arithmetic(op: Op, b: Builder) -> bool:
    """Add(A, B) -> ADD(lhs, rhs); Sub -> SUB; Mul -> MUL, with the activation behind it."""
    if len(op.inputs) != 2:
        return False
    s = Steps(op, b)
    _fused(s, op, b, _ARITHMETIC[op.type], *s.inputs)
    return True


@lowers("Div", layout=Layout.ANY)
def divide(op: Op, b: Builder) -> bool:
    """Div(A, B) of floats -> DIV(lhs, rhs); by a constant -> MUL(lhs, 1 / rhs).

    Of int32 -> DIV; of other integers -> CAST to int32, or to float32 when B is constant, DIV, CAST back.
    Source: onnx2tf `op_builders/elementwise.py` build_div_op.
    """
    if len(op.inputs) != 2:
        return False
    dtype, divisor = b.value(op.inputs[0]).dtype, b.value(op.inputs[1])
    s = Steps(op, b)
    x, y = s.inputs
    if dtype is None or dtype.is_float:
        if b.is_weight(op.inputs[1]):
            numbers = b.value(y).data
            if numbers is None:
                inverse = b.weight(y, b.shape(y), "inverse")
            elif 0 in numbers:
                _fused(s, op, b, "DIV", x, y)
                return True
            else:
                sizes = tuple(d for d in b.shape(y) or () if isinstance(d, int))
                inverse = b.constant([1.0 / float(v) for v in numbers], DType.FLOAT32, sizes, "inverse")
            _fused(s, op, b, "MUL", x, inverse)
        else:
            _fused(s, op, b, "DIV", x, y)
        return True
    through = DType.FLOAT32 if divisor.const else DType.INT32
    if dtype is through:
        s("DIV", x, y, last=True)
    else:
        quotient = s("DIV", cast(b, x, through), cast(b, y, through))
        cast(b, quotient, dtype, to=s.out, order=s.order)
    return True


@lowers("Pow", layout=Layout.ANY)
def power(op: Op, b: Builder) -> bool:
    """Pow(X, 2) -> MUL(x, x); Pow(X, Y) -> POW(lhs, rhs). Integers are cast to float32 and back."""
    if len(op.inputs) != 2:
        return False
    dtype = b.value(op.inputs[0]).dtype
    s = Steps(op, b)
    x, y = (cast(b, n, DType.FLOAT32) for n in s.inputs)
    twice = set(b.data(op.inputs[1]) or ()) == {2}
    kind, given = ("MUL", (x, x)) if twice else ("POW", (x, y))
    if dtype is None or dtype is DType.FLOAT32:
        s(kind, *given, last=True)
    else:
        cast(b, s(kind, *given), dtype, to=s.out, order=s.order)
    return True


@lowers("Mod", layout=Layout.ANY)
def remainder(op: Op, b: Builder) -> bool:
    """Mod(A, B) -> FLOOR_MOD(lhs, rhs), fmod or not (source: onnx2tf build_mod_op)."""
    if len(op.inputs) != 2:
        return False
    s = Steps(op, b)
    s("FLOOR_MOD", *s.inputs, last=True)
    return True


@lowers(*_VARIADIC, layout=Layout.ANY)
def variadic(op: Op, b: Builder) -> bool:
    """Max(a, b, c) -> MAXIMUM(MAXIMUM(a, b), c); Min -> MINIMUM; Sum -> ADD."""
    if not op.inputs:
        return False
    if len(op.inputs) == 1:
        b.alias(op.outputs[0], op.inputs[0], ())
        return True
    s = Steps(op, b)
    _chain(s, _VARIADIC[op.type], last=True)
    return True


@lowers("Mean", layout=Layout.ANY)
def mean(op: Op, b: Builder) -> bool:
    """Mean(a, b, ...) -> ADD(a, b), ..., MUL(., 1 / n)."""
    if not op.inputs:
        return False
    if len(op.inputs) == 1:
        b.alias(op.outputs[0], op.inputs[0], ())
        return True
    s = Steps(op, b)
    s("MUL", _chain(s, "ADD", last=False), 1.0 / len(op.inputs), last=True)
    return True


def _chain(s: Steps, type: str, *, last: bool) -> str:
    """The operands folded from the left."""
    so_far, end = s.inputs[0], len(s.inputs) - 1
    for i, name in enumerate(s.inputs[1:], start=1):
        so_far = s(type, so_far, name, last=last and i == end)
    return so_far
