"""Runs small models to compare them: onnxruntime as it stands, or onnx's reference in float64."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from threading import Timer
from typing import Any, Literal

import numpy as np
import onnx
from numpy.typing import NDArray

__all__ = [
    "EndlessError",
    "Rewrites",
    "RunError",
    "difference",
    "random_inputs",
    "run_each",
    "run_files",
    "run_float",
    "run_reference",
]

Array = NDArray[Any]
Rewrites = Literal["none", "basic", "extended", "all"]
"""What onnxruntime may do to a model before it runs: each kind with those before it. By default it does all."""

_PATIENCE = 20.0
"""Seconds a few ops may take: a loop that never ends must not hold up the rest."""

_PATIENCE_WITH_FILES = 120.0
"""Seconds a whole model may take."""


class RunError(Exception):
    """A model that a runtime does not take, with its first line of why."""


class EndlessError(RunError):
    """A model that ran for too long; it will with other inputs, too."""


def run_float(
    model: onnx.ModelProto | str, feeds: Mapping[str, Array], wanted: Sequence[str], patience: float = _PATIENCE
) -> list[Array]:
    """The results of a model, or of the model in a file, in onnxruntime on the CPU, with none of its rewrites.

    Raises `RunError`, after `patience` seconds at the latest.
    """
    return next(run_each(model, [feeds], wanted, patience))


def run_each(
    model: onnx.ModelProto | str,
    samples: Iterable[Mapping[str, Array]],
    wanted: Sequence[str],
    patience: float = _PATIENCE_WITH_FILES,
    rewrites: Rewrites = "none",
) -> Iterator[list[Array]]:
    """The results of a model for one sample after the other, each likewise, but with `rewrites` of onnxruntime's.

    The model is loaded once.
    """
    import onnxruntime as ort

    options = ort.SessionOptions()
    levels = ort.GraphOptimizationLevel
    options.graph_optimization_level = {
        "none": levels.ORT_DISABLE_ALL,
        "basic": levels.ORT_ENABLE_BASIC,
        "extended": levels.ORT_ENABLE_EXTENDED,
        "all": levels.ORT_ENABLE_ALL,
    }[rewrites]
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    try:
        source = model if isinstance(model, str) else model.SerializeToString()
        session = ort.InferenceSession(source, options, providers=["CPUExecutionProvider"])
    except Exception as e:  # onnxruntime's errors share no base class of its own
        raise RunError(_first_line(e)) from None
    for feeds in samples:
        run = ort.RunOptions()
        run.log_severity_level = 4
        end = Timer(patience, setattr, (run, "terminate", True))
        end.daemon = True
        try:
            end.start()
            found = list(session.run(list(wanted), dict(feeds), run))
        except Exception as e:
            if run.terminate:
                raise EndlessError(f"no end after {patience:.0f} s") from None
            raise RunError(_first_line(e)) from None
        finally:
            end.cancel()
        yield found


def _first_line(error: Exception) -> str:
    """What went wrong, without what onnxruntime puts before it: numbers, and the file, which may be a passing one."""
    line = (str(error).splitlines() or [""])[0]
    said = re.sub(r"^\[ONNXRuntimeError\] : \d+ : (\w+ : )(?:Load model from .*? failed:)?", r"\1", line)
    return said[:200] or type(error).__name__


def run_files(paths: Sequence[Path], feeds: Mapping[str, Array], wanted: Sequence[str]) -> list[Array]:
    """The results of models that hand on to each other by the names of their values, run one after the other."""
    values = dict(feeds)
    for path in paths:
        graph = onnx.load(path, load_external_data=False).graph
        weights = {t.name for t in graph.initializer}
        names = [o.name for o in graph.output]
        given = {i.name: values[i.name] for i in graph.input if i.name not in weights}
        values.update(zip(names, run_float(str(path), given, names, _PATIENCE_WITH_FILES), strict=True))
    return [values[name] for name in wanted]


def run_reference(model: onnx.ModelProto, feeds: Mapping[str, Array], wanted: Sequence[str]) -> list[Array]:
    """The results of a model in onnx's reference evaluator: slow, and of every type numpy has."""
    from onnx.reference import ReferenceEvaluator

    try:
        return list(ReferenceEvaluator(model).run(list(wanted), dict(feeds)))
    except Exception as e:  # likewise
        raise RunError(_first_line(e)) from None


def difference(was: Array, now: Array) -> float:
    """The root mean square of the difference, as a part of that of the old result; infinite where they cannot agree."""
    if was.shape != now.shape or was.dtype != now.dtype:
        return float("inf")
    if was.dtype.kind not in "fc" and not np.issubdtype(was.dtype, np.floating):
        return 0.0 if np.array_equal(was, now) else float("inf")
    old, new = was.astype(np.float64), now.astype(np.float64)
    finite = np.isfinite(old)
    if not np.array_equal(old[~finite], new[~finite], equal_nan=True):
        return float("inf")
    old, new = old[finite], new[finite]
    if not np.all(np.isfinite(new)):
        return float("inf")
    gap = float(np.sqrt(np.mean((old - new) ** 2))) if old.size else 0.0
    size = float(np.sqrt(np.mean(old**2))) if old.size else 0.0
    return gap / size if size else (0.0 if gap == 0 else float("inf"))


def random_inputs(
    kinds: Mapping[str, tuple[np.dtype[Any], Sequence[int]]], seed: int, highest: int = 8
) -> dict[str, Array]:
    """Inputs as networks meet them: floats around 0, with a wider spread at odd seeds; integers below `highest`."""
    rng = np.random.default_rng(seed)
    found: dict[str, Array] = {}
    for name, (dtype, shape) in kinds.items():
        size = tuple(shape)
        if dtype.kind == "b":
            found[name] = rng.integers(0, 2, size).astype(bool)
        elif dtype.kind in "iu":
            found[name] = rng.integers(0, max(highest, 1), size).astype(dtype)
        else:
            found[name] = (rng.standard_normal(size) if seed % 2 == 0 else rng.uniform(-5, 8, size)).astype(dtype)
    return found
