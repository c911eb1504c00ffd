"""What would lower the peak of a network's activations, and by how much."""

from __future__ import annotations

from edgeplan.memory.relief.survey import relief, ways
from edgeplan.memory.relief.value import NoRelief, Relief

__all__ = ["NoRelief", "Relief", "relief", "ways"]
