"""A small TOML file of a user's, read as hostile text: its size, its depth and its words are held to limits."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TypeVar

import msgspec

__all__ = ["read_users_toml"]

_T = TypeVar("_T")

_LARGEST = 1 << 16
"""Bytes of a file: some hundred times what one network or cloud needs."""

_LONGEST = 200
"""Characters of a text in it, and of what is said to be wrong with it."""


def read_users_toml(path: Path, kind: type[_T]) -> _T:
    """The file as the type it has to have. Raises `ValueError` with one line that says what is wrong with it."""
    try:
        if not path.is_file():
            raise ValueError("there is no such file")
        with path.open("rb") as f:
            data = f.read(_LARGEST + 1)
    except OSError as e:
        raise ValueError(e.strerror or "it cannot be read") from None
    if len(data) > _LARGEST:
        raise ValueError(f"it takes no more than {_LARGEST} bytes")
    try:
        raw = tomllib.loads(data.decode("utf-8"))
        found = msgspec.convert(raw, kind)
    except UnicodeDecodeError:
        raise ValueError("it is no UTF-8 text") from None
    except RecursionError:
        raise ValueError("its values are nested too deep") from None
    except (ValueError, OverflowError, msgspec.ValidationError) as e:
        said = " ".join(str(e).split())[:_LONGEST]
        raise ValueError("".join(c if c.isprintable() else "?" for c in said)) from None
    for where, text in _texts("a text", raw):
        if len(text) > _LONGEST or not text.isprintable():
            raise ValueError(f"{where} is too long, or holds characters that cannot be shown")
    return found


def _texts(where: str, value: object) -> Iterator[tuple[str, str]]:
    """Every text of a file, names included, and where it stands: a report may come to show any of them."""
    if isinstance(value, str):
        yield where, value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield "a name", key
            yield from _texts(key, inner)
    elif isinstance(value, list):
        yield from (text for part in value for text in _texts(where, part))
