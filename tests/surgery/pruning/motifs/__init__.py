"""What networks to be pruned are made of: layers and forms that hand channels on, one family a file."""

from __future__ import annotations

from tests.surgery.pruning.motifs import attending, broadcasting, convolving, joining, picking, reducing, viewing
from tests.surgery.pruning.net import Motif

MOTIFS: tuple[Motif, ...] = (
    *convolving.MOTIFS, *attending.MOTIFS, *broadcasting.MOTIFS, *joining.MOTIFS,
    *picking.MOTIFS, *reducing.MOTIFS, *viewing.MOTIFS,
)  # fmt: skip
"""All of them."""
