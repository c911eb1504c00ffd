"""Conditions of the Qualcomm QNN rows that a table cannot say."""

from __future__ import annotations

from edgeplan.capability.predicates.qnn import attributes, cpu, types
from edgeplan.capability.predicates.qnn.attributes import *  # noqa: F403  # a family's names are its __all__
from edgeplan.capability.predicates.qnn.cpu import *  # noqa: F403
from edgeplan.capability.predicates.qnn.types import *  # noqa: F403

__all__ = [*attributes.__all__, *cpu.__all__, *types.__all__]
