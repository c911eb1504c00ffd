"""Advice: a rewrite that has been tried on a model, what it cures on a target, what it gains and what it risks."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Advice", "Cure", "Figures", "NearMisses"]


@dataclass(frozen=True, slots=True)
class Figures:
    """What of a plan a rewrite may change. `off` are MACs and `off_bytes` bytes moved off the accelerator.

    `seconds` (low, likely, high) is None where the time is not known.
    """

    segments: int
    crossings: int
    off: int
    off_bytes: int
    peak: int
    seconds: tuple[float, float, float] | None
    ops: int


@dataclass(frozen=True, slots=True)
class Cure:
    """A finding that a step takes away, wholly or from some of its ops."""

    code: str
    row: str
    message: str
    ops: int
    left: int


@dataclass(frozen=True, slots=True)
class Advice:
    """One step that makes the plan better, or leaves fewer ops: what, where, at what risk, what it cures and gains."""

    rewrite: str
    sites: int
    risk: str
    why: str
    cures: tuple[Cure, ...]
    before: Figures | None
    after: Figures | None


@dataclass(frozen=True, slots=True)
class NearMisses:
    """Ops that look like what a rewrite is for, and why it leaves them as they are."""

    rewrite: str
    reason: str
    ops: tuple[str, ...]
