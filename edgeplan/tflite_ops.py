"""The TFLite schema and its builtin ops: codes, operands by name, options with their types and defaults."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import chain, repeat

from edgeplan.graph import Attr
from edgeplan.shipped import shipped

__all__ = ["BuiltinOp", "Option", "Schema", "operands", "tflite_schema"]


@dataclass(frozen=True, slots=True)
class Option:
    """One option: its type in the schema (`int`, `[int]`, `Padding`, ...) and what it is when a file leaves it out."""

    type: str
    default: Attr

    def read(self, given: Attr) -> Attr:
        """A value as graphs hold it. ONNX text has no booleans: there 0 and 1 stand for them."""
        return bool(given) if self.type == "bool" else given


@dataclass(frozen=True, slots=True)
class BuiltinOp:
    """An op of the schema.

    `inputs` are the operands in order, as the TFL dialect names them; the one that is `variadic` takes what the others
    leave. `basic` are those of an LSTM of kernel type BASIC. There are at least `least` outputs. `table` is what
    holds the options.
    """

    code: int
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    least: int = 0
    optional: frozenset[str] = frozenset()
    variadic: str = ""
    basic: tuple[str, ...] = ()
    table: str = ""

    def ports(self, count: int, attrs: Mapping[str, Attr]) -> tuple[str, ...] | None:
        """The operand that each of `count` inputs is, None when that is more than there are."""
        names = self._names(attrs)
        if not self.variadic:
            return None if count > len(names) else names[:count]
        spare = max(0, count - len(names) + 1)
        spread = chain.from_iterable(repeat(n, spare if n == self.variadic else 1) for n in names)
        return tuple(spread)[:count]

    def required(self, attrs: Mapping[str, Attr]) -> tuple[int, ...]:
        """The positions of the inputs that have to be there."""
        names = self._names(attrs)
        return tuple(i for i, name in enumerate(names) if name not in self.optional and name != self.variadic)

    def _names(self, attrs: Mapping[str, Attr]) -> tuple[str, ...]:
        return self.basic if self.basic and attrs.get("kernel_type") == "BASIC" else self.inputs


class Schema:
    """The tables, enums and unions of a `.tflite` file and its ops; source: `rules/tflite/tflite.json`."""

    def __init__(self) -> None:
        read = json.loads((shipped("_rules", "rules") / "tflite" / "tflite.json").read_text("utf-8"))
        self.tables: Mapping[str, Mapping[str, str]] = read["tables"]
        """Table to its fields in the order of their slots, each `type=default`; empty where a slot is given up."""
        self.unions: Mapping[str, list[str]] = read["unions"]
        """Union to its tables; the first has the number 1."""
        self.enums: Mapping[str, Mapping[str, int]] = read["enums"]
        """Enum to name to number."""
        self.storage: Mapping[str, str] = read["storage"]
        """Enum to the type it is stored in."""
        self.ops: Mapping[str, BuiltinOp] = {op: _builtin(entry) for op, entry in read["ops"].items()}
        self._options: dict[str, Mapping[str, Option]] = {}

    @cached_property
    def by_code(self) -> Mapping[int, str]:
        """The op of a code."""
        return {entry.code: op for op, entry in self.ops.items()}

    def options(self, op: str) -> Mapping[str, Option]:
        """The options of an op."""
        table = self.ops[op].table
        if table not in self._options:
            fields = self.tables.get(table, {}).items()
            self._options[table] = {
                name: Option(kind, _default(kind, default, self.enums))
                for name, (kind, _, default) in ((name, spec.partition("=")) for name, spec in fields)
                if kind not in ("", "[ubyte]")
            }
        return self._options[table]

    def attributes(self, op: str, given: Mapping[str, Attr]) -> dict[str, Attr]:
        """All options of an op: those given, and the defaults of the others; what is no option stays as it is."""
        options = self.options(op)
        known = {
            name: option.read(given[name]) if name in given else option.default for name, option in options.items()
        }
        return {**known, **{name: value for name, value in given.items() if name not in known}}


@lru_cache(maxsize=1)
def tflite_schema() -> Schema:
    """The schema, read once."""
    return Schema()


def operands(op: str) -> tuple[str, ...]:
    """The operands of a builtin op by name, in order: `("input", "filter", "bias")` for CONV_2D."""
    return tflite_schema().ops[op].inputs


def _builtin(entry: Mapping[str, list[str] | int | str]) -> BuiltinOp:
    def words(key: str) -> list[str]:
        found = entry.get(key, [])
        return found if isinstance(found, list) else []

    code = entry["code"]
    inputs = words("inputs")
    return BuiltinOp(
        code=code if isinstance(code, int) else -1,
        inputs=tuple(i.rstrip("?*") for i in inputs),
        outputs=tuple(o.rstrip("?*") for o in words("outputs")),
        least=min(1, sum(not o.endswith("*") for o in words("outputs"))),
        optional=frozenset(i.rstrip("?") for i in inputs if i.endswith("?")),
        variadic=next((i.rstrip("*") for i in inputs if i.endswith("*")), ""),
        basic=tuple(words("basic")),
        table=str(entry.get("options", "")),
    )


def _default(kind: str, default: str, enums: Mapping[str, Mapping[str, int]]) -> Attr:
    if kind.startswith("["):
        return ()
    if kind in enums:
        return default
    if kind == "string":
        return ""
    if kind == "bool":
        return default == "true"
    return float(default or 0) if kind in ("float", "double") else int(default or 0)
