"""The groups of ops that ONNX Runtime hands to an execution provider."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from edgeplan.graph import Graph

__all__ = ["provider_groups"]


def provider_groups(graph: Graph, mine: Sequence[bool]) -> list[tuple[int, ...]]:
    """Groups of the ops that are `mine`, each one node afterwards, ops in order.

    In topological order every op the provider takes joins the group at hand. An op it does not take runs beforehand
    unless it reads from the group: then it waits, and when nothing else is left, the group is closed
    (onnxruntime `core/providers/partitioning_utils.cc`, CreateSupportedPartitionNodeGroups).
    """
    producer = graph.producer
    needs = [{producer[n] for n in graph.reads(op) if n in producer} for op in graph.ops]
    readers: list[list[int]] = [[] for _ in graph.ops]
    for i, before in enumerate(needs):
        for maker in before:
            readers[maker].append(i)
    waits = [len(before) for before in needs]
    ready = deque(i for i, count in enumerate(waits) if count == 0)
    late: deque[int] = deque()
    behind: set[int] = set()
    group: list[int] = []
    groups: list[tuple[int, ...]] = []
    while ready or late:
        if not ready:
            groups += [tuple(sorted(group))] if group else []
            group, behind = [], set()
            ready, late = late, ready
        i = ready.popleft()
        if not mine[i] and i in behind:
            late.append(i)
            continue
        if mine[i]:
            group.append(i)
            behind.update(readers[i])
        for reader in readers[i]:
            waits[reader] -= 1
            if waits[reader] == 0:
                ready.append(reader)
    return [*groups, tuple(sorted(group))] if group else groups
