"""Runs a pruned model beside the one it was made of: whether it still runs, and how far its outputs moved."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgeplan.frontends.loaded import Loaded
from edgeplan.graph import Graph
from edgeplan.surgery.compressing.calibration import Samples, random_samples
from edgeplan.surgery.compressing.outcome import CompressError
from edgeplan.surgery.runs import RunError, difference, run_each

__all__ = ["Trial", "misshapen", "try_models"]

_RUNS = 4
"""Samples that both models are run on at most."""


@dataclass(frozen=True, slots=True)
class Trial:
    """`runs` that both models came through on some `samples`; `change` is how far the output moved that moved most.

    Root mean square, relative; of whole numbers the part that differs; infinite where what was a number is none.
    Outputs whose shape the data decide are left out where they have another. `why` says why the old model does not run,
    and `broken` why the new one does not where the old one does.
    """

    runs: int = 0
    change: float | None = None
    samples: str = ""
    why: str = ""
    broken: str = ""


def misshapen(made: Graph, planned: Graph) -> str:
    """The first value that another shape is inferred for than was planned; empty where there is none."""
    for name, value in made.values.items():
        other = planned.values.get(name)
        if other is None or value.shape is None or other.shape is None:
            continue
        pairs = zip(value.shape, other.shape, strict=False)
        if len(value.shape) != len(other.shape) or any(
            a != b for a, b in pairs if isinstance(a, int) and isinstance(b, int)
        ):
            return f"{name!r} would have the shape {list(value.shape)}, and {list(other.shape)} was planned"
    return ""


def try_models(old: Path, new: Path, read: Loaded, samples: Samples | None) -> Trial:
    """Both models on the same inputs: the samples given, or random ones that the old model runs on."""
    wanted = list(read.graph.outputs)
    try:
        given = samples or random_samples(read, old, _RUNS)
        feeds = given.feeds[:_RUNS]
        was = list(run_each(str(old), feeds, wanted))
    except CompressError as e:
        return Trial(why=str(e))
    except RunError as e:
        return Trial(why=f"onnxruntime does not run the model on the samples: {e}")
    try:
        now = list(run_each(str(new), feeds, wanted))
    except RunError as e:
        return Trial(samples=given.said, broken=f"onnxruntime runs the model, and not what is left of it: {e}")
    pairs = (pair for one, two in zip(was, now, strict=True) for pair in zip(one, two, strict=True))
    moved = [gap for a, b in pairs if (gap := _moved(a, b)) is not None]
    return Trial(len(now), max(moved, default=None), given.said)


def _moved(was: object, now: object) -> float | None:
    if not isinstance(was, np.ndarray) or not isinstance(now, np.ndarray) or was.shape != now.shape:
        return None
    if was.dtype.kind in "iubO":
        return float(np.mean(was != now)) if was.size else 0.0
    return difference(was, now)
