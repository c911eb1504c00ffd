"""What an answer to "what would lower the peak?" is: bytes before and after, or why it does not help."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["NoRelief", "Relief"]


@dataclass(frozen=True, slots=True)
class Relief:
    """One way to need less for activations: bytes of all regions together, `before` and `after`.

    `kind` is `computed` where the plan was made anew, `estimated` where a model of the change stands behind it. `what`
    is the change in a sentence, `price` what it costs, empty where it costs nothing that can be counted.
    """

    name: str
    before: int
    after: int
    kind: Literal["computed", "estimated"]
    what: str
    price: str = ""

    @property
    def saved(self) -> int:
        """Bytes."""
        return self.before - self.after


@dataclass(frozen=True, slots=True)
class NoRelief:
    """Why a way does not help here."""

    name: str
    why: str
