"""Takes the weights out of a serialised ONNX model before it is parsed, so that only headers reach memory.

The protobuf wire format is walked field by field; every tensor payload above `KEEP` bytes is cut out and its length
noted in the tensor's `external_data` list (key `edgeplan.raw`: bytes, `edgeplan.elements`: entries of a typed field),
where the loader checks it against the declared shape. Field numbers: onnx/onnx.proto, messages ModelProto, GraphProto,
NodeProto, AttributeProto, FunctionProto, TensorProto and SparseTensorProto.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from edgeplan.frontends.errors import ModelError

__all__ = ["ELEMENTS", "KEEP", "RAW", "has_field", "strip_weights"]

KEEP = 8192
"""Payload bytes up to which a tensor is kept: shapes, axes and scalars are always smaller."""

RAW = "edgeplan.raw"
ELEMENTS = "edgeplan.elements"

_NESTED: Mapping[str, Mapping[int, str]] = {
    "model": {7: "graph", 25: "function"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "function": {7: "node"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
}
_PAYLOADS = {4: 4, 5: 0, 7: 0, 9: 1, 10: 8, 11: 0}
"""Packed data fields of TensorProto: bytes an element (float_data 4, double_data 8, raw_data 1), 0 for varints."""

_DEEPEST = 100
"""Protobuf's own limit on nested messages."""


def strip_weights(data: memoryview) -> bytes:
    """The same model without large tensor payloads. Raises `ModelError` when the bytes are not a protobuf message."""
    return _message(data, "model", 0)


def has_field(data: memoryview, number: int) -> bool:
    """Whether a message has a field of a number; none of its fields is looked into."""
    return any(field == number for field, *_ in _fields(data))


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
        if shift > 63:
            raise ModelError("not an ONNX model: it is not a protobuf message")


def _fields(data: memoryview) -> Iterator[tuple[int, int, int, int, int]]:
    """(field number, wire type, start of the field, start of its payload, end) of every field."""
    at, size = 0, len(data)
    while at < size:
        start = at
        try:
            tag, at = _varint(data, at)
            kind = tag & 7
            body = at
            if kind == 2:
                length, body = _varint(data, at)
                at = body + length
            elif kind == 0:
                _, at = _varint(data, at)
            elif kind in (1, 5):
                at += 8 if kind == 1 else 4
            else:
                raise ModelError("not an ONNX model: it is not a protobuf message")
        except IndexError:
            at = size + 1
        if at > size:
            raise ModelError("the file is truncated or is not an ONNX model")
        yield tag >> 3, kind, start, body, at


def _message(data: memoryview, kind: str, depth: int) -> bytes:
    if depth > _DEEPEST:
        raise ModelError(f"nests messages deeper than {_DEEPEST}")
    nested = _NESTED[kind]
    out = bytearray()
    copied = 0
    for number, wire, start, body, end in _fields(data):
        inner = nested.get(number)
        if inner is None or wire != 2 or end - body <= KEEP:
            continue
        part = data[body:end]
        short = _tensor(part) if inner == "tensor" else _message(part, inner, depth + 1)
        if len(short) == len(part):
            continue
        out += data[copied:start]
        out += _tag(number) + _length(len(short)) + short
        copied = end
    if not copied:
        return bytes(data)
    out += data[copied:]
    return bytes(out)


def _tensor(data: memoryview) -> bytes:
    out = bytearray()
    notes: dict[str, int] = {}
    copied = 0
    for number, wire, start, body, end in _fields(data):
        if wire != 2 or number not in _PAYLOADS or end - body <= KEEP:
            continue
        out += data[copied:start]
        copied = end
        width = _PAYLOADS[number]
        if number == 9:
            notes[RAW] = end - body
        else:
            entries = (end - body) // width if width else _count_varints(data[body:end])
            notes[ELEMENTS] = notes.get(ELEMENTS, 0) + entries
    return bytes(out + data[copied:] + b"".join(_note(key, value) for key, value in notes.items()))


def _count_varints(data: memoryview) -> int:
    import numpy as np

    return int(np.count_nonzero(np.frombuffer(data, dtype=np.uint8) < 0x80))


def _note(key: str, value: int) -> bytes:
    """A StringStringEntryProto in field 13 (external_data) of TensorProto."""
    entry = b""
    for number, text in ((1, key), (2, str(value))):
        raw = text.encode()
        entry += _tag(number) + _length(len(raw)) + raw
    return _tag(13) + _length(len(entry)) + entry


def _tag(number: int) -> bytes:
    return _length(number << 3 | 2)


def _length(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
