"""Holds a replacement against what it replaces, on random inputs and, where weights say nothing, random weights.

onnxruntime runs both sides in the model's own types, without its own rewrites; small regions also run in float64 in
onnx's reference evaluator, where two forms of the same algebra agree to 1e-6 whatever float32 does with them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
import onnx
import onnx_ir as ir
from numpy.typing import NDArray

from edgeplan.surgery.claim import Claim
from edgeplan.surgery.looking import dims
from edgeplan.surgery.region import Region, fixed_inputs, old_weights
from edgeplan.surgery.runs import EndlessError, RunError, difference, random_inputs, run_float, run_reference

__all__ = ["Disproof", "Proof", "prove"]

Array = NDArray[Any]

_FEW, _DRAWS = 16, 5
"""Elements of the inputs below which so many draws are made, for two numbers may both happen to be positive."""

_SIZES = (3, 5, 2, 32, 512)
"""Sizes a free dimension is tried at, until the old ops have run at three of them."""

_ROUNDING = 3e-5
"""What float32 itself may differ by, between two orders of the same sums; float64 shows whether the algebra holds."""

_MISREAD = frozenset({"LRN", "LpNormalization"})
"""Ops onnx's reference evaluator computes wrongly, by little on some inputs: the window of one channel a batch, and for
p=1 with signs."""

_FAULT = 1e-2
"""How far the reference evaluator may be from onnxruntime before it is not believed: it misreads grouped ConvTranspose,
for one."""

_MORE = 1 << 20
"""Elements of the inputs up to which free dimensions are tried at further sizes."""

_LARGE = 1 << 28
"""Elements of the inputs beyond which a region is not run."""

_SMALL = 1 << 18
"""Elements of a region up to which it is run in float64, too."""


@dataclass(frozen=True, slots=True)
class Proof:
    """How a replacement was held against the old nodes: in how many runs, and how far apart they were at worst."""

    runs: int
    worst: float
    double: bool


@dataclass(frozen=True, slots=True)
class Disproof:
    """Why a replacement is not believed: the sides differ, or, where they were not `tried`, could not be compared."""

    reason: str
    tried: bool = True


def prove(part: Region, claim: Claim, seeds: Sequence[int] = (0, 1)) -> Proof | Disproof:
    """Run both sides of a region on random inputs at several sizes, with the given weights and with random ones."""
    real = old_weights(part)
    settings = [real]
    blank = _blank(part, real)
    if blank:
        settings.append({**real, **blank})
    runs, worst, double, why = 0, 0.0, False, "no run of the old ops succeeded"
    sizes = 0
    for size in _SIZES if _free(part) else _SIZES[:1]:
        if sizes == 3:
            break
        before = runs
        shapes = {v.name or "": [_bound(d, i, size) for i, d in enumerate(dims(v) or ())] for v in part.inputs}
        if sum(map(prod, shapes.values())) > (_LARGE if size == _SIZES[0] else _MORE):
            why = "its inputs are too large to try"
            continue
        small = sum(map(prod, shapes.values())) < _FEW
        for seed in range(_DRAWS) if small and sizes == 0 else seeds:
            for given in settings:
                try:
                    found = _compare(part, claim, shapes, part.weights(given), seed)
                except EndlessError as e:
                    return Disproof(f"could not be tried: {e}", tried=False)
                except RunError as e:
                    why = str(e)
                    continue
                except ValueError as e:
                    return Disproof(str(e))
                if isinstance(found, Disproof):
                    return found
                runs, worst, double = runs + 1, max(worst, found.worst), double or found.double
        sizes += runs > before
    return Proof(runs, worst, double) if runs else Disproof(f"could not be tried: {why}", tried=False)


def _compare(
    part: Region, claim: Claim, shapes: Mapping[str, Sequence[int]], weights: Mapping[str, Array], seed: int
) -> Proof | Disproof:
    """One run of both sides. Raises `RunError` when the old side cannot run at these sizes."""
    before, after = part.models(shapes, weights)
    kinds = {v.name or "": (_numpy(v), shapes[v.name or ""]) for v in part.inputs}
    feeds, was = _first_run(before, part, kinds, seed)
    runner = run_float if was is not None else run_reference
    if was is None:
        if sum(a.size for a in feeds.values()) > _SMALL:
            raise RunError("its inputs are too large for the reference evaluator, and no kernel takes them")
        was = run_reference(before, feeds, [a for a, _ in part.outputs])
    try:
        now = runner(after, feeds, [b for _, b in part.outputs])
    except RunError as e:
        return Disproof(f"the new ops do not run: {e}")
    if claim.kind == "changes":  # where there was no number, none is promised
        now = [np.where(np.isnan(a), a, b) if a.shape == b.shape else b for a, b in zip(was, now, strict=True)]
    worst = max((difference(a, b) for a, b in zip(was, now, strict=True)), default=0.0)
    if claim.kind == "exact":
        return Proof(1, 0.0, False) if worst == 0 else _apart(worst, claim)
    elements = sum(a.size for a in (*feeds.values(), *was, *weights.values()))
    tried = elements <= _SMALL and claim.kind == "equal"
    exact = _in_double(part, shapes, weights, feeds, [*was, *now]) if tried else None
    if exact is not None and exact > claim.tolerance:
        return _apart(exact, claim)
    limit = claim.tolerance if claim.kind == "changes" else max(claim.tolerance, _rounding(part))
    return Proof(1, worst if exact is None else exact, exact is not None) if worst <= limit else _apart(worst, claim)


def _first_run(
    before: onnx.ModelProto, part: Region, kinds: Mapping[str, tuple[np.dtype[Any], Sequence[int]]], seed: int
) -> tuple[dict[str, Array], list[Array] | None]:
    """Inputs the old ops take, and their results; None for these where onnxruntime has no kernel for them."""
    fixed = fixed_inputs(part)
    wanted = [a for a, _ in part.outputs]
    why: RunError | None = None
    for highest in (8, 2, 1):  # indices must lie inside what they index
        feeds = {**random_inputs(kinds, seed, highest), **fixed}
        try:
            return feeds, run_float(before, feeds, wanted)
        except RunError as e:
            why = e
            if "NOT_IMPLEMENTED" in str(e) or "Could not find an implementation" in str(e):
                return feeds, None
        if not any(dtype.kind in "iu" for dtype, _ in kinds.values()):
            break
    assert why is not None
    raise why


def _in_double(
    part: Region,
    shapes: Mapping[str, Sequence[int]],
    weights: Mapping[str, Array],
    feeds: Mapping[str, Array],
    seen: Sequence[Array],
) -> float | None:
    """How far apart the sides are in float64; None where the reference evaluator does not take them, or not rightly.

    Where it makes anything else of one of them than what was `seen` of both, it has a fault of its own.
    """
    if any(node.op_type in _MISREAD for node in (*part.before, *part.after)):
        return None
    before, after = part.models(shapes, weights, double=True)
    wide = {n: a.astype(np.float64) if np.issubdtype(a.dtype, np.floating) else a for n, a in feeds.items()}
    try:
        was = run_reference(before, wide, [a for a, _ in part.outputs])
        now = run_reference(after, wide, [b for _, b in part.outputs])
    except RunError:
        return None
    made = [np.asarray(a).astype(b.dtype) for a, b in zip((*was, *now), seen, strict=True)]
    if any(difference(a, b) > _FAULT for a, b in zip(seen, made, strict=True)):
        return None
    return max((difference(np.asarray(a), np.asarray(b)) for a, b in zip(was, now, strict=True)), default=0.0)


def _apart(worst: float, claim: Claim) -> Disproof:
    limit = "bit by bit" if claim.kind == "exact" else f"to {claim.tolerance:.0e}"
    return Disproof(f"the results differ by {worst:.1e} and should agree {limit}")


def _rounding(part: Region) -> float:
    narrow = any(v.dtype in (ir.DataType.FLOAT16, ir.DataType.BFLOAT16) for v in part.inputs)
    return 1e-2 if narrow else _ROUNDING


def _numpy(value: ir.Value) -> np.dtype[Any]:
    assert value.dtype is not None
    return np.dtype(value.dtype.numpy())


def _free(part: Region) -> bool:
    return any(not isinstance(d, int) for v in part.inputs for d in dims(v) or ())


def _bound(dim: int | str | None, axis: int, size: int) -> int:
    """A size for an axis: a free dimension has one size wherever it stands, but not all have the same."""
    if isinstance(dim, int):
        return dim
    return size if dim is None else size + sum(map(ord, dim)) % 3


def _blank(part: Region, real: Mapping[ir.Value, Array]) -> dict[ir.Value, Array]:
    """Random contents for weights that are all one number, as in models without training, and stay in use."""
    used = {s for f in part.new.folded for s in f.sources}
    used |= {v for n in part.new.new for v in n.inputs if v is not None}
    rng = np.random.default_rng(7)
    draw: Callable[[tuple[int, ...]], Array] = lambda shape: rng.uniform(0.5, 1.5, shape)  # noqa: E731  as variances are
    return {
        value: draw(array.shape)
        for value, array in real.items()
        if value in used and array.dtype == np.float64 and array.size >= 8 and np.ptp(array) == 0
    }
