"""Holds a changed model against the whole original: the same inputs into both, the outputs side by side.

Sites are proved one by one before (`edgeplan.surgery.proof`); this is the check that nothing else went wrong. Both
models run in onnxruntime on the CPU, as files, without its own rewrites. A model whose weights are all one number, as
in a design review before training, proves nothing that way: then both are given random weights first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from edgeplan.frontends.loaded import Loaded
from edgeplan.graph import DType
from edgeplan.surgery.draft import Draft, graphs
from edgeplan.surgery.folding import fold_constants
from edgeplan.surgery.runs import EndlessError, RunError, difference, random_inputs, run_files
from edgeplan.surgery.writing import write_model

__all__ = ["FEEDABLE", "Comparison", "compare_models", "input_kinds", "tolerance_of", "with_random_weights"]

Array = NDArray[Any]

_SIZES = (3, 32, 64, 224, 512)
"""Sizes the free dimensions are tried at, until the model has run at two of them; a batch is 2 or 3."""

_SEEDS = (0, 1)

_NUDGE = 1e-6
"""By what part inputs are moved to see how much of a difference is the model's own: a few roundings in float32."""

_ELEMENTS = 1 << 26
"""Elements of the inputs beyond which a model is not run."""


FEEDABLE = {
    d: np.dtype(d.label) for d in DType if d.bits >= 8 and d not in (DType.BFLOAT16, DType.FLOAT8)
}  # fmt: skip
"""The types of inputs that numpy has arrays of."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Whether two models agree: `worst` is the largest difference of an output (root mean square, relative).

    `runs` is 0 where neither could be run, and `why` says so; else `why` says which output is too far off, if any.
    `unstable` are outputs that differ by more than `tolerance`, and no more than rounding their own inputs moves them;
    they are not in `worst`.
    """

    runs: int
    worst: float
    tolerance: float
    why: str = ""
    random_weights: bool = False
    unstable: tuple[str, ...] = ()

    @property
    def equal(self) -> bool:
        """Whether they were run and agree."""
        return self.runs > 0 and not self.why


def tolerance_of(tolerances: Sequence[float]) -> float:
    """What the whole may differ by: rounding in float32 over a deep network, and ten times what the steps state."""
    return max([1e-4, *(10 * t for t in tolerances if t > 1e-6)])


def compare_models(
    read: Loaded, old: Path, new: Sequence[Path], tolerance: float, random_weights: bool = False
) -> Comparison:
    """Run two models, whose inputs are those of `read`, on random inputs, with free dimensions at two sizes.

    `new` may be several files, that hand on to each other.

    Where they differ by more than `tolerance`, the original is run once more on inputs nudged by a few roundings: an
    output that moves as far by that (a sigmoid far out, say) holds no more digits than the two models agree in. Every
    op rounds anew, so what one nudge moves an output by is taken times the root of their number. One of whole numbers
    that moves at all, as what NMS chooses does, is not held against the old one.
    """
    runs, worst, why, sizes = 0, 0.0, "no size could be run", 0
    unstable: dict[str, None] = {}
    wanted, depth = list(read.graph.outputs), float(np.sqrt(len(read.graph.ops)))
    for size in _SIZES if read.free else _SIZES[:1]:
        kinds = input_kinds(read, size)
        if isinstance(kinds, str):
            return Comparison(0, 0.0, tolerance, kinds)
        sizes += 1
        for seed in _SEEDS:
            try:
                found = _once(old, new, kinds, seed, wanted, tolerance, depth)
            except EndlessError as e:
                return Comparison(
                    runs, worst, tolerance, "" if runs else f"onnxruntime runs the model: {e}", random_weights
                )
            if isinstance(found, str):
                why, sizes = found, sizes - 1
                break
            runs += 1
            for name, (gap, allowed) in found.items():
                if not gap <= allowed:
                    said = f"output {name!r} differs by {gap:.1e}, more than {allowed:.0e}"
                    return Comparison(runs, gap, tolerance, said, random_weights)
                if gap <= tolerance:
                    worst = max(worst, gap)
                else:
                    unstable[name] = None
        if sizes == 2:
            break
    return Comparison(runs, worst, tolerance, "" if runs else why, random_weights, tuple(unstable))


def _once(
    old: Path,
    new: Sequence[Path],
    kinds: Mapping[str, tuple[np.dtype[Any], Sequence[int]]],
    seed: int,
    wanted: Sequence[str],
    tolerance: float,
    depth: float,
) -> dict[str, tuple[float, float]] | str:
    """How far apart each output is in one run and may be; why the old model does not run. A new one must."""
    why = ""
    for highest in (8, 2, 1):  # indices and lengths must lie inside what they index
        feeds = random_inputs(kinds, seed, highest)
        try:
            was = run_files([old], feeds, wanted)
        except EndlessError:
            raise
        except RunError as e:
            why = f"onnxruntime does not run the model: {e}"
            continue
        try:
            now = run_files(new, feeds, wanted)
        except RunError:
            return dict.fromkeys(wanted, (float("inf"), tolerance))
        gaps = [difference(np.asarray(a), np.asarray(b)) for a, b in zip(was, now, strict=True)]
        allowed = [tolerance] * len(gaps)
        if any(not g <= tolerance for g in gaps):
            moved = run_files([old], _nudged(feeds), wanted)
            own = [difference(np.asarray(a), np.asarray(b)) for a, b in zip(was, moved, strict=True)]
            allowed = [max(tolerance, o * depth) if np.isfinite(o) else tolerance for o in own]
            for at, (out, o) in enumerate(zip(was, own, strict=True)):
                if np.asarray(out).dtype.kind in "iub" and o > tolerance:
                    allowed[at] = np.inf  # a choice between near equals, as NMS makes: another one says nothing
        return dict(zip(wanted, zip(gaps, allowed, strict=True), strict=True))
    return why


def _nudged(feeds: Mapping[str, Array]) -> dict[str, Array]:
    """The same inputs, floats moved by a few roundings."""
    rng = np.random.default_rng(11)
    return {
        n: (a * (1 + _NUDGE * rng.standard_normal(a.shape))).astype(a.dtype) if a.dtype.kind == "f" else a
        for n, a in feeds.items()
    }


def input_kinds(read: Loaded, size: int) -> dict[str, tuple[np.dtype[Any], Sequence[int]]] | str:
    """Types and shapes of the inputs with the free dimensions at a size, or what stands in the way."""
    found: dict[str, tuple[np.dtype[Any], Sequence[int]]] = {}
    for name in read.graph.inputs:
        value = read.graph.values[name]
        if value.dtype is None or value.dtype not in FEEDABLE or value.shape is None:
            return f"input {name!r} cannot be made up"
        free = [2 + size % 2 if axis == 0 and len(value.shape) > 1 else size for axis in range(len(value.shape))]
        shape = [d if isinstance(d, int) else free[axis] for axis, d in enumerate(value.shape)]
        found[name] = (FEEDABLE[value.dtype], shape)
    if sum(prod(s) for _, s in found.values()) > _ELEMENTS:
        return "the inputs are too large to try"
    return found


def with_random_weights(draft: Draft, place: Path) -> Draft:
    """A copy of the model, written to `place`, in which weights of one number are random, as training starts."""
    made = draft.copy()
    fold_constants(made.model)
    rng = np.random.default_rng(5)
    for graph in graphs(made.model.graph):
        for value in graph.initializers.values():
            tensor = value.const_value
            if tensor is None or tensor.size < 8 or not tensor.dtype.is_floating_point():
                continue
            array = np.asarray(tensor.numpy()).astype(np.float64)
            if np.ptp(array) == 0:
                drawn = _drawn(rng, array.shape, positive=_is_variance(value))
                value.const_value = ir.Tensor(drawn.astype(tensor.dtype.numpy()), dtype=tensor.dtype, name=value.name)
    write_model(made, place, place)
    return Draft.open(place)


def _drawn(rng: np.random.Generator, shape: tuple[int, ...], positive: bool) -> Array:
    """Random contents: He's for matrices and kernels, so that deep networks neither vanish nor explode."""
    if positive or len(shape) < 2:
        return rng.uniform(0.5, 1.5, shape)
    drawn: Array = rng.standard_normal(shape) * np.sqrt(2 / max(int(np.prod(shape[1:])), 1))
    return drawn


def _is_variance(value: ir.Value) -> bool:
    return any(node.op_type == "BatchNormalization" and index == 4 for node, index in value.uses())
