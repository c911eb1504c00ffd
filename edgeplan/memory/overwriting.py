"""Buffers that could be one, where an element-wise op may write its result over an input read for the last time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from edgeplan.graph import Graph, Op
from edgeplan.memory.elementwise import is_elementwise
from edgeplan.memory.lifetimes import Buffer
from edgeplan.memory.pool import Pool
from edgeplan.memory.roots import roots

__all__ = ["joined", "overwritten"]


def overwritten(graph: Graph, pools: Sequence[Pool]) -> dict[str, str]:
    """Buffers, by the value that names them, to the one they could be written over. O(ops)."""
    buffers = {b.value: (pool.name, b) for pool in pools for b in pool.arena.buffers if b.role == "activation"}
    owner = roots(graph, pools)
    fixed = {owner.get(n, n) for n in (*graph.inputs, *graph.outputs)}  # a caller's own memory
    taken: dict[str, str] = {}
    used: set[str] = set()
    for step, op in enumerate(graph.ops):
        made = buffers.get(op.outputs[0]) if op.outputs and is_elementwise(graph, op) else None
        if made is None or made[1].born != step:
            continue
        for name in _same_size(graph, op):
            root = owner.get(name, "")
            if root in fixed or root in used or root not in buffers:
                continue
            pool, source = buffers[root]
            if pool == made[0] and source.dies == step and source.size >= made[1].size:
                taken[made[1].value] = root
                used.add(root)
                break
    return taken


def _same_size(graph: Graph, op: Op) -> list[str]:
    size = graph.values[op.outputs[0]].bytes
    return [n for n in op.inputs if size is not None and graph.values[n].bytes == size and not graph.values[n].const]


def joined(pool: Pool, over: Mapping[str, str]) -> list[Buffer]:
    """The pool's buffers, those written over one another as one that lives from the first to the last."""
    found: list[Buffer] = []
    at: dict[str, int] = {}  # a buffer's value to where what it was joined with stands
    for b in sorted(pool.arena.buffers, key=lambda b: b.born):
        if b.role == "activation" and over.get(b.value) in at:
            slot = at[over[b.value]]
            found[slot] = replace(found[slot], dies=b.dies)
        else:
            slot = len(found)
            found.append(b)
        if b.role == "activation":
            at[b.value] = slot
    return found
