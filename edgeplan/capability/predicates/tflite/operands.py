"""An op's operands and options by name, as the conditions of this folder ask for them."""

from __future__ import annotations

from edgeplan.graph import Op, Value

__all__ = ["number", "port"]


def port(op: Op, inputs: tuple[Value, ...], name: str) -> Value | None:
    """The value at a port, None when the op has none there."""
    return next((v for p, v in zip(op.ports, inputs, strict=True) if p == name), None)


def number(op: Op, name: str) -> int:
    """A whole number among the options, 0 when it is absent."""
    value = op.attrs.get(name, 0)
    return int(value) if isinstance(value, int) else 0
