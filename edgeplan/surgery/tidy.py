"""Leaves a model as small as it can be without touching a number: constants computed, doubles merged, dead ends cut."""

from __future__ import annotations

from collections.abc import Sequence

from onnx_ir.passes.common import RemoveInitializersFromInputsPass, RemoveUnusedNodesPass

from edgeplan.surgery.doubles import merge_doubles
from edgeplan.surgery.draft import Draft, graphs
from edgeplan.surgery.folding import fold_constants
from edgeplan.surgery.ledger import Ledger
from edgeplan.surgery.rewrite import Rewrite
from edgeplan.surgery.sweep import Site, Swept, sweep

__all__ = ["clean", "drop_unused", "own_weights", "tidy"]

_ROUNDS = 6


def clean(draft: Draft) -> bool:
    """Fold constants, merge equal weights and equal ops, remove what nothing reads, in place.

    Whether that changed anything.
    """
    changed = fold_constants(draft.model) + merge_doubles(draft.model)
    return drop_unused(draft) or changed > 0


def drop_unused(draft: Draft) -> bool:
    """Remove ops and weights that nothing reads, those of bodies too, in place; whether there were any."""
    found = RemoveUnusedNodesPass()(draft.model).modified
    for graph in graphs(draft.model.graph):
        own = {*graph.inputs, *graph.outputs}
        for value in [v for v in graph.initializers.values() if not v.uses() and v not in own]:
            del graph.initializers[value.name or ""]
            found = True
    return found


def own_weights(draft: Draft) -> None:
    """Make weights no inputs in an old model, where they had to be both, in place; nobody feeds them."""
    if draft.model.ir_version < 4:
        RemoveInitializersFromInputsPass()(draft.model)
        draft.model.ir_version = 4


def tidy(draft: Draft, ledger: Ledger, chosen: Sequence[Rewrite]) -> Swept:
    """Clean, and apply `chosen` rewrites, those that do good anywhere, in place, until nothing is left to do.

    The draft is fresh afterwards, and need not be before.
    """
    own_weights(draft)
    sites: list[Site] = []
    found = Swept((), ())
    for turn in range(_ROUNDS):
        changed = clean(draft)
        if turn and not changed and not found.sites:
            break
        if changed or not turn:
            draft.refresh()
        found = sweep(draft, chosen, ledger)
        sites += found.sites
        if found.sites:
            draft.refresh()
    return Swept(tuple(sites), found.misses)
