"""How the scripts of ONNX Runtime's and SNPE's tables write rows as TOML."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

__all__ = ["rows_text", "toml"]

BARE = re.compile(r"[\w-]+")
WIDTH = 116


def toml(value: object) -> str:
    """A value as TOML."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, str):
        if '"' in value and "'" not in value:
            return f"'{value}'"
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{k if BARE.fullmatch(k) else toml(k)} = {toml(v)}" for k, v in value.items()) + " }"
    if isinstance(value, Sequence):
        return "[" + ", ".join(toml(v) for v in value) + "]"
    raise TypeError(value)


def rows_text(rows: Iterable[Mapping[str, object]]) -> str:
    """Rows as TOML, their keys aligned; empty entries are left out."""
    return "\n\n".join("\n".join(["[[row]]", *_lines(row)]) for row in rows) + "\n"


def _lines(row: Mapping[str, object]) -> Iterable[str]:
    for key, value in row.items():
        if value not in ("", [], (), {}):
            yield f"{key:<7} = {_wrapped(value) if key == 'ops' else toml(value)}"


def _wrapped(names: object) -> str:
    """A list of names, over several lines where it is long."""
    assert isinstance(names, Sequence)
    text = toml(names)
    if len(text) < WIDTH:
        return text
    lines, line = ["["], "   "
    for name in names:
        said = f" {toml(name)},"
        if len(line + said) > WIDTH:
            lines.append(line)
            line = "   "
        line += said
    return "\n".join([*lines, line, "]"])
