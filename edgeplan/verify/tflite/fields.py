"""What a .tflite file holds of an op or a value of the Graph: types, operands by place, options as numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edgeplan.graph import Attr, DType, Op, Shape, Value
from edgeplan.tflite_ops import BuiltinOp, Option, Schema

__all__ = ["NotWritableError", "option_table", "options_of", "signature", "slots", "type_number"]


class NotWritableError(ValueError):
    """The graph has no form as a .tflite file; the message is one line."""


_TYPES = {DType.FLOAT8: "FLOAT8_E4M3FN"}
"""Element types whose name in the schema is not their own in capitals."""

_SLOTS = {"LSTM": 24, "UNIDIRECTIONAL_SEQUENCE_LSTM": 24, "BIDIRECTIONAL_SEQUENCE_LSTM": 48}
"""Ops whose kernels count the inputs that are left out, too; source: `tflite/kernels/*lstm.cc`."""


def type_number(schema: Schema, value: Value) -> int:
    """The number of a value's element type. Raises `NotWritableError` when the schema has none."""
    if value.dtype is None:
        raise NotWritableError(f"the type of {value.name!r} is not known")
    label = _TYPES.get(value.dtype, value.dtype.label.upper())
    found = schema.enums["TensorType"].get(label)
    if found is None:
        raise NotWritableError(f"TFLite has no type {value.dtype}")
    return found


def signature(shape: Shape) -> list[int] | None:
    """The sizes with -1 for what is free; None when nothing is."""
    if shape is None or all(isinstance(d, int) for d in shape):
        return None
    return [d if isinstance(d, int) else -1 for d in shape]


def slots(op: Op, known: BuiltinOp | None) -> list[str | None]:
    """The inputs by their place in the schema, None for one that is left out. Raises `NotWritableError`."""
    if known is None:
        return list(op.inputs)
    names = known.basic if known.basic and op.attrs.get("kernel_type") == "BASIC" else known.inputs
    by: dict[str, list[str]] = {}
    for port, name in zip(op.ports, op.inputs, strict=True):
        by.setdefault(port, []).append(name)
    found: list[str | None] = []
    for port in names:
        given = by.pop(port, [])
        if port == known.variadic:
            found += given
        elif len(given) > 1:
            raise NotWritableError(f"{op.type} has {len(given)} inputs {port}")
        else:
            found.append(given[0] if given else None)
    if by:
        raise NotWritableError(f"{op.type} has no input {next(iter(by))}")
    while found and found[-1] is None:
        found.pop()
    return found + [None] * (_SLOTS.get(op.type, 0) - len(found)) if names is known.inputs else found


def options_of(op: Op, schema: Schema) -> dict[str, Attr]:
    """The options as the file stores them: enums as numbers."""
    found: dict[str, Attr] = {}
    for name, option in schema.options(op.type).items():
        if name in op.attrs:
            found[name] = _stored(op, name, option, schema.enums)
    return found


def _stored(op: Op, name: str, option: Option, enums: Mapping[str, Mapping[str, int]]) -> Attr:
    given, names = op.attrs[name], enums.get(option.type.strip("[]"))
    if names is None:
        return given

    def number(one: Attr) -> int:
        if isinstance(one, str) and one in names:
            return names[one]
        if isinstance(one, int):
            return one
        raise NotWritableError(f"{op.type} has no {name} {one!r}")

    return tuple(number(v) for v in given) if isinstance(given, tuple) else number(given)


def option_table(known: BuiltinOp | None, schema: Schema) -> dict[str, Any]:
    """Where an op's options go: a table, and its number in one of the two unions."""
    if known is None or not known.table:
        return {"union": "", "table": "", "number": 0}
    for union in ("BuiltinOptions", "BuiltinOptions2"):
        if known.table in schema.unions[union]:
            return {"union": union, "table": known.table, "number": schema.unions[union].index(known.table) + 1}
    raise NotWritableError(f"no union holds {known.table}")
