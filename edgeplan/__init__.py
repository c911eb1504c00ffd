"""Whether a neural network will run on a device, on which units, in how much memory, and why.

>>> import edgeplan
>>> plan = edgeplan.analyze("model.onnx", target="iphone14pro")
>>> print(plan.outcome, plan.memory.peak, [f.message for f in plan.findings])
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from edgeplan.version import __version__ as __version__

if TYPE_CHECKING:
    from edgeplan.api import analyze, compare, compress, compress_to, load, prune, rewrite, split, split_fleet, split_to
    from edgeplan.comparison import Comparison
    from edgeplan.compression.table import Compression
    from edgeplan.finding import Finding
    from edgeplan.frontends.errors import ModelError
    from edgeplan.graph import Graph
    from edgeplan.plan import Outcome, Plan
    from edgeplan.splitting.question import Question
    from edgeplan.splitting.split import SplitPlan
    from edgeplan.target import Target, TargetError, resolve

__all__ = [
    "Comparison", "Compression", "Finding", "Graph", "ModelError", "Outcome", "Plan", "Question", "SplitPlan", "Target",
    "TargetError", "analyze", "compare", "compress", "compress_to", "load", "prune", "resolve", "rewrite", "split",
    "split_fleet", "split_to",
]  # fmt: skip

_HOMES = {
    "Comparison": "edgeplan.comparison",
    "Compression": "edgeplan.compression.table",
    "Finding": "edgeplan.finding",
    "Graph": "edgeplan.graph",
    "ModelError": "edgeplan.frontends.errors",
    "Outcome": "edgeplan.plan",
    "Plan": "edgeplan.plan",
    "Question": "edgeplan.splitting.question",
    "SplitPlan": "edgeplan.splitting.split",
    "Target": "edgeplan.target",
    "TargetError": "edgeplan.target",
    "analyze": "edgeplan.api",
    "compare": "edgeplan.api",
    "compress": "edgeplan.api",
    "compress_to": "edgeplan.api",
    "load": "edgeplan.api",
    "prune": "edgeplan.api",
    "resolve": "edgeplan.target",
    "rewrite": "edgeplan.api",
    "split": "edgeplan.api",
    "split_fleet": "edgeplan.api",
    "split_to": "edgeplan.api",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that `import edgeplan` costs nothing."""
    if name not in _HOMES:
        raise AttributeError(f"module 'edgeplan' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
