"""The schemes of a table that are worth naming: the fastest, the smallest, the one that loses least."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Literal

from edgeplan.compression.choice import Choice
from edgeplan.lower.scheme import parse_scheme
from edgeplan.units import say_bytes

__all__ = ["Gain", "Pick", "gain_of", "picks_of"]

SMALLER = 0.9
"""Of the download, or of what the weights hold: what saves less than a tenth is not called smaller."""

NOTABLE = 0.8
"""Of the time in floats: what likely takes less is named, though the ranges do not bear it out."""

LEFT = 0.05
"""Of the multiply-accumulates: what takes so many off the accelerator is not named."""

SAFE = 27.0
"""dB that the middle layer has to keep for a scheme to be named though nobody trains the model again. Palettes of 6
bits keep some 31 dB and took ResNet50 from 76.13 to 75.55 %, those of 4 bits some 19 dB, and took it to 66.81 %:
https://github.com/apple/coremltools/blob/e0e2f42b/docs-guides/source/opt-resnet.md
"""

SAFE_WORST = 20.0
"""dB that the worst layer has to keep for it: by then it has lost what palettes of 4 bits lose."""

SAFE_BITS = 6
"""Bits of a weight that count as safe where its error is not known: as above."""


class Gain(Enum):
    """What compression gives here without training, in a word: the first line of a report."""

    FASTER = "smaller-and-faster"
    LIKELY_FASTER = "smaller-and-likely-faster"
    PERHAPS_FASTER = "smaller-and-perhaps-faster"
    SMALLER = "smaller"
    DOWNLOAD = "smaller-to-download"
    NONE = "nothing"


@dataclass(frozen=True, slots=True)
class Pick:
    """A scheme that is named, by its index in the table, and `why`: a clause with the figures it is named for."""

    role: Literal["fastest", "smallest", "safest"]
    choice: int
    why: str


def gain_of(choices: Sequence[Choice], reference: Choice) -> Gain:
    """What the best gives of the choices that are safe without training and keep a user's bounds."""
    named = [c for c in choices if _eligible(c, reference)]
    if any(_surely(c, reference) for c in named):
        return Gain.FASTER
    if any(_faster(c) for c in named):
        return Gain.LIKELY_FASTER
    if any(_perhaps(c) for c in named):
        return Gain.PERHAPS_FASTER
    if any(_holds_less(c, reference) for c in named):
        return Gain.SMALLER
    return Gain.DOWNLOAD if named else Gain.NONE


def picks_of(choices: Sequence[Choice], reference: Choice) -> tuple[Pick, ...]:
    """At most one choice for each role, each named once, of those that are safe without training."""
    found: list[Pick] = []
    eligible = [i for i, c in enumerate(choices) if _eligible(c, reference)]
    for role, pick in _ROLES:
        named = [p.choice for p in found]
        at = pick(choices, [i for i in eligible if i not in named], named)
        if at is not None:
            found.append(Pick(role, at, _why(choices[at], reference)))
    return tuple(found)


def _eligible(choice: Choice, reference: Choice) -> bool:
    """Whether a choice runs where floats do, keeps the bounds, is safe, and is smaller than floats are."""
    if not choice.runs or choice.over or choice.download is None or reference.download is None:
        return False
    stays = _accelerated(choice) > _accelerated(reference) - LEFT
    return stays and choice.download.likely < SMALLER * reference.download.likely and _safe(choice)


def _accelerated(choice: Choice) -> float:
    """The part of the work that accelerators do."""
    return sum(u.macs_share for u in choice.units if u.accelerator)


def _safe(choice: Choice) -> bool:
    """Whether a model likely keeps its accuracy without training."""
    if choice.error is not None:
        return choice.error.median >= SAFE and choice.error.worst >= SAFE_WORST
    scheme = parse_scheme(choice.scheme)
    return scheme.bits >= SAFE_BITS and not scheme.sparsity and (scheme.form != "linear" or scheme.per != "tensor")


def _fastest(choices: Sequence[Choice], among: Sequence[int], named: Sequence[int]) -> int | None:
    """The least time, where it is likely less than the reference takes, or perhaps much less."""
    times = [(c.likely, i) for i in among if (c := choices[i].latency) is not None and _perhaps(choices[i])]
    return min(times)[1] if times else None


def _smallest(choices: Sequence[Choice], among: Sequence[int], named: Sequence[int]) -> int | None:
    """The smallest download, where it is notably smaller than what is named already."""
    sizes = [(d.likely, i) for i in among if (d := choices[i].download) is not None]
    least = min((d.likely for i in named if (d := choices[i].download) is not None), default=None)
    if not sizes or (least is not None and min(sizes)[0] >= SMALLER * least):
        return None
    return min(sizes)[1]


def _safest(choices: Sequence[Choice], among: Sequence[int], named: Sequence[int]) -> int | None:
    """The highest of the worst errors, first of what costs nothing else; by bits where no error is known."""

    def kept(i: int) -> tuple[bool, float, tuple[bool, int, int, bool], int]:
        error, scheme = choices[i].error, parse_scheme(choices[i].scheme)
        told = not scheme.activations, scheme.activations, scheme.bits, scheme.per != "tensor"
        return choices[i].verdict == "takes", error.worst if error is not None else 0.0, told, -i

    return max(among, key=kept, default=None)


_Picker = Callable[[Sequence[Choice], Sequence[int], Sequence[int]], int | None]

_ROLES: tuple[tuple[Literal["fastest", "smallest", "safest"], _Picker], ...] = (
    ("fastest", _fastest), ("smallest", _smallest), ("safest", _safest),
)  # fmt: skip


def _faster(choice: Choice) -> bool:
    """Whether a choice is faster than the reference as far as both ranges bear it out."""
    return choice.times is not None and choice.times.high < 1


def _perhaps(choice: Choice) -> bool:
    """Whether it is, or would be notably so if both figures were right."""
    return _faster(choice) or (choice.times is not None and choice.times.likely <= NOTABLE)


def _surely(choice: Choice, reference: Choice) -> bool:
    """Whether it is even where each time is as far off as it may be."""
    times = choice.latency, reference.latency
    return _faster(choice) and times[0] is not None and times[1] is not None and times[0].high < times[1].low


def _holds_less(choice: Choice, reference: Choice) -> bool:
    """Whether the weights likely hold less memory."""
    mine, theirs = choice.weights_memory, reference.weights_memory
    return mine is not None and theirs is not None and mine.likely < SMALLER * theirs.likely


def _why(choice: Choice, reference: Choice) -> str:
    """`12.4 MiB to download (4.0 times smaller), 0.90 ms (0.6 to 1.3 ms), weights keep 21 dB, the worst 18`."""
    said = []
    if choice.download is not None and reference.download is not None:
        ratio = reference.download.likely / max(choice.download.likely, 1)
        said.append(f"{say_bytes(choice.download.likely)} to download ({ratio:.1f} times smaller)")
    if choice.latency is not None and _perhaps(choice):
        said.append(choice.latency.said())
    if choice.error is not None:
        said.append(f"weights keep {choice.error.median:.0f} dB, the worst {choice.error.worst:.0f}")
    if parse_scheme(choice.scheme).activations:
        said.append("needs samples to calibrate with")
    return ", ".join(said)
