"""Patterns of small ops that a converter recognises as one op; each family is a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from edgeplan.graph import Graph
from edgeplan.lower.fold import drop_dead
from edgeplan.lower.fuse.activation import fuse_hard_swish, fuse_mish, fuse_swish
from edgeplan.lower.fuse.affine import fuse_affine
from edgeplan.lower.fuse.gelu import fuse_gelu
from edgeplan.lower.fuse.group_norm import fuse_group_norm
from edgeplan.lower.fuse.layer_norm import fuse_layer_norm
from edgeplan.lower.fuse.narrow import NARROW_ENDS, fuse_narrow
from edgeplan.lower.fuse.pattern import Fused, Matcher, apply
from edgeplan.lower.fuse.qdq import QDQ_ENDS, fuse_qdq
from edgeplan.lower.fuse.qdq_builtin import QDQ_BUILTINS, fuse_qdq_builtin
from edgeplan.lower.fuse.rank_six import fuse_rank_six
from edgeplan.lower.fuse.rms_scale import fuse_rms_scale
from edgeplan.lower.fuse.sdpa import fuse_sdpa

__all__ = ["FUSIONS", "fuse"]

Fusion = Callable[[Matcher, int], Fused | None]

ENDS: Mapping[Fusion, frozenset[str]] = {
    fuse_affine: frozenset({"BatchNormalization", "Add", "Mul", "Sub"}),
    fuse_gelu: frozenset({"Mul"}),
    fuse_layer_norm: frozenset({"Div"}),
    fuse_group_norm: frozenset({"InstanceNormalization"}),
    fuse_swish: frozenset({"Mul"}),
    fuse_hard_swish: frozenset({"Mul", "Div"}),
    fuse_mish: frozenset({"Mul"}),
    fuse_qdq: QDQ_ENDS,
    fuse_qdq_builtin: QDQ_BUILTINS,
    fuse_narrow: NARROW_ENDS,
    fuse_rank_six: frozenset({"Reshape"}),
    fuse_rms_scale: frozenset({"Mul"}),
    fuse_sdpa: frozenset({"Attention", "MatMul"}),
}
"""The types of the op at which each pattern is recognised: no other op is looked at."""

FUSIONS: Mapping[str, Fusion] = {
    "affine": fuse_affine,
    "gelu": fuse_gelu,
    "layer-norm": fuse_layer_norm,
    "group-norm": fuse_group_norm,
    "swish": fuse_swish,
    "hard-swish": fuse_hard_swish,
    "mish": fuse_mish,
    "qdq": fuse_qdq,
    "qdq-builtin": fuse_qdq_builtin,
    "narrow": fuse_narrow,
    "rank-six": fuse_rank_six,
    "rms-scale": fuse_rms_scale,
    "sdpa": fuse_sdpa,
}
"""Fusions by the name that a backend's head lists them under, each with its before and after in its docstring."""


def fuse(graph: Graph, names: Sequence[str]) -> Graph:
    """Apply the named fusions in order, each over the whole graph, bodies left as they are."""
    fused = graph
    for fusion in (FUSIONS[name] for name in names):
        fused = apply(fused, fusion, ENDS[fusion])
    return graph if fused is graph else drop_dead(fused)
