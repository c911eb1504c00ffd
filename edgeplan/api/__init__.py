"""The calls that programs need: analyse a model, compare several, rewrite, prune, compress and split one."""

from __future__ import annotations

from edgeplan.api.analysis import analyze, compare, sweep
from edgeplan.api.changes import compress, compress_to, prune, rewrite
from edgeplan.api.reading import fitting_backend, load
from edgeplan.api.splitting import split, split_fleet, split_to

__all__ = [
    "analyze", "compare", "compress", "compress_to", "fitting_backend", "load", "prune", "rewrite", "split",
    "split_fleet", "split_to", "sweep",
]  # fmt: skip
