"""How far a compressed model's outputs are from those of the model before, on samples, in onnxruntime on the CPU."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeplan.surgery.compressing.rounding import decibels
from edgeplan.surgery.runs import RunError, run_each

__all__ = ["Array", "Fidelity", "fidelity", "output_snr"]

Array = NDArray[Any]
Result = Sequence[Array]


@dataclass(frozen=True, slots=True)
class Fidelity:
    """The SNR in dB of each output over `runs` runs; with none, `why` says what stood in the way.

    `broken` says that the model before runs, and the result does not.
    """

    outputs: Mapping[str, float]
    runs: int
    why: str = ""
    broken: bool = False

    @property
    def worst(self) -> float:
        """The SNR of the output that moved most; minus infinite where none was measured."""
        return min(self.outputs.values(), default=-np.inf)


def output_snr(was: Iterable[Array], now: Iterable[Array]) -> float:
    """Signal over error in dB of one output, over all samples: sums of squares, infinite where all are equal.

    Of whole numbers, as labels are, every one that differs counts as an error as large as itself. Minus infinite where
    shapes or what is not finite differ.
    """
    signal = error = 0.0
    for old, new in zip(was, now, strict=True):
        a, b = np.asarray(old), np.asarray(new)
        if a.shape != b.shape or a.dtype.kind not in "fiub" and not np.issubdtype(a.dtype, np.floating):
            if a.shape == b.shape and np.array_equal(a, b):
                continue
            return -np.inf
        if a.dtype.kind in "iub":
            signal, error = signal + a.size, error + int(np.count_nonzero(a != b))
            continue
        x, y = a.astype(np.float64), b.astype(np.float64)
        finite = np.isfinite(x)
        if not np.array_equal(x[~finite], y[~finite], equal_nan=True) or not np.isfinite(y[finite]).all():
            return -np.inf
        signal += float(np.sum(x[finite] ** 2))
        error += float(np.sum((x[finite] - y[finite]) ** 2))
    return decibels(signal, error)


def fidelity(
    was: Sequence[Result], new: Path, samples: Sequence[Mapping[str, Array]], outputs: Sequence[str]
) -> Fidelity:
    """A model run on samples, its outputs held against what the model before made of them."""
    try:
        now = list(run_each(str(new), samples, outputs))
    except RunError as e:
        return Fidelity({}, 0, f"onnxruntime does not run the result: {e}", broken=True)
    found = {n: output_snr([r[i] for r in was], [r[i] for r in now]) for i, n in enumerate(outputs)}
    return Fidelity(found, len(now))
