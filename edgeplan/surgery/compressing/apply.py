"""A scheme applied to a model for a target: by the tool its kind needs, held against limits, and planned again."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from edgeplan.compression.choice import Bounds
from edgeplan.compression.choice import Choice as Row
from edgeplan.compression.offers import Offer, offers
from edgeplan.frontends import load_model
from edgeplan.frontends.errors import ModelError
from edgeplan.lower.scheme import Scheme
from edgeplan.memory.range import Range
from edgeplan.plan import Plan, analyze_graph
from edgeplan.summary import TargetSummary, summarize_target
from edgeplan.surgery.compressing.making import Given, Tell, maker
from edgeplan.surgery.compressing.mixed import Choice, Metric
from edgeplan.surgery.compressing.outcome import Compressed, CompressError
from edgeplan.surgery.draft import Draft
from edgeplan.surgery.writing import WriteError, files_of, refuse_place, refuse_weights
from edgeplan.target import Target, TargetError

__all__ = ["EXACT", "Compressing", "apply_scheme"]

SCHEMA_VERSION = 1

EXACT = 200.0
"""dB said of outputs that are the same in every bit, which float32 cannot come near otherwise; JSON has no infinity."""


@dataclass(frozen=True)
class Compressing:
    """What became of a model that a scheme was applied to for a target.

    `outcome` says what its file holds, `mixed` which layers were kept wide for the SNR that was wanted. Where `over`
    says what limits it does not keep, or `mixed` why the SNR is not reached, nothing is written. `plans` are those
    before and after, None where the source cannot be planned; `note` is what the runtime makes of the scheme.
    """

    source: str
    scheme: str
    target: TargetSummary
    outcome: Compressed | None
    mixed: Choice | None
    plans: tuple[Plan, Plan] | None
    over: tuple[str, ...]
    note: str
    schema_version: int = field(default=SCHEMA_VERSION)

    @property
    def written(self) -> tuple[str, ...]:
        """The files made."""
        return self.outcome.written if self.outcome is not None else ()


def apply_scheme(
    source: Path,
    target: Target,
    scheme: Scheme,
    output: Path,
    *,
    keep: Collection[str] = (),
    calibration: Path | None = None,
    bounds: Bounds | None = None,
    dims: Mapping[str, int] | None = None,
    inputs: Mapping[str, Sequence[int]] | None = None,
    values: Mapping[str, float] | None = None,
    python: Path | None = None,
    metric: Metric | None = None,
    tell: Tell = lambda _: None,
) -> Compressing:
    """Compress `source` to `output`: ONNX to .onnx or .mlpackage, a package to .mlpackage, a .tflite file to .tflite.

    `keep` names layers that stay as they are. Of `bounds`, `snr` is what the outputs have to keep in dB, or the weights
    of what onnxruntime does not run: the layers that cost most stay wide for it. With `metric` it is what that has to
    give of the new file. `calibration` are samples of the inputs, `python` is the interpreter that has a vendor's tool,
    `tell` hears what is going on.
    Raises `CompressError` and `WriteError` for what cannot be done, `edgeplan.ModelError` and `BindingError` for models
    that cannot be read.
    """
    bounds = bounds or Bounds()
    offer = _offer(target, scheme)
    given = Given(target, offer, calibration, dims or {}, inputs or {}, values or {}, python, metric, tell)
    make = maker(source, output, given)
    _refuse(output, source)
    try:
        with tempfile.TemporaryDirectory(prefix=".edgeplan-", dir=output.absolute().parent) as folder:
            place = Path(folder) / output.name
            outcome, mixed = make(place, frozenset(keep), bounds.snr)
            if mixed is not None:
                mixed = replace(mixed, reached=_finite(mixed.reached))
            plans = _plans(source, place, given) if outcome is not None else None
            over = _over(bounds, outcome, plans)
            if outcome is not None:
                written = _moved(outcome, output) if not over else ()
                outputs = {name: _finite(snr) for name, snr in outcome.outputs.items()}
                outcome = replace(outcome, written=written, outputs=outputs)
    except OSError as e:
        raise WriteError(f"cannot write {output}: {e.strerror or e}") from None
    said = offer.why if offer.verdict == "degrades" else ""
    return Compressing(source.name, scheme.name, summarize_target(target), outcome, mixed, plans, over, said)


def _finite(snr: float) -> float:
    return max(min(snr, EXACT), -EXACT)


def _refuse(output: Path, source: Path) -> None:
    """Raise `WriteError` for places where the model, its weights or another package would be lost."""
    if output.suffix == ".mlpackage" and output.exists():
        raise WriteError(f"{output} is there already: give another place")
    refuse_place(output, source)
    if output.suffix == ".onnx":
        refuse_weights(files_of(output), Draft.open(source))


def _offer(target: Target, scheme: Scheme) -> Offer:
    """What the runtime says of the scheme. Raises `CompressError` where it does not take it."""
    (offer,) = offers(target.backend, target.release, target.units, [scheme])
    if offer.verdict == "cannot":
        raise CompressError(f"{target.title} does not take {scheme.name}: {offer.why}")
    return offer


def _plans(source: Path, made: Path, given: Given) -> tuple[Plan, Plan] | None:
    """The plans of the source and of what was made of it; of a package, that of the source as though compressed so."""
    if source.is_dir():
        return None
    target, bound = given.target, (given.dims, given.inputs, given.values)
    before = _plan(source, target, source.name, bound)
    try:
        if made.suffix == ".mlpackage":
            return before, _plan(source, replace(target, assume=given.scheme.name), made.name, bound)
        return before, _plan(made, target, made.name, bound)
    except (ModelError, TargetError):  # it was made and run all the same
        return None


def _plan(
    path: Path,
    target: Target,
    name: str,
    bound: tuple[Mapping[str, int], Mapping[str, Sequence[int]], Mapping[str, float]],
) -> Plan:
    read = load_model(path, *bound)
    size = path.stat().st_size
    return analyze_graph(read.graph, target, name=name, file_bytes=size, free=read.free, missing=read.missing)


def _over(bounds: Bounds, outcome: Compressed | None, plans: tuple[Plan, Plan] | None) -> tuple[str, ...]:
    """The limits that the result does not keep."""
    if outcome is None:
        return ()
    made = Row(outcome.scheme, "takes", "", (), download=Range.exactly(outcome.after))
    limits = replace(bounds, snr=None)
    if plans is None:
        return replace(limits, memory=None, latency=None).broken_by(made)
    made = replace(made, memory=plans[1].memory.peak, latency=plans[1].latency.total)
    return limits.broken_by(made)


def _moved(outcome: Compressed, output: Path) -> tuple[str, ...]:
    """Put the files that were made where they belong, a model after its weights."""
    places = [output.with_name(Path(p).name) for p in outcome.written]
    for path, place in reversed(list(zip(outcome.written, places, strict=True))):
        try:
            os.replace(path, place)
        except OSError as e:
            raise WriteError(f"cannot write {output}: {e.strerror or e}") from None
    return tuple(map(str, places))
