"""What rewrites look for, and what nearly looks like it: small pieces of graphs, one family a file."""

from __future__ import annotations

from collections.abc import Callable

from tests.surgery.motifs import activating, choosing, convolving, cutting, linear, moving, normalizing, pooling, sizing
from tests.surgery.sketch import Sketch

MOTIFS: tuple[Callable[[Sketch], None], ...] = (
    *moving.MOTIFS, *cutting.MOTIFS, *sizing.MOTIFS, *convolving.MOTIFS,
    *linear.MOTIFS, *activating.MOTIFS, *normalizing.MOTIFS, *pooling.MOTIFS, *choosing.MOTIFS,
)  # fmt: skip
"""All of them; one that many rewrites look for, or that seldom fits, stands there more than once."""
