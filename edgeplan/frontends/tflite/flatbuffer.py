"""Tables of a flatbuffer read with every offset checked: a broken file raises `ModelError`, whatever is in it.

The format's own Python package follows offsets without looking. Here each table, vector and string has to lie inside
the file, and what is read in all is bounded by the file's size, however often its parts refer to the same place.
Source: https://flatbuffers.dev/internals/.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from struct import Struct

from edgeplan.frontends.errors import ModelError
from edgeplan.tflite_ops import Schema

__all__ = ["FlatBuffer", "Table"]

_FORMATS = {
    "bool": "?", "byte": "b", "ubyte": "B", "utype": "B", "short": "h", "ushort": "H", "int": "i", "int32": "i",
    "uint": "I", "float": "f", "long": "q", "int64": "q", "ulong": "Q", "double": "d",
}  # fmt: skip

_UINT, _INT, _USHORT = Struct("<I"), Struct("<i"), Struct("<H")

_PER_TABLE = 64
"""What a table costs of the budget, in bytes: about what one takes in a file."""


@dataclass(frozen=True, slots=True)
class _Field:
    """Where a field stands in the vtable, and how it is stored; `form` is None for what lies behind an offset."""

    slot: int
    kind: str
    form: Struct | None
    default: int | float | bool


class FlatBuffer:
    """A file's bytes, with the schema they follow."""

    def __init__(self, data: memoryview, schema: Schema) -> None:
        self.data = data
        self.schema = schema
        self._left = 8 * len(data) + 2**20
        self._vtables: dict[int, tuple[int, tuple[int, ...]]] = {}
        self._fields: dict[str, Mapping[str, _Field]] = {}

    def root(self, table: str, identifier: bytes) -> Table:
        """The root table, when the file has that identifier."""
        if len(self.data) < 8 or bytes(self.data[4:8]) != identifier:
            raise ModelError(f"not a TFLite model: it is not marked {identifier.decode()!r}")
        return Table(self, table, self.follow(0))

    def number(self, form: Struct, at: int) -> int | float | bool:
        """One scalar."""
        if at < 0 or at + form.size > len(self.data):
            raise broken()
        found: int | float | bool = form.unpack_from(self.data, at)[0]
        return found

    def follow(self, at: int) -> int:
        """Where the offset at a place leads."""
        offset = int(self.number(_UINT, at))
        if offset == 0 or at + offset + 4 > len(self.data):
            raise broken()
        return at + offset

    def vector(self, at: int, size: int) -> tuple[int, int]:
        """First byte and number of elements of a vector, its contents unread."""
        count = int(self.number(_UINT, at))
        if at + 4 + count * size > len(self.data):
            raise broken()
        return at + 4, count

    def charge(self, size: int) -> None:
        """Pay for something read: a file whose parts are shared without end runs out of budget."""
        self._left -= size
        if self._left < 0:
            raise ModelError("not a TFLite model: its parts refer to each other without end")

    def vtable(self, at: int) -> tuple[int, tuple[int, ...]]:
        """The size of a table in bytes and the place of each field in it."""
        found = self._vtables.get(at)
        if found is None:
            size, table = int(self.number(_USHORT, at)), int(self.number(_USHORT, at + 2))
            if size < 4 or size % 2 or table < 4 or at + size > len(self.data):
                raise broken()
            self.charge(size)
            found = self._vtables[at] = table, Struct(f"<{size // 2 - 2}H").unpack_from(self.data, at + 4)
        return found

    def fields(self, table: str) -> Mapping[str, _Field]:
        """The fields of a table of the schema."""
        found = self._fields.get(table)
        if found is None:
            found = self._fields[table] = {
                name: self._field(slot, *spec.partition("=")[::2])
                for slot, (name, spec) in enumerate(self.schema.tables[table].items())
            }
        return found

    def _field(self, slot: int, kind: str, default: str) -> _Field:
        form = self.form(kind)
        if kind in self.schema.enums:
            return _Field(slot, kind, form, self.schema.enums[kind][default])
        if kind == "bool":
            return _Field(slot, kind, form, default == "true")
        if kind in ("float", "double"):
            return _Field(slot, kind, form, float(default or 0))
        return _Field(slot, kind, form, int(default) if re.fullmatch(r"-?\d+", default) else 0)

    def form(self, kind: str) -> Struct | None:
        """How a scalar or enum is stored; None for anything else."""
        code = _FORMATS.get(self.schema.storage.get(kind, kind))
        return Struct(f"<{code}") if code else None


class Table:
    """One table; a field that is not in the file has its default."""

    __slots__ = ("_buffer", "_fields", "_places", "_size", "at")

    def __init__(self, buffer: FlatBuffer, kind: str, at: int) -> None:
        buffer.charge(_PER_TABLE)
        self._buffer = buffer
        self._fields = buffer.fields(kind)
        self._size, self._places = buffer.vtable(at - int(buffer.number(_INT, at)))
        self.at = at
        if at + self._size > len(buffer.data):
            raise broken()

    def _place(self, field: _Field) -> int:
        """Where a field lies in the file, 0 when it does not."""
        places = self._places
        offset = places[field.slot] if field.slot < len(places) else 0
        if offset and offset + (field.form.size if field.form else 4) > self._size:
            raise broken()
        return self.at + offset if offset else 0

    def scalar(self, name: str) -> int | float | bool:
        """A scalar; of an enum its number."""
        field = self._fields[name]
        at = self._place(field)
        assert field.form is not None
        return self._buffer.number(field.form, at) if at else field.default

    def integer(self, name: str) -> int:
        """A whole number."""
        return int(self.scalar(name))

    def flag(self, name: str) -> bool:
        """A truth value."""
        return bool(self.scalar(name))

    def has(self, name: str) -> bool:
        """Whether the file holds the field."""
        return self._place(self._fields[name]) != 0

    def text(self, name: str) -> str:
        """A string; empty when it is absent, with marks for what is no UTF-8."""
        at = self._place(self._fields[name])
        if not at:
            return ""
        start, count = self._buffer.vector(self._buffer.follow(at), 1)
        self._buffer.charge(count)
        return str(self._buffer.data[start : start + count], "utf-8", "replace")

    def numbers(self, name: str) -> tuple[int | float, ...]:
        """A vector of scalars; empty when it is absent."""
        at = self._place(self._fields[name])
        if not at:
            return ()
        form = self._buffer.form(self._fields[name].kind.strip("[]"))
        assert form is not None
        start, count = self._buffer.vector(self._buffer.follow(at), form.size)
        self._buffer.charge(4 + count * form.size)
        return Struct(f"<{count}{form.format[1:]}").unpack_from(self._buffer.data, start)

    def integers(self, name: str) -> tuple[int, ...]:
        """A vector of whole numbers."""
        return tuple(int(n) for n in self.numbers(name))

    def extent(self, name: str) -> tuple[int, int]:
        """First byte and length of a vector of bytes, its contents unread; (0, 0) when it is absent."""
        at = self._place(self._fields[name])
        return self._buffer.vector(self._buffer.follow(at), 1) if at else (0, 0)

    def count(self, name: str) -> int:
        """Elements of a vector of 4 bytes each, unread."""
        at = self._place(self._fields[name])
        return self._buffer.vector(self._buffer.follow(at), 4)[1] if at else 0

    def table(self, name: str, kind: str = "") -> Table | None:
        """A table, of another kind than the schema says where the field is a union."""
        field = self._fields[name]
        at = self._place(field)
        return Table(self._buffer, kind or field.kind, self._buffer.follow(at)) if at else None

    def tables(self, name: str) -> list[Table]:
        """A vector of tables; empty when it is absent."""
        field = self._fields[name]
        at = self._place(field)
        if not at:
            return []
        start, count = self._buffer.vector(self._buffer.follow(at), 4)
        self._buffer.charge(4 * count)
        kind = field.kind.strip("[]")
        return [Table(self._buffer, kind, self._buffer.follow(start + 4 * i)) for i in range(count)]


def broken() -> ModelError:
    """What is said of a file in which an offset leads nowhere."""
    return ModelError("not a TFLite model: it is broken or cut short")
