"""The calls that programs need: analyse a model, compare several, rewrite, prune and compress one."""

from __future__ import annotations

from edgeplan.api.analysis import analyze, compare, sweep
from edgeplan.api.changes import compress, compress_to, prune, rewrite
from edgeplan.api.reading import fitting_backend, load

__all__ = ["analyze", "compare", "compress", "compress_to", "fitting_backend", "load", "prune", "rewrite", "sweep"]
