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
from edgeplan.lower.fuse.pattern import Fused, Matcher, apply

__all__ = ["COREML", "FOLDED_AFFINE", "fuse"]

Fusion = Callable[[Matcher, int], Fused | None]

ENDS: Mapping[Fusion, frozenset[str]] = {
    fuse_affine: frozenset({"BatchNormalization", "Add", "Mul", "Sub"}),
    fuse_gelu: frozenset({"Mul"}),
    fuse_layer_norm: frozenset({"Div"}),
    fuse_group_norm: frozenset({"InstanceNormalization"}),
    fuse_swish: frozenset({"Mul"}),
    fuse_hard_swish: frozenset({"Mul", "Div"}),
    fuse_mish: frozenset({"Mul"}),
}
"""The types of the op at which each pattern is recognised: no other op is looked at."""

FOLDED_AFFINE: Sequence[Fusion] = (fuse_affine,)
"""What every runtime does: batch norms and constant scales and shifts folded into the convolution before them."""

COREML: Sequence[Fusion] = (
    fuse_affine,
    fuse_gelu,
    fuse_layer_norm,
    fuse_group_norm,
    fuse_swish,
    fuse_hard_swish,
    fuse_mish,
)
"""What a coremltools model of the same network holds: its own passes, and the torch ops an exporter had taken apart.

Source: coremltools `converters/mil/mil/passes/pass_pipeline.py` (fuse_conv_batchnorm, fuse_conv_bias, fuse_conv_scale,
fuse_gelu_exact, fuse_gelu_tanh_approximation, fuse_layernorm_or_instancenorm) and `frontend/torch/ops.py` (silu,
hardswish, mish are single functions there).
"""


def fuse(graph: Graph, fusions: Sequence[Fusion]) -> Graph:
    """Apply the fusions in order, each over the whole graph, bodies left as they are."""
    for fusion in fusions:
        graph = apply(graph, fusion, ENDS[fusion])
    return drop_dead(graph)
