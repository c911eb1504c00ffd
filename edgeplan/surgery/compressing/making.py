"""What makes the file that is wanted of a model: the tool its kind needs, layers kept wide for what has to hold."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from edgeplan.compression.offers import Offer
from edgeplan.frontends import dialect_of
from edgeplan.lower.scheme import Scheme
from edgeplan.surgery.compressing.coreml import compress_package
from edgeplan.surgery.compressing.mixed import Choice, Metric, compress_onnx_to, fewest_wide
from edgeplan.surgery.compressing.onnx import compress_onnx
from edgeplan.surgery.compressing.outcome import Compressed, CompressError
from edgeplan.surgery.compressing.tflite import compress_tflite
from edgeplan.target import Target

__all__ = ["Given", "Tell", "maker"]

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Given:
    """What the tools are given beside the model and the place."""

    target: Target
    offer: Offer
    calibration: Path | None
    dims: Mapping[str, int]
    inputs: Mapping[str, Sequence[int]]
    values: Mapping[str, float]
    python: Path | None
    metric: Metric | None
    tell: Tell

    @property
    def scheme(self) -> Scheme:
        """What the runtime was asked for."""
        return self.offer.scheme


_Make = Callable[[Path, frozenset[str], float | None], tuple[Compressed | None, Choice | None]]
"""Writes a model to a place, some layers kept, its SNR at least so much; None where that is not reached."""


def maker(source: Path, output: Path, given: Given) -> _Make:
    """What makes the kind of file that `output` names of the source. Raises `CompressError` where nothing does."""
    kind, wanted = "mlpackage" if source.is_dir() else dialect_of(source), output.suffix.removeprefix(".")
    if (kind, wanted) == ("onnx", "onnx"):
        return lambda place, keep, least: _onnx(source, place, keep, least, given)
    if (kind, wanted) in (("onnx", "mlpackage"), ("mlpackage", "mlpackage")):
        return lambda place, keep, least: _wide_enough(_package(source, given), place, keep, least, given.metric)
    if (kind, wanted) == ("tflite", "tflite"):
        return lambda place, keep, least: _wide_enough(_tflite(source, given), place, keep, least, given.metric)
    made_of = {"onnx": ".onnx or .mlpackage", "mlpackage": ".mlpackage", "tflite": ".tflite"}[kind]
    raise CompressError(f"of {source.name} a {made_of} file can be made, not {output.name}")


def _onnx(
    source: Path, place: Path, keep: frozenset[str], least: float | None, given: Given
) -> tuple[Compressed | None, Choice | None]:
    symmetric = given.target.backend.name == "tensorrt"
    if least is None:
        made = compress_onnx(
            source, given.scheme, place,
            calibration=given.calibration, keep=keep, symmetric=symmetric, ops=given.offer.ops, tell=given.tell,
        )  # fmt: skip
        return made, None
    mixed = compress_onnx_to(
        least, source, given.scheme, place,
        calibration=given.calibration, metric=given.metric, keep=keep, symmetric=symmetric, ops=given.offer.ops,
        tell=given.tell,
    )  # fmt: skip
    return mixed.compressed, mixed.choice


_Tool = Callable[[Path, Collection[str]], Compressed]
"""Writes a model to a place, some layers kept."""


def _package(source: Path, given: Given) -> _Tool:
    release = given.target.release if given.target.backend.name == "coreml" else ""
    precision = given.target.precision if given.target.precision != "model" else "float16"
    return lambda place, keep: compress_package(
        source, given.scheme, place, keep=keep, release=release, precision=precision,
        dims=given.dims, inputs=given.inputs, values=given.values, python=given.python,
        tell=_seconds("coremltools", given.tell),
    )  # fmt: skip


def _tflite(source: Path, given: Given) -> _Tool:
    return lambda place, keep: compress_tflite(
        source, given.scheme, place, keep=keep, samples=given.calibration, dims=given.dims, inputs=given.inputs,
        python=given.python, tell=_seconds("ai-edge-quantizer", given.tell),
    )  # fmt: skip


def _seconds(tool: str, tell: Tell) -> Callable[[float], None]:
    return lambda seconds: tell(f"{tool}: {seconds:.0f} s")


def _wide_enough(
    tool: _Tool, place: Path, keep: frozenset[str], least: float | None, metric: Metric | None
) -> tuple[Compressed | None, Choice | None]:
    """The model compressed, with layers kept wide where something has to hold."""
    if least is None:
        return tool(place, keep), None
    return _by_weights(tool, place, keep, least) if metric is None else _by_metric(tool, place, keep, least, metric)


def _by_metric(
    tool: _Tool, place: Path, keep: frozenset[str], least: float, metric: Metric
) -> tuple[Compressed | None, Choice | None]:
    """The model compressed, with as few layers kept, those with the largest errors first, as the metric asks for."""
    first: list[Compressed] = []

    def worth(names: Collection[str]) -> float:
        with tempfile.TemporaryDirectory(prefix=".edgeplan-", dir=place.parent) as folder:
            made = tool(Path(folder) / place.name, keep.union(names))
            first.append(made)
            return metric(Path(made.written[0]))

    def layers() -> tuple[Sequence[str], str]:
        known = sorted((a.snr, a.weight) for a in first[0].applied if a.snr is not None)
        return [weight for _, weight in known], "by the errors of their weights"

    choice = fewest_wide(layers, worth, least)
    return (None if choice.why else tool(place, keep.union(choice.keep))), choice


def _by_weights(
    tool: _Tool, place: Path, keep: frozenset[str], least: float
) -> tuple[Compressed | None, Choice | None]:
    """The model compressed; once more, with the layers kept whose weights are below `least`, where there are such."""
    with tempfile.TemporaryDirectory(prefix=".edgeplan-", dir=place.parent) as folder:
        first = tool(Path(folder) / place.name, keep)
        low = sorted((a.snr, a.weight) for a in first.applied if a.snr is not None and a.snr < least)
        if not low:
            for path in map(Path, first.written):
                os.rename(path, place.with_name(path.name))
            worst = min((a.snr for a in first.applied if a.snr is not None), default=least)
            return replace(first, written=tuple(str(place.with_name(Path(p).name)) for p in first.written)), Choice(
                (), worst, least, 1, "by the errors of their weights"
            )
    if len(low) == len(first.applied):
        snr, name = low[-1]
        why = f"no layer keeps it: of the best, {name!r}, the weights keep {snr:.1f} dB"
        return None, Choice((), snr, least, 1, "by the errors of their weights", why)
    kept = tuple(name for _, name in low)
    again = tool(place, {*keep, *kept})
    worst = min((a.snr for a in again.applied if a.snr is not None), default=least)
    return again, Choice(kept, worst, least, 2, "by the errors of their weights")
