"""Small work that a runtime keeps on the host although a unit could do it: what follows from the shapes of tensors.

As ONNX Runtime's CUDA provider picks it (`GetCpuPreferredNodes`, core/framework/fallback_cpu_capability.cc): an op that
reads nothing but what lies on the host already, small constants and inputs of the model.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from heapq import heapify, heappop, heappush

from edgeplan.capability.rows import Host
from edgeplan.graph import Graph, Op

__all__ = ["host_values", "kept_on_host"]


def kept_on_host(graph: Graph, chosen: Sequence[str], unit: str, rule: Host) -> frozenset[int]:
    """The ops, by index, that `unit` was given and that stay on the host."""
    here = {name for i, op in enumerate(graph.ops) if chosen[i] == unit for name in _made(op, rule)}
    waiting = [reader for name in here for reader in graph.consumers.get(name, ())]
    heapify(waiting)
    seen: set[int] = set()
    kept: set[int] = set()
    while waiting:
        at = heappop(waiting)
        if at in seen:
            continue
        seen.add(at)
        op = graph.ops[at]
        if chosen[at] == unit:
            if not _at_hand(graph, op, here, rule):
                continue
            kept.add(at)
        for name in op.outputs:
            here.add(name)
            for reader in graph.consumers.get(name, ()):
                heappush(waiting, reader)
    return frozenset(kept)


def host_values(graph: Graph, units: Sequence[str], unit: str, rule: Host) -> Iterator[tuple[str, str]]:
    """The values that an op of `unit` makes for the host or reads there, each with the unit: they do not cross."""
    for i, op in enumerate(graph.ops):
        if units[i] == unit:
            yield from ((name, unit) for name in _made(op, rule))
            ports = rule.reads.get(op.label, ())
            yield from ((name, unit) for port, name in zip(op.ports, op.inputs, strict=True) if port in ports)


def _made(op: Op, rule: Host) -> Sequence[str]:
    return op.outputs if op.label in rule.makes else ()


def _at_hand(graph: Graph, op: Op, here: Set[str], rule: Host) -> bool:
    """Whether every input is small and constant, the model's own, or on the host and not read there anyway."""
    ports = rule.reads.get(op.label, ())
    for port, name in zip(op.ports, op.inputs, strict=True):
        value = graph.values[name]
        if value.dtype is not None and value.dtype.label in rule.never:
            return False
        if value.const:
            ready = value.elements is not None and value.elements <= rule.small
        else:
            ready = name in graph.inputs or (name in here and port not in ports)
        if not ready:
            return False
    return True
