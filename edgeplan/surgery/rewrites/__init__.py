"""The catalogue: every rewrite by its name, in the order in which they have their turn."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cache
from importlib import import_module

from edgeplan.surgery.rewrite import Rewrite, Stage

__all__ = ["NAMES", "rewrite", "rewrites", "unknown"]

_ORDER: Mapping[Stage, tuple[str, ...]] = {
    Stage.TIDY: (
        "if-constant", "fold-constants", "drop-no-op", "cast-chain", "sizes-as-int64", "cancel-transposes",
        "transpose-to-reshape", "gather-in-order", "gather-unsqueeze", "expand-to-sizes", "constant-reshape",
        "merge-reshapes", "cancel-reshapes", "push-transposes", "merge-slices", "slice-to-split", "merge-concats",
        "split-concat", "expand-before-broadcast", "merge-clips", "min-max-to-clip",
    ),
    Stage.FOLD: (
        "batchnorm-into-conv", "batchnorm-into-linear", "affine-into-conv", "affine-into-linear",
        "conv-after-batchnorm", "conv-after-affine", "pad-into-conv", "pad-into-pool", "trim-kernel",
        "merge-conv-branches", "merge-pointwise-convs", "merge-pointwise-into-conv", "merge-linears",
        "matmul-add-to-gemm", "scale-into-weights", "merge-constants",
    ),
    Stage.FUSE: (
        "fuse-gelu", "fuse-hardswish", "fuse-mish", "fuse-layernorm", "fuse-rmsnorm", "fuse-groupnorm",
        "reduce-mean-to-pool", "gather-to-slice", "fuse-depth-to-space", "einsum-to-matmul",
        "parallel-convs-to-group", "pow-to-mul", "div-to-mul",
    ),
    Stage.FORM: (
        "batchnorm-to-affine", "split-gelu", "gelu-to-tanh", "split-silu", "split-hardswish", "split-hardsigmoid",
        "split-mish", "split-leakyrelu", "selu-to-elu", "split-elu", "split-softplus", "split-softsign",
        "split-layernorm", "layernorm-channel-first", "split-groupnorm", "split-instancenorm", "split-rmsnorm",
        "split-mvn", "split-lrn", "split-lpnorm", "split-reduction", "split-sum", "neg-to-mul", "abs-to-max",
        "linear-to-conv", "gemm-to-matmul", "softmax-last-axis", "attention-scale-first", "finite-mask",
        "where-to-arithmetic", "prelu-to-relu", "int64-to-int32", "pad-every-axis", "pad-to-concat", "pool-ceil-mode",
        "dilation-to-dense", "dilation-to-batch", "frame-signal", "large-kernel-to-sum", "large-pool-to-chain",
        "group-conv-to-split", "concat-conv-to-sum", "conv-transpose-to-depth-to-space", "conv-transpose-crop",
        "stem-to-space-to-depth", "strided-pointwise-to-slice", "conv1d-to-conv2d", "conv3d-to-conv2d",
        "average-pool-padding", "average-pool-to-conv", "global-pool-to-reduce-mean", "resize-plain-nearest",
        "resize-to-conv-transpose", "resize-to-nearest-repeat", "split-heads-first", "high-rank-transpose",
        "transpose-in-steps", "merge-leading-axes", "unroll-loop",
    ),
}  # fmt: skip

NAMES: tuple[str, ...] = tuple(name for names in _ORDER.values() for name in names)


@cache
def rewrite(name: str) -> Rewrite:
    """The rewrite of a name in `NAMES`: the one subclass of `Rewrite` its file defines."""
    module = import_module(f"edgeplan.surgery.rewrites.{name.replace('-', '_')}")
    found = [c for c in vars(module).values() if isinstance(c, type) and getattr(c, "id", None) == name]
    made: Rewrite = found[0]()
    return made


def rewrites(last: Stage = Stage.FORM) -> tuple[Rewrite, ...]:
    """All of them, in order, up to those of the stage `last`: the others are not even loaded."""
    return tuple(rewrite(name) for stage, names in _ORDER.items() if stage <= last for name in names)


def unknown(names: Collection[str]) -> str:
    """What is wrong with names a user gave, with the nearest right one; empty when all are known."""
    from difflib import get_close_matches

    for name in names:
        if name not in NAMES:
            near = get_close_matches(name, NAMES, 1)
            return f"no rewrite is called {name!r}" + (f"; did you mean {near[0]}?" if near else "; see --list")
    return ""
