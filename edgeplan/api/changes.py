"""Changing models: rewritten, pruned, and the ways to compress them beside each other."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from importlib.util import find_spec
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING

from edgeplan.api.reading import settled, target_for
from edgeplan.frontends import dialect_of, load_model
from edgeplan.frontends.errors import ModelError
from edgeplan.target import Target

if TYPE_CHECKING:
    from onnx import ModelProto

    from edgeplan.compression.errors import Errors
    from edgeplan.compression.table import Compression
    from edgeplan.lower.scheme import Scheme
    from edgeplan.surgery.compressing.apply import Compressing
    from edgeplan.surgery.pruning.pruning import Pruned
    from edgeplan.surgery.rewriting import Rewriting

__all__ = ["compress", "compress_to", "prune", "rewrite"]


def rewrite(
    model: str | Path,
    target: str | Target | None = None,
    *,
    output: str | Path | None = None,
    backend: str | None = None,
    release: str | None = None,
    only: Collection[str] = (),
    safe: bool = False,
    verify: bool = True,
    dims: Mapping[str, int] | None = None,
    inputs: Mapping[str, Sequence[int]] | None = None,
    values: Mapping[str, float] | None = None,
    opset: int = 0,
) -> Rewriting:
    """Rewrite an ONNX file so that it stays on a target's accelerator, or, without one, only make it smaller.

    The new model is written to `output` when it gives the same results; without one nothing is written. `only` names
    the rewrites that may be used, `safe` leaves out those that change the numbers, and `verify` off believes them.
    Bindings are as for `analyze` and become part of the new model, which is raised to `opset`, if given.
    Needs the extra `rewrite`.
    Raises `edgeplan.ModelError`, `edgeplan.TargetError`, or `ValueError` for what does not fit: bindings, places.

    >>> rewrite("model.onnx", "iphone14pro", output="better.onnx").comparison.equal
    """
    from edgeplan.surgery.rewriting import rewrite_model

    where = target_for(target, backend, release, "onnx", None, "") if target is not None else None
    place = Path(output) if output is not None else None
    return rewrite_model(
        Path(model),
        where,
        output=place,
        only=only,
        safe=safe,
        verify=verify,
        dims=dims,
        inputs=inputs,
        values=values,
        opset=opset,
    )


def compress(
    model: str | Path | ModelProto,
    target: str | Target = "iphone14pro",
    *,
    backend: str | None = None,
    release: str | None = None,
    schemes: Sequence[str] = (),
    errors: bool = True,
    keep: Collection[str] = (),
    least_snr: float | None = None,
    dims: Mapping[str, int] | None = None,
    inputs: Mapping[str, Sequence[int]] | None = None,
    values: Mapping[str, float] | None = None,
    memory_budget: int | None = None,
    size_budget: int | None = None,
    latency_budget: float | None = None,
) -> Compression:
    """Hold the schemes of compression beside each other for a model on a target: size, speed, and what weights lose.

    `schemes` are names (`w8`, `palette4`; see `edgeplan.lower.scheme`), every one there is where none is given. With
    `errors` the weights of an ONNX model are read to say how far each scheme moves them, in dB, where the extra
    `rewrite` is installed. `keep` names layers that stay as they are, `least_snr` what every weight has to keep, in dB.
    The rest is as for `analyze`. Raises `edgeplan.ModelError`, `edgeplan.TargetError`, or `ValueError` for what does
    not fit: bindings, layers, schemes.

    >>> [(c.scheme, str(c.download)) for c in compress("model.onnx", "iphone14pro").kept()]
    """
    from edgeplan.compression.choice import Bounds
    from edgeplan.compression.table import compression_table
    from edgeplan.lower.scheme import SCHEMES, parse_scheme

    where = target_for(target, backend, release, dialect_of(model), memory_budget, "")
    wanted = tuple(map(parse_scheme, schemes)) or SCHEMES
    own = dims or {}, inputs or {}, values or {}
    read = settled(model, load_model(model, *own), where, own)
    path = Path(model) if isinstance(model, (str, Path)) else None
    lost, why = _weight_errors(model, wanted) if errors else ({}, "")
    return compression_table(
        read.graph,
        where,
        schemes=wanted,
        errors=lost,
        error_why=why,
        keep=keep,
        bounds=Bounds(size_budget, memory_budget, latency_budget, least_snr),
        name=path.name if path else read.graph.name,
        file_bytes=path.stat().st_size if path else None,
        free=read.free,
        missing=read.missing,
    )


def compress_to(
    output: str | Path,
    model: str | Path,
    target: str | Target,
    scheme: str,
    *,
    backend: str | None = None,
    release: str | None = None,
    keep: Collection[str] = (),
    calibration: str | Path | None = None,
    least_snr: float | None = None,
    metric: Callable[[Path], float] | None = None,
    least_metric: float | None = None,
    size_budget: int | None = None,
    memory_budget: int | None = None,
    latency_budget: float | None = None,
    dims: Mapping[str, int] | None = None,
    inputs: Mapping[str, Sequence[int]] | None = None,
    values: Mapping[str, float] | None = None,
) -> Compressing:
    """Compress a model by a scheme and write it: ONNX to .onnx or .mlpackage, packages and .tflite files to their like.

    `keep` names layers that stay as they are, `calibration` samples of the inputs. Layers that cost most stay wide
    until the outputs keep `least_snr` dB, or until `metric`, which is given the new file and is more for a better one,
    gives `least_metric`. Nothing is written where that, or a budget, is not kept. Needs the extra `rewrite`, and
    `compress-coreml` or `compress-tflite` for those files.
    Raises `edgeplan.ModelError`, `edgeplan.TargetError`, or `ValueError` for what does not fit or cannot be done.

    >>> compress_to("small.onnx", "model.onnx", "galaxys24", "w8a8", metric=accuracy, least_metric=0.97).written
    """
    from edgeplan.compression.choice import Bounds
    from edgeplan.lower.scheme import parse_scheme
    from edgeplan.surgery.compressing.apply import apply_scheme

    if (metric is None) != (least_metric is None) or (metric is not None and least_snr is not None):
        raise ValueError("a metric goes with least_metric, and in the place of least_snr")
    path = Path(model)
    dialect = "mil" if path.is_dir() else dialect_of(path)
    least = least_metric if least_metric is not None else least_snr
    return apply_scheme(
        path,
        target_for(target, backend, release, "onnx" if dialect == "mil" else dialect, None, ""),
        parse_scheme(scheme),
        Path(output),
        keep=keep,
        calibration=Path(calibration) if calibration is not None else None,
        bounds=Bounds(size_budget, memory_budget, latency_budget, least),
        dims=dims,
        inputs=inputs,
        values=values,
        metric=metric,
    )


def prune(
    model: str | Path,
    target: str | Target | None = None,
    *,
    memory: int | None = None,
    latency: float | None = None,
    macs: float | None = None,
    ratio: float | None = None,
    output: str | Path | None = None,
    backend: str | None = None,
    release: str | None = None,
    score: str = "l2",
    samples: str | Path | None = None,
    floor: float = 0.125,
    step: int = 0,
    keep: Collection[str] = (),
    verify: bool = True,
    dims: Mapping[str, int] | None = None,
    inputs: Mapping[str, Sequence[int]] | None = None,
    values: Mapping[str, float] | None = None,
) -> Pruned:
    """Take whole channels out of an ONNX file, those that matter least, until it meets one goal.

    The goal is one of `memory` in bytes and `latency` in seconds, which need a target, `macs`, up to 1 as the part that
    is kept, above it as their number, and `ratio`, the part of the channels of every group that goes. `score` tells
    which matter: "l2", "l1", "bn", "fpgm", or "activation" on `samples`, a file or folder. No group gets below `floor`
    of its channels, widths are multiples of `step` (0: what the target's unit pays for), and the ops of `keep` stay as
    they are. The new model is written to `output` where the goal is met and onnxruntime runs it; without one nothing
    is written. Bindings are as for `analyze` and become part of the new model. Needs the extra `rewrite`.
    Raises `edgeplan.ModelError`, `edgeplan.TargetError`, or `ValueError` for what does not fit: goals, bindings.

    >>> prune("model.onnx", "iphone14pro", macs=0.5, output="smaller.onnx").plan.met
    """
    from edgeplan.pruning.goal import Goal
    from edgeplan.surgery.pruning.pruning import prune_model

    goal = Goal.of(memory=memory, latency=latency, macs=macs, ratio=ratio)
    where = target_for(target, backend, release, "onnx", None, "") if target is not None else None
    return prune_model(
        Path(model),
        where,
        goal,
        output=Path(output) if output is not None else None,
        score=score,
        samples=Path(samples) if samples is not None else None,
        floor=floor,
        step=step,
        keep=keep,
        verify=verify,
        dims=dims,
        inputs=inputs,
        values=values,
    )


def _weight_errors(model: str | Path | ModelProto, schemes: Sequence[Scheme]) -> tuple[Mapping[str, Errors], str]:
    """What each scheme costs the weights of a model, or why that is not known."""
    if dialect_of(model) != "onnx":
        return {}, "what a scheme costs the weights is told of ONNX models alone"
    if any(find_spec(name) is None for name in ("onnx_ir", "onnxruntime")):
        return {}, "what a scheme costs the weights is not known without the extra: pip install 'edgeplan[rewrite]'"
    from edgeplan.surgery.compressing.errors import unmeasured, weight_errors
    from edgeplan.surgery.draft import Draft

    try:
        draft = Draft.open(Path(model) if isinstance(model, (str, Path)) else model)
    except ModelError as e:  # it can be planned all the same
        return {}, f"what a scheme costs the weights is not known: the model {e}"
    if draft.blank:
        return {}, unmeasured(draft)
    found = weight_errors(draft, schemes)
    lossy = [e for name, e in found.items() if name != "fp32"]
    zero = bool(lossy) and all(e.worst == inf for e in lossy)
    return found, "the weights are all zero: what a scheme costs them is not known" if zero else ""
