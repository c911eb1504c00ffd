"""What became of a model that was compressed: what its file holds now, and how far its outputs moved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["Applied", "CompressError", "Compressed", "Unapplied"]

SCHEMA_VERSION = 1


class CompressError(ValueError):
    """A model that is not compressed that way, and why, in one line."""


@dataclass(frozen=True, slots=True)
class Applied:
    """A layer whose weight is compressed in the result.

    `weight` and `op` are its names in what the tool worked on, `label` the op's type there, `form` what was found in
    the result, as a scheme's name (`palette4-group16`, `w8`). `snr` is that of the weight in dB, infinite where it is
    exact, None where it was not measured.
    """

    weight: str
    op: str
    label: str
    shape: tuple[int, ...]
    form: str
    snr: float | None = None


@dataclass(frozen=True, slots=True)
class Unapplied:
    """A layer that is in the result as it was before, and why."""

    weight: str
    op: str
    label: str
    shape: tuple[int, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Compressed:
    """A compressed model: the files written, bytes before and after, the layers done and left, as read from the result.

    `outputs` are the SNR in dB of each output against the model before, on `samples`, over `runs` runs; with no runs,
    `why` says why it could not be run, or not be measured. `needs` is the release a result asks for at least.
    """

    model: str
    scheme: str
    tool: str
    written: tuple[str, ...]
    before: int
    after: int
    applied: tuple[Applied, ...]
    left: tuple[Unapplied, ...]
    outputs: Mapping[str, float] = field(default_factory=dict)
    samples: str = ""
    runs: int = 0
    why: str = ""
    needs: str = ""
    notes: tuple[str, ...] = ()
    schema_version: int = SCHEMA_VERSION

    @property
    def worst(self) -> float | None:
        """The SNR in dB of the output that moved most; None where none was measured."""
        return min(self.outputs.values(), default=None)
