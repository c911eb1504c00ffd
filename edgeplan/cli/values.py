"""What people write on the command line: dimensions, shapes, sizes, times and budgets."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields, replace
from pathlib import Path

import click

from edgeplan.units import parse_bytes, parse_seconds

__all__ = [
    "BUDGET", "DIM", "INPUT", "NAMED_SIZE", "NAMES", "NETWORKS", "PYTHON", "SCHEME", "SIZE", "SWEEP", "TIME", "VALUE",
    "WORK", "Limits",
]  # fmt: skip

_LARGEST = 2**40
"""A dimension above this is a slip of the keyboard; the product of eight of them still fits in memory as an int."""


def _size(text: str) -> int:
    if not re.fullmatch(r"\d{1,13}", text) or int(text) > _LARGEST:
        raise ValueError(f"{text!r} is not a size")
    return int(text)


class _Dim(click.ParamType[tuple[str, int]]):
    name = "dim"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, int]:
        name, equals, size = str(value).rpartition("=")
        try:
            if not equals or not name:
                raise ValueError(f"{value!r} is not NAME=N")
            return name, _size(size)
        except ValueError as e:
            self.fail(str(e), param, ctx)


class _Input(click.ParamType[tuple[str, tuple[int, ...]]]):
    name = "input"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, tuple[int, ...]]:
        name, equals, shape = str(value).rpartition("=")
        try:
            if not equals or not name:
                raise ValueError(f"{value!r} is not NAME=1x3x224x224")
            return name, tuple(_size(d) for d in re.split("[x,]", shape)) if shape else ()
        except ValueError as e:
            self.fail(str(e), param, ctx)


class _Value(click.ParamType[tuple[str, float]]):
    name = "value"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, float]:
        name, equals, text = str(value).rpartition("=")
        try:
            if not equals or not name:
                raise ValueError(f"{value!r} is not NAME=VALUE")
            return name, int(text) if re.fullmatch(r"[+-]?\d{1,18}", text) else float(text)
        except ValueError as e:
            self.fail(str(e), param, ctx)


@dataclass(frozen=True, slots=True)
class Limits:
    """Budgets of a user's own: `memory` and `size` in bytes, `latency` in seconds; None where none was given."""

    memory: int | None = None
    size: int | None = None
    latency: float | None = None

    def __or__(self, later: Limits) -> Limits:
        """Both together; of two budgets of one kind the later counts."""
        given = {f.name: getattr(later, f.name) for f in fields(later)}
        return replace(self, **{name: limit for name, limit in given.items() if limit is not None})


class _Budget(click.ParamType[Limits]):
    name = "budget"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Limits:
        if isinstance(value, Limits):
            return value
        found = Limits()
        for part in str(value).split(","):
            key, equals, limit = part.partition("=")
            try:
                if key == "latency" and equals:
                    found |= Limits(latency=parse_seconds(limit))
                elif key in ("memory", "size") and equals:
                    found |= Limits(**{key: parse_bytes(limit)})
                else:
                    raise ValueError(f"{part!r} is not memory=SIZE, size=SIZE or latency=TIME")
            except ValueError as e:
                self.fail(str(e), param, ctx)
        return found


class _Scheme(click.ParamType[str]):
    """The name of a scheme of compression."""

    name = "scheme"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        from edgeplan.lower.scheme import parse_scheme

        try:
            return parse_scheme(str(value)).name
        except ValueError as e:
            self.fail(str(e), param, ctx)


class _Size(click.ParamType[int]):
    name = "size"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        try:
            return parse_bytes(str(value))
        except ValueError as e:
            self.fail(str(e), param, ctx)


class _NamedSize(click.ParamType[tuple[str, int]]):
    name = "named size"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, int]:
        name, equals, size = str(value).rpartition("=")
        try:
            if not equals or not name:
                raise ValueError(f"{value!r} is not NAME=SIZE")
            return name, parse_bytes(size)
        except ValueError as e:
            self.fail(str(e), param, ctx)


class _Time(click.ParamType[float]):
    name = "time"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        try:
            return parse_seconds(str(value))
        except ValueError as e:
            self.fail(str(e), param, ctx)


class _Work(click.ParamType[float]):
    """Multiply-accumulates: a part of those there are, up to 1, or a number of them, above it."""

    name = "work"
    _FORM = re.compile(r"(?P<number>\d+(?:\.\d+)?)\s*(?:(?P<share>%)|(?P<prefix>[kMGT]?)(?:MACs?)?)")

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        found = self._FORM.fullmatch(str(value))
        if found is None:
            self.fail(f"{value!r} is not a part such as 50% or a number such as 150M", param, ctx)
        number = float(found["number"])
        if found["share"]:
            if not 0 < number <= 100:
                self.fail(f"{value!r} is no part of the MACs", param, ctx)
            return number / 100
        number *= 1000.0 ** ["", "k", "M", "G", "T"].index(found["prefix"])
        if number <= 1:
            self.fail(f"{value!r} is no number of MACs: write 50% for half of them", param, ctx)
        return number


class _Sweep(click.ParamType[tuple[str, int, int, int | None]]):
    """A name with the first and last of its sizes and, where given, the step between them."""

    name = "sweep"
    _FORM = re.compile(r"(?P<name>.+)=(?P<low>\d+)\.\.(?P<high>\d+)(?::(?P<step>\d+))?")

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, int, int, int | None]:
        found = self._FORM.fullmatch(str(value))
        if found is None:
            self.fail(f"{value!r} is not NAME=FIRST..LAST or NAME=FIRST..LAST:STEP", param, ctx)
        try:
            low, high = _size(found["low"]), _size(found["high"])
            step = _size(found["step"]) if found["step"] else None
        except ValueError as e:
            self.fail(str(e), param, ctx)
        if not 0 < low <= high or step == 0:
            self.fail(f"{value!r}: sizes start at 1, ascend, and have a step of at least 1", param, ctx)
        return found["name"], low, high, step


class _Names(click.ParamType[tuple[str, ...]]):
    """Names with commas between them, or, where one has commas itself, with semicolons.

    With `words` a part with an `=` belongs to the name before it.
    """

    name = "names"

    def __init__(self, words: bool) -> None:
        self.words = words

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        if isinstance(value, tuple):
            return value
        found: list[str] = []
        apart = ";" if self.words and ";" in str(value) else ","
        for part in (p.strip() for p in str(value).split(apart)):
            if self.words and apart == "," and "=" in part and found:
                found[-1] = f"{found[-1]},{part}"
            else:
                found.append(part)
        if not all(found) or len(set(found)) < len(found):
            self.fail(f"{value!r}: names with commas between them, each once", param, ctx)
        return tuple(found)


class _Python(click.ParamType[tuple[str, Path]]):
    """An interpreter, for the referee named before `=` or, without a name, for all of them."""

    name = "python"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, Path]:
        name, _, path = str(value).rpartition("=")
        if not Path(path).is_file():
            self.fail(f"{path!r} is no file", param, ctx)
        return name, Path(path).absolute()


DIM = _Dim()
INPUT = _Input()
BUDGET = _Budget()
PYTHON = _Python()
SCHEME = _Scheme()
NAMED_SIZE = _NamedSize()
NAMES = _Names(words=False)
NETWORKS = _Names(words=True)
SIZE = _Size()
SWEEP = _Sweep()
TIME = _Time()
VALUE = _Value()
WORK = _Work()
