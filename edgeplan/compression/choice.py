"""What one scheme makes of a model on a target: a row of the table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from edgeplan.compression.errors import Errors
from edgeplan.compression.layers import Skip
from edgeplan.cost.estimate import Estimate
from edgeplan.finding import Evidence
from edgeplan.lower.scheme import parse_scheme
from edgeplan.memory.range import Range
from edgeplan.summary import UnitShare
from edgeplan.units import say_bytes, say_seconds

__all__ = ["Bounds", "Choice"]


@dataclass(frozen=True, slots=True)
class Choice:
    """A scheme on a target: whether the runtime takes it and why, and what the model then needs.

    `download` is the file that users are sent, `memory` the peak, `weights_memory` what of it the weights hold once the
    model is loaded; all three are None where the runtime does not take the scheme. `latency` is None where it would be
    a guess; `latency_why` says what is missing, or what the figure rests on, and `times` is how many times as long as
    in the runtime's own floats it takes. `error` is None where the weights were
    not read, are blank or stay as they are. `layers` of them are compressed, `skipped` are left as they are.
    `over` says in a clause each what of a user's own bounds the choice does not keep.
    """

    scheme: str
    verdict: Literal["takes", "degrades", "cannot", "unknown"]
    why: str
    evidence: tuple[Evidence, ...]
    layers: int = 0
    skipped: tuple[Skip, ...] = ()
    download: Range | None = None
    memory: Range | None = None
    weights_memory: Range | None = None
    units: tuple[UnitShare, ...] = ()
    latency: Estimate | None = None
    latency_why: str = ""
    times: Estimate | None = None
    error: Errors | None = None
    over: tuple[str, ...] = ()

    @property
    def runs(self) -> bool:
        """Whether the runtime takes the scheme, at whatever price."""
        return self.verdict in ("takes", "degrades")


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a user will not go beyond: bytes of download and of memory, seconds of a run, dB that every weight keeps."""

    size: int | None = None
    memory: int | None = None
    latency: float | None = None
    snr: float | None = None

    def broken_by(self, choice: Choice) -> tuple[str, ...]:
        """A clause for each bound that a choice does not keep, or is not known to keep."""
        said = []
        if self.size is not None and choice.download is not None and choice.download.likely > self.size:
            said.append(f"{say_bytes(choice.download.likely)} to download, the budget is {say_bytes(self.size)}")
        if self.memory is not None and choice.memory is not None and choice.memory.likely > self.memory:
            said.append(f"needs {choice.memory} of memory, the budget is {say_bytes(self.memory)}")
        if self.latency is not None and (choice.latency is None or choice.latency.likely > self.latency):
            time = f"takes {choice.latency.said()}" if choice.latency else "its time is not known"
            said.append(f"{time}, the budget is {say_seconds(self.latency)}")
        if self.snr is not None:
            said += self._too_noisy(choice, self.snr)
        return tuple(said)

    def _too_noisy(self, choice: Choice, least: float) -> Iterator[str]:
        """What the weights keep where that is too little; floats lose nothing worth a word where no error is known."""
        error, scheme = choice.error, parse_scheme(choice.scheme)
        if error is None:
            if scheme.form != "float" or scheme.sparsity:
                yield f"what its weights keep is not known, the least is {least:g} dB"
        elif error.worst < least:
            yield f"the weights of {error.worst_layer!r} keep {error.worst:.1f} dB, the least is {least:g} dB"
