"""Writes small TFLite files from plain values, so that a test shows the whole model it is about."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from edgeplan.tflite_ops import tflite_schema

Plain = Mapping[str, Any]
"""A table: field to number, enum name, text, list, or table. A union is `(table name, table)`."""

FORMATS = {
    "bool": "?",
    "byte": "b",
    "ubyte": "B",
    "utype": "B",
    "ushort": "H",
    "int": "i",
    "int32": "i",
    "uint": "I",
    "float": "f",
    "long": "q",
    "ulong": "Q",
}


@dataclass(frozen=True)
class Same:
    """A vector of `count` offsets that all lead to one table."""

    table: Plain
    count: int


def write(model: Plain) -> bytes:
    """The file of a model."""
    out = bytearray(b"\0\0\0\0TFL3")
    _table(out, "Model", {"version": 3, **model}, 0)
    return bytes(out)


def tensor(shape: Sequence[int], type: str = "FLOAT32", name: str = "", buffer: int = 0, **more: Any) -> dict[str, Any]:
    return {"shape": list(shape), "type": type, "name": name, "buffer": buffer, **more}


def model(
    tensors: Sequence[Plain],
    ops: Sequence[tuple[Any, ...]],
    inputs: Sequence[int] = (0,),
    outputs: Sequence[int] | None = None,
    buffers: Sequence[bytes | Plain] = (),
    others: Sequence[Plain] = (),
    **more: Any,
) -> bytes:
    """A model of one subgraph (and `others`); an op is (type, inputs, outputs, options). Buffer 0 is empty."""
    codes: list[str] = []
    main = subgraph(tensors, ops, inputs, [len(tensors) - 1] if outputs is None else outputs, codes)
    rest = [subgraph(o["tensors"], o["ops"], o["inputs"], o["outputs"], codes, o.get("name", "")) for o in others]
    return write(
        {
            "operator_codes": [_code(c) for c in codes],
            "subgraphs": [main, *rest],
            "buffers": [{}, *({"data": list(b)} if isinstance(b, bytes) else b for b in buffers)],
            **more,
        }
    )


def subgraph(
    tensors: Sequence[Plain],
    ops: Sequence[tuple[Any, ...]],
    inputs: Sequence[int],
    outputs: Sequence[int],
    codes: list[str],
    name: str = "",
) -> Plain:
    schema = tflite_schema()
    operators = []
    for kind, reads, writes, *options in ops:
        if kind not in codes:
            codes.append(kind)
        table = schema.ops[kind].table if kind in schema.ops else ""
        second = table in schema.unions["BuiltinOptions2"]
        field = "builtin_options_2" if second else "builtin_options"
        given = {field: (table, options[0])} if options and table else {}
        operators.append({"opcode_index": codes.index(kind), "inputs": list(reads), "outputs": list(writes), **given})
    return {
        "tensors": list(tensors), "operators": operators, "inputs": list(inputs), "outputs": list(outputs), "name": name
    }  # fmt: skip


def _code(kind: str) -> Plain:
    known = tflite_schema().ops.get(kind)
    code = 32 if known is None else known.code
    custom = {"custom_code": kind} if known is None else {}
    return {"deprecated_builtin_code": min(code, 127), "builtin_code": code, "version": 2, **custom}


def _table(out: bytearray, kind: str, given: Plain, at: int) -> None:
    """Append a table and let the offset at `at` point to it."""
    schema = tflite_schema()
    fields = list(schema.tables[kind])
    values = dict(given)
    for name, value in given.items():
        if schema.tables[kind][name] in schema.unions and value is not None:
            values[f"{name}_type"] = schema.unions[schema.tables[kind][name]].index(value[0]) + 1
    offsets, size = [0] * len(fields), 4
    for slot, name in enumerate(fields):
        if name in values:
            offsets[slot], size = size, size + 8
    out += bytes(-len(out) % 8)
    vtable = len(out)
    out += struct.pack(f"<2H{len(fields)}H", 4 + 2 * len(fields), size, *offsets)
    out += bytes(-len(out) % 8)
    start = len(out)
    out += struct.pack("<i", start - vtable) + bytes(size - 4)
    struct.pack_into("<I", out, at, start - at)
    for name, value in values.items():
        _field(out, schema.tables[kind][name].partition("=")[0], value, start + offsets[fields.index(name)])


def _field(out: bytearray, kind: str, value: Any, at: int) -> None:
    schema = tflite_schema()
    if kind in schema.unions:
        _table(out, value[0], value[1], at)
    elif kind in schema.tables:
        _table(out, kind, value, at)
    elif kind == "string":
        _vector(out, at, len(value.encode()), value.encode() + b"\0")
    elif kind.startswith("["):
        inner = kind.strip("[]")
        if isinstance(value, Same):
            start = _vector(out, at, value.count, bytes(4 * value.count))
            _table(out, inner, value.table, start)
            first = struct.unpack_from("<I", out, start)[0]
            for i in range(value.count):
                struct.pack_into("<I", out, start + 4 * i, first - 4 * i)
        elif inner in schema.tables:
            start = _vector(out, at, len(value), bytes(4 * len(value)))
            for i, entry in enumerate(value):
                _table(out, inner, entry, start + 4 * i)
        else:
            form = FORMATS[schema.storage.get(inner, inner)]
            _vector(out, at, len(value), struct.pack(f"<{len(value)}{form}", *value))
    else:
        form = FORMATS[schema.storage.get(kind, kind)]
        number = schema.enums[kind][value] if kind in schema.enums and isinstance(value, str) else value
        struct.pack_into(f"<{form}", out, at, number)


def _vector(out: bytearray, at: int, count: int, data: bytes) -> int:
    out += bytes(-len(out) % 8 + 4)
    struct.pack_into("<I", out, at, len(out) - at)
    out += struct.pack("<I", count)
    start = len(out)
    out += data
    return start
