"""The weights of an ONNX model that schemes are applied to, as runtimes hold them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import onnx_ir as ir

from edgeplan.compression.layers import Layer, layers_of
from edgeplan.surgery.draft import Draft, graphs
from edgeplan.surgery.folding import fold_constants
from edgeplan.surgery.ledger import Ledger
from edgeplan.surgery.rewrites import rewrite
from edgeplan.surgery.sweep import Site, sweep
from edgeplan.surgery.tidy import drop_unused, own_weights

__all__ = ["Weight", "as_run", "weights_of"]

_FOLDS = ("batchnorm-into-conv", "batchnorm-into-linear", "affine-into-conv", "affine-into-linear")
"""What every runtime and converter computes into the weights before it runs them, or quantises them."""


_ROOM = 1 << 12
"""Bytes by which a constant may outweigh what it is computed of in a file that is to be small: shapes are smaller."""


@dataclass(frozen=True, slots=True)
class Weight:
    """A kernel, matrix or table: the `value` in the draft, the `layer` that reads it, and its `name` in the file.

    The name is that of the weight from before what is behind its layer was computed into it. `inside` says that it lies
    in the body of an If, Loop or Scan.
    """

    value: ir.Value
    layer: Layer
    name: str
    inside: bool = False


def as_run(draft: Draft, small: bool = False) -> tuple[Draft, dict[str, str]]:
    """A copy of a model with constants computed and what follows a layer in its weights, as runtimes hold it.

    To be written, it stays `small`: constants are left to be computed that would take more room than what they are
    made of. And, for ops that stand for several now, the names their weights had in the file.
    """
    made = draft.copy()
    own_weights(made)
    folded = fold_constants(made.model, _ROOM) if small else fold_constants(made.model)
    if folded or made.model.ir_version != draft.model.ir_version:
        made.refresh()
    names = {w.layer.op: w.name for w in reversed(weights_of(made))}
    done = sweep(made, [rewrite(name) for name in _FOLDS], Ledger(False))
    for node in made.model.graph.all_nodes():
        node.name = node.name or node.outputs[0].name  # tools tell ops by their names
    if drop_unused(made) or done.sites:
        made.refresh()
    return made, _origins(done.sites, names)


def _origins(sites: Iterable[Site], names: Mapping[str, str]) -> dict[str, str]:
    """The names of weights by the op that reads them now: what a rewrite makes is called as its root was."""
    found: dict[str, str] = {}
    for site in sites:
        old = next((n for op in site.ops if (n := found.get(op, names.get(op)))), None)
        if old is not None:
            found[site.root] = old
    return found


def weights_of(draft: Draft, origins: Mapping[str, str] | None = None) -> list[Weight]:
    """The float weights of contractions, and the tables, of a draft that is fresh: in order, each once."""
    held = {v.name: v for g in graphs(draft.model.graph) for v in g.initializers.values()}
    return [
        Weight(value, layer, (origins or {}).get(layer.op, layer.weight), value.graph is not draft.model.graph)
        for layer in layers_of(draft.graph)
        if layer.role in ("weight", "table") and 0 not in layer.shape
        if (value := held.get(layer.weight)) is not None
    ]
