"""Holds the two halves of a model against the whole: the same inputs, device then cloud, the outputs bit by bit.

Twice: with none of onnxruntime's rewrites, where every op rounds alike in the whole and in its half, and with all that
it does by default. There ops are fused, and across the cut they cannot be: a half may round where the whole does not.
On the CPU the same holds of float16 without any rewrite: onnxruntime computes it in float32 and leaves out the
rounding between two such ops, but not where a tensor is handed over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from edgeplan.graph import DType, Graph
from edgeplan.surgery.compressing.calibration import Samples
from edgeplan.surgery.runs import Rewrites, RunError, difference, run_each

__all__ = ["Check", "Equality", "hold_halves", "run_halves"]

Array = NDArray[Any]

_SINCE: Mapping[Rewrites, str] = {
    "basic": "pairs as MatMul and Add in one op",
    "extended": "chains as those of LayerNormalization, Gelu and attention in one op",
    "all": "Conv, in a layout of its own, with the Add behind it",
}
"""What each kind of onnxruntime's rewrites computes, and rounds otherwise, where no cut keeps it from doing so."""

_HALF = 0.02
"""What float16 halves may differ by: some of its roundings (1/2048 each), added up over a network."""


@dataclass(frozen=True, slots=True)
class Equality:
    """The halves against the whole in `runs` runs, with onnxruntime's rewrites or without.

    `unequal` are the outputs that differ in any bit, each with the largest difference (root mean square, relative;
    infinite where type or shape differ, or what is not finite). `why` says why they could not be run.
    """

    optimised: bool
    runs: int = 0
    unequal: Mapping[str, float] = field(default_factory=dict)
    why: str = ""

    @property
    def bit_equal(self) -> bool:
        """Whether they were run and every output has the same bits."""
        return self.runs > 0 and not self.unequal

    @property
    def worst(self) -> float:
        """The largest difference; 0 where all are equal."""
        return max(self.unequal.values(), default=0.0)


@dataclass(frozen=True, slots=True)
class Check:
    """Both comparisons, on `samples`, with weights drawn at random where the model is not trained yet.

    `by_chance` are outputs that the whole does not give twice the same; they are in neither. `broken` says why the
    halves do not stand for the whole; `why` why that is not known. `float16` says that the model has such tensors,
    which are rounded more often in the halves. `since` says what onnxruntime computes in the whole that it cannot
    across the cut, where the two differ with its rewrites alone; `own` is how far the whole itself then is from what it
    gives without them.
    """

    plain: Equality
    optimised: Equality
    samples: str = ""
    random_weights: bool = False
    float16: bool = False
    by_chance: tuple[str, ...] = ()
    since: str = ""
    own: float | None = None
    broken: str = ""
    why: str = ""

    @classmethod
    def not_run(cls, why: str) -> Check:
        """What is said of a model that does not run."""
        return cls(Equality(False, why=why), Equality(True, why=why), why=why)


def hold_halves(
    whole: Path, parts: Sequence[Path], graph: Graph, samples: Samples, random_weights: bool = False
) -> Check:
    """Run a model whose graph this is, and its parts one after the other, on samples."""
    float16 = any(v.dtype in (DType.FLOAT16, DType.BFLOAT16) for v in graph.values.values())
    job = _Job(whole, parts, graph.outputs, samples.feeds)
    since, own = "", None
    try:
        plain, usual = job.held("none"), job.held("all")
        if plain.bit_equal and usual.unequal:
            own = max(job.moved(name) for name in usual.unequal)
            some: tuple[Rewrites, ...] = ("basic", "extended")
            since = _SINCE[next((rewrites for rewrites in some if job.held(rewrites).unequal), "all")]
    except _HalvesError as e:
        broken = f"onnxruntime runs the model, and not its halves: {e}"
        return Check(Equality(False), Equality(True), samples.said, random_weights, float16, broken=broken)
    broken, why = "", plain.why and usual.why
    if plain.unequal and not (float16 and plain.worst <= _HALF):
        name = max(plain.unequal, key=lambda n: plain.unequal[n])
        broken = f"the output {name!r} of the halves differs from the model's by {plain.worst:.1e}"
    return Check(plain, usual, samples.said, random_weights, float16, tuple(job.chance), since, own, broken, why)


class _HalvesError(Exception):
    """Halves that do not run where the whole does."""


@dataclass(slots=True)
class _Job:
    """A model and its parts, to be run on some inputs with several kinds of onnxruntime's rewrites.

    `results` are the whole's so far, `chance` its outputs that it does not give twice the same.
    """

    whole: Path
    parts: Sequence[Path]
    wanted: Sequence[str]
    feeds: Sequence[Mapping[str, Array]]
    results: dict[Rewrites, list[list[Array]]] = field(default_factory=dict)
    chance: dict[str, None] = field(default_factory=dict)

    def held(self, rewrites: Rewrites) -> Equality:
        """Halves beside the whole, without outputs of chance."""
        optimised = rewrites != "none"
        try:
            was = self.results[rewrites] = self._run(rewrites)
        except RunError as e:
            return Equality(optimised, why=f"onnxruntime does not run the model: {e}")
        try:
            now = run_halves(self.parts, self.feeds, rewrites)
        except RunError as e:
            raise _HalvesError(str(e)) from None
        found = _compared(optimised, self.wanted, was, now)
        if not found.unequal:
            return found
        again = [dict(zip(self.wanted, made, strict=True)) for made in self._run(rewrites)]
        own = _compared(optimised, self.wanted, was, again).unequal
        self.chance.update(dict.fromkeys(own))
        return replace(found, unequal={name: gap for name, gap in found.unequal.items() if name not in own})

    def moved(self, name: str) -> float:
        """How far the rewrites move an output of the whole itself."""
        at = self.wanted.index(name)
        return max(_gap(a[at], b[at]) for a, b in zip(self.results["none"], self.results["all"], strict=True))

    def _run(self, rewrites: Rewrites) -> list[list[Array]]:
        return list(run_each(str(self.whole), self.feeds, self.wanted, rewrites=rewrites))


def run_halves(
    parts: Sequence[Path], samples: Sequence[Mapping[str, Array]], rewrites: Rewrites = "none"
) -> list[dict[str, Array]]:
    """What models make that hand on to each other by the names of their values, by sample: inputs and outputs of all.

    Raises `RunError`.
    """
    values = [dict(feeds) for feeds in samples]
    for part in parts:
        graph = onnx.load(part, load_external_data=False).graph
        inputs, outputs = [i.name for i in graph.input], [o.name for o in graph.output]
        given = ({name: held[name] for name in inputs} for held in values)
        for held, made in zip(values, run_each(str(part), given, outputs, rewrites=rewrites), strict=True):
            held.update(zip(outputs, made, strict=True))
    return values


def _compared(
    optimised: bool, wanted: Sequence[str], was: Sequence[Sequence[Array]], now: Sequence[Mapping[str, Array]]
) -> Equality:
    unequal: dict[str, float] = {}
    for old, new in zip(was, now, strict=True):
        for name, a in zip(wanted, old, strict=True):
            if not _same_bits(a, new[name]):
                unequal[name] = max(_gap(a, new[name]), unequal.get(name, 0.0))
    return Equality(optimised, len(now), unequal)


def _gap(a: object, b: object) -> float:
    return difference(a, b) if isinstance(a, np.ndarray) and isinstance(b, np.ndarray) else float("inf")


def _same_bits(a: object, b: object) -> bool:
    """Whether two results are one and the same: type, shape and elements, NaN where the other is; lists of them."""
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(_same_bits, a, b))
    if not isinstance(a, np.ndarray) or not isinstance(b, np.ndarray):
        return bool(a == b)
    if a.dtype != b.dtype or a.shape != b.shape:
        return False
    return np.array_equal(a, b, equal_nan=a.dtype.kind in "fc")
