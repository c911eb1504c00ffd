"""Mixed precision: which layers stay wide, so that the outputs, or a metric, keep to a floor. As few as that takes."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from math import inf
from pathlib import Path
from time import perf_counter

from edgeplan.lower.scheme import Scheme
from edgeplan.surgery.compressing.errors import weight_errors
from edgeplan.surgery.compressing.onnx import OnnxCompression
from edgeplan.surgery.compressing.outcome import Compressed, CompressError
from edgeplan.surgery.writing import refuse_place

__all__ = ["Choice", "Metric", "Mixed", "compress_onnx_to", "fewest_wide"]

Metric = Callable[[Path], float]
"""What a model in a file is worth to its user; more is better."""

_PATIENCE = 240.0
"""Seconds that may go into trying each layer by itself; else the errors of the weights say which matter most."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The layers that stay wide, what is `reached` so and was `wanted`, and after how many `trials`.

    `why` says why it is not reached; then nothing stays wide. `order` is how the layers were ranked, in words.
    """

    keep: tuple[str, ...]
    reached: float
    wanted: float
    trials: int
    order: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Mixed:
    """A choice of layers and the model that was compressed by it; None where the floor was not reached."""

    choice: Choice
    compressed: Compressed | None


def fewest_wide(
    layers: Callable[[], tuple[Sequence[str], str]], worth: Callable[[Collection[str]], float], floor: float
) -> Choice:
    """The fewest layers to keep wide so that the result is worth `floor` at least.

    `layers` gives their names, those that cost most first, and how it ranked them, in words; it is not asked where all
    may be compressed. `worth` compresses and measures with some of them kept. That more layers kept are worth no less
    is taken for granted in the search, and the answer is one that was measured.
    """
    reached = worth(())
    if reached >= floor:
        return Choice((), reached, floor, 1)
    names, order = layers()
    most = len(names) - 1
    best = worth(names[:most]) if most > 0 else -inf
    trials = 2 if most > 0 else 1
    if best < floor:
        told = "with all layers but one wide" if most > 0 else "with its one layer compressed"
        return Choice((), max(best, reached), floor, trials, order, f"{told} it is {max(best, reached):.1f} still")
    low, high = 0, most  # kept layers that are too few, and that are enough
    while high - low > 1:
        middle = (low + high) // 2
        found = worth(names[:middle])
        trials += 1
        if found >= floor:
            high, best = middle, found
        else:
            low = middle
    return Choice(tuple(names[:high]), best, floor, trials, order)


def compress_onnx_to(
    floor: float,
    source: Path,
    scheme: Scheme,
    output: Path,
    *,
    calibration: Path | None = None,
    metric: Metric | None = None,
    keep: Collection[str] = (),
    symmetric: bool = False,
    ops: Collection[str] = ("*",),
    tell: Callable[[str], None] = lambda _: None,
) -> Mixed:
    """Compress an ONNX file, the layers that cost most kept wide until its outputs have an SNR of `floor` dB.

    With `metric`, until that gives `floor`. Nothing is written where it is not reached. See `compress_onnx`.
    """
    refuse_place(output, source)
    work = OnnxCompression(source, scheme, calibration, symmetric, ops, tell)
    if metric is None and (work.unsampled or work.draft.blank):
        raise CompressError(f"an SNR cannot be measured: {work.unsampled or 'the weights are all one number'}")
    always = work.ops_of(keep)
    with tempfile.TemporaryDirectory(prefix=".edgeplan-", dir=output.absolute().parent) as folder:
        trial = Path(folder) / "trial.onnx"

        def worth(names: Collection[str]) -> float:
            made = work.write(always | work.ops_of(names), trial)
            return metric(made[0]) if metric is not None else work.measure(made[0]).worst

        choice = fewest_wide(lambda: _ranked(work, always, worth), worth, floor)
    if choice.why:
        unlike = work.samples.random and metric is None
        told = f"{choice.why}, on random inputs, which may be unlike any the model is for" if unlike else choice.why
        return Mixed(replace(choice, why=told), None)
    return Mixed(choice, work.finish(output, {*keep, *choice.keep}))


def _ranked(
    work: OnnxCompression, always: Collection[str], worth: Callable[[Collection[str]], float]
) -> tuple[Sequence[str], str]:
    """The layers a scheme is applied to, those that cost most first, and how that was found out."""
    left = work.why_left(always)
    taken = [w for w in work.layers if w.layer.weight not in left]
    names = list(dict.fromkeys(w.name for w in taken))
    work.tell(f"trying each of {len(names)} layers")
    alone: dict[str, float] = {}
    start = perf_counter()
    for name in names:
        alone[name] = worth([n for n in names if n != name])
        if (perf_counter() - start) / len(alone) * len(names) > _PATIENCE:
            break
    else:
        return sorted(names, key=lambda n: alone[n]), "by what each costs compressed alone"
    errors = weight_errors(work.draft, [work.scheme]).get(work.scheme.name)
    known = errors.by_layer if errors is not None else {}
    noise = {w.name: 10 ** (-known.get(w.name, inf) / 10) * w.layer.elements for w in taken}
    return sorted(names, key=lambda n: -noise[n]), "by the errors of their weights, and how many these are"
