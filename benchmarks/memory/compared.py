"""One planned figure beside the measured one, and how far apart they are."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Compared"]


@dataclass(frozen=True, slots=True)
class Compared:
    """Bytes. `measured` and `planned` are (low, high), equal where there is one number."""

    model: str
    what: str
    measured: tuple[int, int]
    planned: tuple[int, int]

    @property
    def off(self) -> float:
        """How far the plan lies outside the measured range, as a part of its nearer end; 0 inside, below it negative.

        Two ranges that meet are not apart.
        """
        (low, high), (least, most) = self.measured, self.planned
        if most < low:
            return most / low - 1
        return least / high - 1 if least > high else 0.0
