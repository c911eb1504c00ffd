"""Elementwise arithmetic of two or more tensors."""

from __future__ import annotations

from edgeplan.graph import DType, Op
from edgeplan.lower.attributes import flag
from edgeplan.lower.mil.builder import Builder
from edgeplan.lower.mil.constants import cast, dtype_name, is_float, is_integer, scalar
from edgeplan.lower.mil.registry import lowers
from edgeplan.lower.shapes import broadcast

__all__ = ["arithmetic", "divide", "mean", "power", "promoted", "remainder", "variadic"]

_ARITHMETIC = {"Add": "add", "Sub": "sub", "Mul": "mul"}
_VARIADIC = {"Max": "maximum", "Min": "minimum", "Sum": "add"}


def promoted(b: Builder, x: str, dtype: DType | None) -> str:
    """`x` in another dtype: a cast op, or a new constant when `x` is one; `x` itself when nothing has to change."""
    value = b.value(x)
    if dtype is None or value.dtype is None or value.dtype is dtype or dtype_name(dtype) is None:
        return x
    if value.const and value.data is not None and value.shape is not None:
        shape = tuple(d for d in value.shape if isinstance(d, int))
        data = tuple(float(v) if dtype.is_float and not isinstance(v, str) else v for v in value.data)
        return b.constant(data, dtype, shape)
    return cast(b, x, dtype)


@lowers(*_ARITHMETIC)
def arithmetic(op: Op, b: Builder) -> bool:
    """Add(A, B) -> add(x, y); Sub -> sub; Mul -> mul."""
    if len(op.inputs) != 2:
        return False
    b.emit(_ARITHMETIC[op.type], {"x": op.inputs[0], "y": op.inputs[1]}, to=op.outputs[0])
    return True


@lowers("Div")
def divide(op: Op, b: Builder) -> bool:
    """Div(A, const B) -> mul(x, 1 / B) (pass `divide_to_multiply`); of floats -> real_div; of integers -> floor_div."""
    if len(op.inputs) != 2:
        return False
    x, y = op.inputs
    divisor = b.value(y)
    if not is_float(b, x):
        kind = "floor_div" if is_integer(b, x) else "real_div"
        b.emit(kind, {"x": x, "y": y}, to=op.outputs[0])
        return True
    numbers = [float(v) for v in divisor.data or () if not isinstance(v, str)]
    if divisor.const and 0.0 not in numbers:
        shape = tuple(d for d in divisor.shape or () if isinstance(d, int))
        if numbers and divisor.dtype is not None:
            inverse = b.constant([1.0 / v for v in numbers], divisor.dtype, shape)
        else:
            inverse = b.weight(y, divisor.shape, "inverse")
        b.emit("mul", {"x": x, "y": inverse}, to=op.outputs[0])
    else:
        b.emit("real_div", {"x": x, "y": y}, to=op.outputs[0])
    return True


@lowers("Pow")
def power(op: Op, b: Builder) -> bool:
    """Pow(X, Y) -> pow(x, y), the exponent brought to the dtype of the base."""
    if len(op.inputs) != 2:
        return False
    x, y = op.inputs
    b.emit("pow", {"x": x, "y": promoted(b, y, b.value(x).dtype)}, to=op.outputs[0])
    return True


@lowers("Mod")
def remainder(op: Op, b: Builder) -> bool:
    """Mod(A, B) with fmod=0 -> floor_div(A, B), mul(., B), sub(A, .). fmod=1: torch's fmod has no conversion."""
    if len(op.inputs) != 2 or flag(op, "fmod", False) is not False:
        return False
    x, y = op.inputs
    shape = broadcast(b.shape(x), b.shape(y))
    quotient = b.emit("floor_div", {"x": x, "y": y}, shape)
    whole = b.emit("mul", {"x": quotient, "y": y}, shape)
    b.emit("sub", {"x": x, "y": whole}, to=op.outputs[0])
    return True


@lowers(*_VARIADIC)
def variadic(op: Op, b: Builder) -> bool:
    """Max(a, b, c) -> maximum(maximum(a, b), c); Min -> minimum; Sum -> add; of one tensor -> identity."""
    if not op.inputs:
        return False
    if len(op.inputs) == 1:
        b.emit("identity", {"x": op.inputs[0]}, to=op.outputs[0])
        return True
    _chain(op, b, _VARIADIC[op.type], op.outputs[0])
    return True


@lowers("Mean")
def mean(op: Op, b: Builder) -> bool:
    """Mean(a, b, ...) -> add(a, b), ..., mul(., 1 / n); of one tensor -> identity."""
    if not op.inputs:
        return False
    if len(op.inputs) == 1:
        b.emit("identity", {"x": op.inputs[0]}, to=op.outputs[0])
        return True
    total = _chain(op, b, "add", None)
    b.emit("mul", {"x": total, "y": scalar(b, total, 1 / len(op.inputs))}, to=op.outputs[0])
    return True


def _chain(op: Op, b: Builder, kind: str, to: str | None) -> str:
    """The operands folded from the left; the last op makes `to`."""
    so_far = op.inputs[0]
    last = len(op.inputs) - 1
    for i, name in enumerate(op.inputs[1:], start=1):
        shape = broadcast(b.shape(so_far), b.shape(name))
        so_far = b.emit(kind, {"x": so_far, "y": name}, shape, to=to if i == last else None)
    return so_far
