"""Leaves a model as small as it can be without touching a number: constants computed, doubles merged, dead ends cut."""

from __future__ import annotations

from collections.abc import Sequence

from onnx_ir.passes.common import RemoveInitializersFromInputsPass, RemoveUnusedNodesPass

from edgeplan.surgery.doubles import merge_doubles
from edgeplan.surgery.draft import Draft
from edgeplan.surgery.folding import fold_constants
from edgeplan.surgery.ledger import Ledger
from edgeplan.surgery.rewrite import Rewrite
from edgeplan.surgery.sweep import Site, Swept, sweep

__all__ = ["clean", "tidy"]

_ROUNDS = 6


def clean(draft: Draft) -> bool:
    """Fold constants, merge equal weights and equal ops, remove what nothing reads, in place.

    Whether that changed anything.
    """
    changed = fold_constants(draft.model) + merge_doubles(draft.model)
    return RemoveUnusedNodesPass()(draft.model).modified or changed > 0


def tidy(draft: Draft, ledger: Ledger, chosen: Sequence[Rewrite]) -> Swept:
    """Clean, and apply `chosen` rewrites, those that do good anywhere, in place, until nothing is left to do.

    The draft is fresh afterwards, and need not be before.
    """
    if draft.model.ir_version < 4:  # before, weights had to be inputs, too; nobody feeds them
        RemoveInitializersFromInputsPass()(draft.model)
        draft.model.ir_version = 4
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
