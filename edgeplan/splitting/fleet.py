"""A model on several devices over several networks: a split plan for each pair."""

from __future__ import annotations

from dataclasses import dataclass, field

from edgeplan.splitting.split import SplitPlan

__all__ = ["Fleet"]

SCHEMA_VERSION = 1


@dataclass(frozen=True)
class Fleet:
    """The plans of one model with one cloud: a row for each target, in it a plan for each network, as given."""

    plans: tuple[tuple[SplitPlan, ...], ...]
    schema_version: int = field(default=SCHEMA_VERSION)
