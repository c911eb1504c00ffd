"""How far the weights of a model move when a scheme is applied to them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from math import isfinite
from statistics import median

__all__ = ["Errors"]


@dataclass(frozen=True, slots=True)
class Errors:
    """Signal over error of a scheme's weights, in decibels: 10 log10 of the sum of squares over that of the errors.

    `by_layer` has it by the name of the weight, `median` and `worst` over all of them; `worst_layer` is whose it is.
    6 dB are one bit. It is the error of the weights alone: what the model makes of them only samples can tell.
    """

    by_layer: Mapping[str, float]
    median: float
    worst: float
    worst_layer: str

    def among(self, names: Collection[str]) -> Errors | None:
        """Those of some layers that lose anything; None where none does, or the error of none of them is known."""
        found = {name: snr for name, snr in self.by_layer.items() if name in names and isfinite(snr)}
        if not found:
            return None
        worst = min(found, key=lambda name: found[name])
        return Errors(found, median(found.values()), found[worst], worst)
