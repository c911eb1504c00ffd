"""Goes over a model with some rewrites until none of them finds anything more to do."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import onnx_ir as ir

from edgeplan.surgery.apply import forget, name_new, put_in
from edgeplan.surgery.draft import Draft, graphs
from edgeplan.surgery.ledger import Ledger
from edgeplan.surgery.looking import bodies, captured, dims
from edgeplan.surgery.proof import Disproof, Proof
from edgeplan.surgery.reading import reads_as_branch
from edgeplan.surgery.region import region
from edgeplan.surgery.rewrite import Context, NearMiss, Replacement, Rewrite

__all__ = ["Miss", "Site", "Swept", "fitting", "sweep"]

_KEPT = "edgeplan.kept"
"""Where it stands in `Node.meta` which rewrites are to leave a node alone."""

_ROUNDS = 30
"""Goes over the model at most: rewrites that undo each other would never end."""


@dataclass(frozen=True, slots=True)
class Site:
    """One place where a rewrite was applied: its root, the ops it stood for, and the proof.

    `kind` is the same for places where the same ops have inputs of the same shapes.
    """

    rewrite: str
    root: str
    ops: tuple[str, ...]
    kind: str
    proof: Proof


@dataclass(frozen=True, slots=True)
class Miss:
    """One place a rewrite looked at and left: why."""

    rewrite: str
    op: str
    reason: str


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep did, and what it left alone."""

    sites: tuple[Site, ...]
    misses: tuple[Miss, ...]


def sweep(draft: Draft, rewrites: Sequence[Rewrite], ledger: Ledger, only: Collection[str] | None = None) -> Swept:
    """Apply rewrites wherever they fit and are proved, in place; with `only`, at roots of these names alone.

    Bodies are gone into. Values a rewrite makes have no shapes inside until `Draft.refresh`.
    """
    by_type: dict[str, list[Rewrite]] = defaultdict(list)
    for one in rewrites:
        for root in sorted(one.roots):
            by_type[root].append(one)
    sites: list[Site] = []
    misses: dict[tuple[str, str], Miss] = {}
    todo = [n for g in graphs(draft.model.graph) for n in g if n.op_type in by_type]
    context = draft.context
    for _ in range(_ROUNDS):
        again: dict[ir.Node, None] = {}
        for node in todo:
            for one in by_type[node.op_type]:
                if node.graph is None or node.domain not in one.domains or (only is not None and node.name not in only):
                    continue
                found = _try(draft, one, node, context, ledger)
                if isinstance(found, Miss):
                    misses[one.id, found.op] = found
                elif found is not None:
                    site, near = found
                    sites.append(site)
                    again.update(dict.fromkeys(n for n in near if n.op_type in by_type))
        todo = [n for n in again if n.graph is not None]
        if not todo:
            break
    done = {s.root for s in sites}
    return Swept(tuple(sites), tuple(m for m in misses.values() if m.op not in done))


def _try(
    draft: Draft, one: Rewrite, node: ir.Node, context: Context, ledger: Ledger
) -> tuple[Site, list[ir.Node]] | Miss | None:
    """Try a rewrite on a node: a site with the nodes worth another look, a miss, or nothing."""
    root = _name(node)
    found = _look(one, node, context)
    if found is None:
        return None
    if isinstance(found, NearMiss):
        return Miss(one.id, root, found.reason)
    if _is_kept(found, one):
        for new in found.new:
            forget(new)
        return None
    name_new(draft, node, found, one.id)
    proof = ledger.prove(lambda: region(found, context.opsets), one.claim)
    if isinstance(proof, Disproof) and not proof.tried and reads_as_branch(found):
        proof = Proof(0, 0.0, False)
    if isinstance(proof, Disproof):
        for new in found.new:
            forget(new)
        return Miss(one.id, root, f"not proved: {proof.reason}")
    ops, kind = tuple(_name(n) for n in found.old), _kind(found.old)
    near = _neighbours(found.old)
    put_in(node, found)
    for new in found.new:
        new.meta[_KEPT] = one.undone_by
    inside = [n for new in found.new for body in bodies(new) for g in graphs(body) for n in g]
    return Site(one.id, root, ops, kind, proof), [*found.new, *inside, *near]


def _look(one: Rewrite, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
    """What a rewrite says of a node; a near miss of one that is not what its operator allows, and trips it."""
    try:
        return one.at(node, context)
    except (ArithmeticError, LookupError, TypeError, ValueError) as e:
        return NearMiss(f"its settings do not fit its inputs ({type(e).__name__})")


def fitting(draft: Draft, one: Rewrite) -> Swept:
    """Where a rewrite would fit as the model stands, unproved, and its near misses. Changes nothing."""
    roots, misses = [], []
    context = draft.context
    for node in [n for g in graphs(draft.model.graph) for n in g if n.op_type in one.roots and n.domain in one.domains]:
        found = _look(one, node, context)
        name = _name(node)
        if isinstance(found, NearMiss):
            misses.append(Miss(one.id, name, found.reason))
        elif found is not None:
            if not _is_kept(found, one):
                ops = tuple(_name(n) for n in found.old)
                roots.append(Site(one.id, name, ops, _kind(found.old), Proof(0, 0.0, False)))
            for new in found.new:
                forget(new)
    return Swept(tuple(roots), tuple(misses))


def _is_kept(found: Replacement, one: Rewrite) -> bool:
    """Whether a rewrite would turn back what another one has made on purpose."""
    return any(one.id in old.meta.get(_KEPT, ()) for old in found.old)


def _name(node: ir.Node) -> str:
    return node.name or node.outputs[0].name or node.op_type


def _kind(nodes: Sequence[ir.Node]) -> str:
    return " ".join(f"{n.op_type}{[dims(v) for v in n.inputs]}" for n in nodes)


def _neighbours(nodes: Sequence[ir.Node]) -> list[ir.Node]:
    """The nodes right before and behind some nodes: what a change there may open a way for."""
    found: dict[ir.Node, None] = {}
    for node in nodes:
        read = (v for v in (*node.inputs, *captured(node)) if v is not None)
        found.update(dict.fromkeys(p for v in read if (p := v.producer()) is not None))
        found.update(dict.fromkeys(reader for out in node.outputs for reader, _ in out.uses()))
    inside = set(nodes)
    return [n for n in found if n not in inside]
