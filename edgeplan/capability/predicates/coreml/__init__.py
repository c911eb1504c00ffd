"""Conditions of the Core ML rows that a table cannot say."""

from __future__ import annotations

from edgeplan.capability.predicates.coreml import placement, registry
from edgeplan.capability.predicates.coreml.placement import *  # noqa: F403  # a family's names are its __all__
from edgeplan.capability.predicates.coreml.registry import *  # noqa: F403

__all__ = [*placement.__all__, *registry.__all__]
