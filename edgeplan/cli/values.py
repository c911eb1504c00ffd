"""What people write on the command line: dimensions, shapes, sizes and budgets."""

from __future__ import annotations

import re
from pathlib import Path

import click

from edgeplan.units import parse_bytes

__all__ = ["BUDGET", "DIM", "INPUT", "PYTHON", "SIZE", "SWEEP", "VALUE"]

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


class _Budget(click.ParamType[dict[str, int]]):
    name = "budget"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> dict[str, int]:
        if isinstance(value, dict):
            return value
        found: dict[str, int] = {}
        for part in str(value).split(","):
            key, equals, size = part.partition("=")
            if not equals or key not in ("memory", "size"):
                self.fail(f"{part!r} is not memory=SIZE or size=SIZE", param, ctx)
            try:
                found[key] = parse_bytes(size)
            except ValueError as e:
                self.fail(str(e), param, ctx)
        return found


class _Size(click.ParamType[int]):
    name = "size"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        try:
            return parse_bytes(str(value))
        except ValueError as e:
            self.fail(str(e), param, ctx)


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
SIZE = _Size()
SWEEP = _Sweep()
VALUE = _Value()
