"""What a run moves between an accelerator's own memory and the device's, and whether activations fit on the chip."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from edgeplan.memory.range import Range
from edgeplan.units import say_bytes

__all__ = ["Traffic"]


@dataclass(frozen=True, slots=True)
class Traffic:
    """Bytes a run. `onchip` is the accelerator's own memory, None where unknown, `live` the largest live set.

    `verdict`: all of it fits at once; the compiler cuts ops into tiles that do; activations are spilled and filled.
    """

    title: str
    onchip: int | None
    live: int
    verdict: Literal["fits", "tiled", "spills", "unknown"]
    read: Range
    write: Range
    spill: Range
    fill: Range

    @property
    def sentence(self) -> str:
        """`VTCM 8.0 MiB: the largest live set, 3.1 MiB, fits; a run reads 49 MiB and writes 0.1 MiB, no spill`."""
        size = f" {say_bytes(self.onchip)}" if self.onchip is not None else ""
        moved = f"a run reads {self.read} and writes {self.write}"
        spill = f"spills {self.spill} and fills {self.fill}" if self.spill.high else "no spill"
        held = f"the largest live set, {say_bytes(self.live)}, {_VERDICTS[self.verdict]}"
        return f"{self.title}{size}: {held}; {moved}, {spill}"


_VERDICTS = {
    "fits": "fits",
    "tiled": "does not fit at once and is cut into tiles",
    "spills": "does not fit",
    "unknown": "may fit",
}
