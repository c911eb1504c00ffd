"""Where a panel lies on the page, and how its data are laid over it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["Box", "Frame", "byte_ticks", "op_ticks"]


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle on the page, in pixels."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """The x of the right edge."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """The y of the lower edge."""
        return self.y + self.height


@dataclass(frozen=True, slots=True)
class Frame(Box):
    """A box over `steps` ops and `most` bytes; an op is as wide as the next."""

    steps: int
    most: int

    def across(self, step: float) -> float:
        """The x where an op begins; half a step further is its middle."""
        return self.x + self.width * step / max(self.steps, 1)

    def up(self, size: float) -> float:
        """The y of so many bytes."""
        return self.bottom - self.height * size / max(self.most, 1)


_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")


def byte_ticks(most: int, about: int = 5) -> tuple[str, list[tuple[int, str]]]:
    """The unit to say sizes up to `most` bytes in, and round sizes with what to write beside them, zero first."""
    power = 0
    while power < len(_UNITS) - 1 and most >= 1024 ** (power + 1):
        power += 1
    base = 1024**power
    step = _round_step(most / base, about) if power else max(1.0, _round_step(float(most), about))
    count = int(most / base / step + 1e-9)
    decimals = 0 if step >= 1 else 1 if step >= 0.1 else 2
    return _UNITS[power], [(min(round(i * step * base), most), f"{i * step:,.{decimals}f}") for i in range(count + 1)]


def op_ticks(steps: int, about: int = 8) -> Iterator[int]:
    """Round op numbers, counted from 1, the first and never more than there are."""
    if steps:
        yield 1
    step = max(1, round(_round_step(float(steps), about)))
    yield from (n for n in range(step, steps + 1, step) if n > 1)


def _round_step(most: float, about: int) -> float:
    """The largest of 1, 2 and 5 times a power of ten that gives about that many steps up to `most`."""
    if most <= 0:
        return 1.0
    raw = most / about
    power = 10.0
    while power > raw:
        power /= 10
    while power * 10 <= raw:
        power *= 10
    return min((power * n for n in (1, 2, 5, 10)), key=lambda step: abs(step - raw))
