"""What a radio takes from the battery while it sends, receives, and stays awake after that."""

from __future__ import annotations

from dataclasses import dataclass

from edgeplan.finding import Evidence

__all__ = ["Radio"]


@dataclass(frozen=True, slots=True)
class Radio:
    """The power of a radio as a line over its throughput: `base_watts`, and so many watts for each Mbit/s up or down.

    After the last byte it draws `tail_watts` for `tail_seconds`. `spread` holds the factors between which the joules of
    other devices are expected; `basis` says of what device the line was measured.
    """

    up_watts_per_mbps: float
    down_watts_per_mbps: float
    base_watts: float
    tail_seconds: float
    tail_watts: float
    spread: tuple[float, float]
    basis: str
    evidence: tuple[Evidence, ...] = ()

    def up_joules(self, sent: int, bits_per_second: float) -> float:
        """The likely joules of sending so many bytes at so many bits a second (above 0)."""
        return self._joules(self.up_watts_per_mbps, sent, bits_per_second)

    def down_joules(self, received: int, bits_per_second: float) -> float:
        """The likely joules of receiving so many bytes at so many bits a second (above 0)."""
        return self._joules(self.down_watts_per_mbps, received, bits_per_second)

    def wait_joules(self, seconds: float) -> float:
        """The likely joules of waiting for an answer: as in the tail, which is the radio awake without traffic."""
        return self.tail_watts * seconds

    @property
    def tail_joules(self) -> float:
        """The likely joules after the last byte until the radio sleeps; less where other traffic comes before that."""
        return self.tail_watts * self.tail_seconds

    def _joules(self, slope: float, size: int, bits_per_second: float) -> float:
        return (slope * bits_per_second / 1e6 + self.base_watts) * 8 * size / bits_per_second
